//! From tokens to a verified address. The ID token says who signed in, and that it was this try of this
//! browser; the address may stand in it or, as the standard has it, with the user info alone.

use keyway_core::text::Email;
use keyway_token::secret::Secret;
use serde_json::{Map, Value};

use super::Failure;
use super::attempt::Attempt;
use super::discovery::Discovered;
use super::exchange::Tokens;
use super::provider::Provider;
use crate::clock::Clock;
use crate::jwt::InvalidToken;
use crate::jwt::claims::Claims;
use crate::jwt::strict_json::parse_object;
use crate::jwt::token::UnverifiedToken;

/// An access token (`at+jwt`) or a logout token proves no sign-in.
const KINDS: &[&str] = &["jwt"];

impl Provider {
    pub(super) async fn identify(
        &self,
        discovered: &Discovered,
        attempt: &Attempt,
        tokens: &Tokens,
        clock: &dyn Clock,
    ) -> Result<Email, Failure> {
        let id_token = UnverifiedToken::parse(tokens.id_token.expose())?;
        let keys = discovered.keys.of_token(&id_token, clock).await?;
        let claims = id_token.prove(&keys, KINDS)?;
        self.is_for_us(&claims, clock)?;
        if !claims.text("nonce").is_ok_and(|it| attempt.is_of_nonce(it)) {
            return Err(Failure::OtherNonce);
        }
        if claims.find("email").is_some() {
            return verified(|name| claims.find(name));
        }
        let subject = claims.text("sub")?;
        let info = self.user_info(discovered, tokens).await?;
        if info.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(Failure::OtherSubject);
        }
        verified(|name| info.get(name))
    }

    /// OIDC Core §3.1.3.7.
    fn is_for_us(&self, claims: &Claims, clock: &dyn Clock) -> Result<(), InvalidToken> {
        let client = self.told.client_id.as_str();
        claims.hold(&self.told.issuer, client, clock.now())?;
        let no_time = InvalidToken::Claim("iat");
        claims.seconds("iat")?.ok_or(no_time)?;
        match claims.find("azp") {
            Some(party) if party == client => Ok(()),
            None if claims.audience()?.len() == 1 => Ok(()),
            Some(_) | None => Err(InvalidToken::Audience),
        }
    }

    async fn user_info(
        &self,
        discovered: &Discovered,
        tokens: &Tokens,
    ) -> Result<Map<String, Value>, Failure> {
        let (Some(address), Some(token)) = (&discovered.user_info, &tokens.access_token) else {
            return Err(Failure::NotVerified);
        };
        let bearer = Secret::new(format!("Bearer {}", token.expose()));
        let body = self.outgoing.fetch(address, Some(&bearer)).await?;
        parse_object(&body).ok_or(Failure::Document("the user info"))
    }
}

/// Only `true` counts: a provider that says nothing about an address, or says it in another type, has
/// not vouched for it.
fn verified<'c>(claim: impl Fn(&str) -> Option<&'c Value>) -> Result<Email, Failure> {
    let is_verified = claim("email_verified") == Some(&Value::Bool(true));
    let email = claim("email").and_then(Value::as_str);
    let email = email.and_then(|it| it.parse().ok());
    email.filter(|_| is_verified).ok_or(Failure::NotVerified)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_an_address_that_is_truly_verified_counts() {
        let of = |claims: Value| verified(|name| claims.get(name)).is_ok();
        assert!(of(
            json!({"email": "mara@example.com", "email_verified": true})
        ));
        for claims in [
            json!({"email": "mara@example.com"}),
            json!({"email": "mara@example.com", "email_verified": false}),
            json!({"email": "mara@example.com", "email_verified": "true"}),
            json!({"email": "mara@example.com", "email_verified": 1}),
            json!({"email": "mara", "email_verified": true}),
            json!({"email": ["mara@example.com"], "email_verified": true}),
            json!({"email_verified": true}),
        ] {
            assert!(!of(claims.clone()), "{claims}");
        }
    }
}
