//! From a token to the key that it names, without any look-up outside of memory.

use keyway_core::decide::{Ask, Reason};
use keyway_core::id::KeyId;
use keyway_core::management::Reach;
use keyway_core::profile::tokens::TokenRules;
use keyway_core::time::Timestamp;
use keyway_index::verify::{Answer, Found, Presented};

use super::KIND;
use super::claims::{audience, issuer};
use crate::app::App;
use crate::jwt::InvalidToken;
use crate::jwt::token::{UnverifiedToken, is_token_shape};

impl App {
    /// Decides about a key that is presented as its string, or as a token that it was exchanged for.
    pub(crate) fn decide<T>(
        &self,
        presented: Presented<'_>,
        read: impl FnOnce(&Found<'_>) -> T,
    ) -> Answer<T> {
        let in_force = self.profile.load();
        let rules = in_force.as_ref().and_then(|it| it.profile.tokens.as_ref());
        let unverified = presented.unverified_secret;
        let Some(rules) = rules.filter(|_| is_token_shape(unverified)) else {
            return self.index.verify(presented, read);
        };
        // Before the index has loaded there are no signing keys either; that is no answer.
        if let Some(cause) = self.index.doubt() {
            return Answer::undecided(cause);
        }
        match self.prove(unverified, rules, presented.now) {
            Ok(id) => self.index.verify_proved(&id, presented, read),
            Err(reason) => Answer::deny(reason),
        }
    }

    fn prove(&self, unverified: &str, rules: &TokenRules, now: Timestamp) -> Result<KeyId, Reason> {
        let token = UnverifiedToken::parse(unverified).map_err(|_| Reason::Malformed)?;
        let named = token.key_name().unwrap_or_default();
        let key = self.key_ring.find(named, rules.lifetime, now);
        let key = key.ok_or(Reason::Invalid)?;
        let claims = token.prove(&key.verifying, &[KIND]);
        let claims = claims.map_err(|_| Reason::Invalid)?;
        let issuer = issuer(rules, &self.public_url);
        let audience = audience(rules, &self.public_url);
        claims
            .hold(&issuer, &audience, now)
            .map_err(|fault| match fault {
                InvalidToken::Expired => Reason::TokenExpired,
                _ => Reason::Invalid,
            })?;
        let id = claims.text("sub").map_err(|_| Reason::Invalid)?;
        id.parse().map_err(|_| Reason::Invalid)
    }
}

/// Asks for the state of a key and from where it may be used, and for nothing more.
pub(crate) fn state_ask(address: Option<std::net::IpAddr>) -> Ask {
    Ask {
        ip: address,
        ..Ask::default()
    }
}

/// Keys of every organization: whoever holds the secret may know of its key.
pub(crate) const EVERYWHERE: &Reach = &Reach::All;
