//! A code for tokens, at the token endpoint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::byte_serialize;
use keyway_token::secret::Secret;
use serde_json::Value;

use super::Failure;
use super::attempt::Attempt;
use super::discovery::{ClientProof, Discovered};
use super::provider::Provider;
use crate::jwt::strict_json::parse_object;

const ANSWER: &str = "the answer of the token endpoint";

/// What a code was worth. Neither leaves this folder, nor lasts longer than the request.
#[derive(Debug)]
pub(super) struct Tokens {
    pub id_token: Secret,
    pub access_token: Option<Secret>,
}

impl Provider {
    pub(super) async fn exchange(
        &self,
        discovered: &Discovered,
        attempt: &Attempt,
        code: &str,
    ) -> Result<Tokens, Failure> {
        let verifier = attempt.verifier();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &verifier),
        ];
        let header = match (&self.told.client_secret, discovered.client_proof) {
            (Some(secret), ClientProof::Header) => Some(self.basic(secret)),
            (Some(secret), ClientProof::Body) => {
                form.extend([
                    ("client_id", self.told.client_id.as_str()),
                    ("client_secret", secret.expose()),
                ]);
                None
            }
            (None, _) => {
                form.push(("client_id", &self.told.client_id));
                None
            }
        };
        let reply = self
            .outgoing
            .post_form(&discovered.token, &form, header.as_ref());
        let reply = reply.await?;
        match reply.status {
            200 => tokens(&reply.body).ok_or(Failure::Document(ANSWER)),
            status => Err(Failure::CodeRefused(status)),
        }
    }

    /// Both parts are form-encoded before they are joined (RFC 6749 §2.3.1).
    fn basic(&self, secret: &Secret) -> Secret {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!(
            "{}:{}",
            encoded(&self.told.client_id),
            encoded(secret.expose())
        );
        Secret::new(format!("Basic {}", STANDARD.encode(pair)))
    }
}

fn tokens(body: &[u8]) -> Option<Tokens> {
    let answer = parse_object(body)?;
    let text = |name: &str| {
        let text = answer.get(name).and_then(Value::as_str)?;
        Some(Secret::new(text.to_owned()))
    };
    Some(Tokens {
        id_token: text("id_token")?,
        access_token: text("access_token"),
    })
}
