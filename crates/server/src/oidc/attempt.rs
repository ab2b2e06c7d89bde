//! One try to sign in, from leaving for the provider to coming back.
//!
//! Everything that binds the two ends comes from one secret that only this browser has, in a cookie:
//! the state, which proves that whoever comes back is who left; the nonce, which proves that the ID token
//! was made for this try; and the verifier of PKCE, which makes a stolen code useless. Each is a keyed
//! hash of the secret, so none leads to another, and the server keeps nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyway_core::time::Span;
use keyway_token::base62::draw_id;
use ring::{digest, hmac};
use subtle::ConstantTimeEq as _;

use crate::app::App;

/// How long somebody may stay at the provider.
pub(crate) const SPAN: Span = Span::from_secs(10 * 60);
/// 43 base62 characters are 256 bits.
const SECRET_CHARS: usize = 43;

#[derive(Debug)]
pub(crate) struct Attempt {
    secret: String,
    /// Where to go afterwards, on this server; unverified when it comes back.
    pub next: String,
}

impl Attempt {
    pub(crate) fn draw(app: &App, next: &str) -> Self {
        Self {
            secret: draw_id(SECRET_CHARS, app.entropy.lock().as_mut()),
            next: next.to_owned(),
        }
    }

    /// What the cookie holds.
    pub(crate) fn to_text(&self) -> String {
        format!("{}.{}", self.secret, URL_SAFE_NO_PAD.encode(&self.next))
    }

    pub(crate) fn parse(unverified: &str) -> Option<Self> {
        let (secret, next) = unverified.split_once('.')?;
        let next = URL_SAFE_NO_PAD.decode(next).ok()?;
        (secret.len() == SECRET_CHARS).then_some(())?;
        Some(Self {
            secret: secret.to_owned(),
            next: String::from_utf8(next).ok()?,
        })
    }

    pub(crate) fn state(&self) -> String {
        self.derive("state")
    }

    pub(crate) fn nonce(&self) -> String {
        self.derive("nonce")
    }

    /// `code_verifier`
    pub(crate) fn verifier(&self) -> String {
        self.derive("verifier")
    }

    /// `code_challenge`, by S256.
    pub(crate) fn challenge(&self) -> String {
        let hash = digest::digest(&digest::SHA256, self.verifier().as_bytes());
        URL_SAFE_NO_PAD.encode(hash)
    }

    /// Whether this browser is the one that left with `state`.
    pub(crate) fn is_of_state(&self, state: &str) -> bool {
        is_same(&self.state(), state)
    }

    pub(crate) fn is_of_nonce(&self, nonce: &str) -> bool {
        is_same(&self.nonce(), nonce)
    }

    fn derive(&self, purpose: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        URL_SAFE_NO_PAD.encode(hmac::sign(&key, purpose.as_bytes()))
    }
}

fn is_same(own: &str, given: &str) -> bool {
    own.as_bytes().ct_eq(given.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(secret: char) -> Attempt {
        Attempt {
            secret: secret.to_string().repeat(SECRET_CHARS),
            next: "/keys?q=a b".to_owned(),
        }
    }

    #[test]
    fn what_comes_back_from_the_cookie_is_what_left() {
        let left = attempt('a');
        let back = Attempt::parse(&left.to_text()).unwrap();
        assert_eq!(back.next, left.next);
        assert!(back.is_of_state(&left.state()));
        assert!(back.is_of_nonce(&left.nonce()));
        assert_eq!(back.challenge(), left.challenge());
        for bad in [
            "",
            ".",
            "short.a",
            &left.secret,
            &format!("{}.%%", left.secret),
        ] {
            assert!(Attempt::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn no_value_leads_to_another_or_to_another_browser() {
        let (own, other) = (attempt('a'), attempt('b'));
        let values = [
            own.state(),
            own.nonce(),
            own.verifier(),
            own.challenge(),
            other.state(),
        ];
        let different: std::collections::BTreeSet<&String> = values.iter().collect();
        assert_eq!(different.len(), values.len());
        assert!(!own.is_of_state(&other.state()));
        assert!(!own.is_of_state(&own.nonce()));
        assert!(!own.is_of_state(""));
        // RFC 7636 §4.1
        assert_eq!(own.verifier().len(), 43);
    }
}
