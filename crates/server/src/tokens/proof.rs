//! From a token to the key that it names, without any look-up outside of memory.

use keyway_core::decide::{Ask, Cause, Reason};
use keyway_core::id::KeyId;
use keyway_core::management::Reach;
use keyway_core::profile::tokens::TokenRules;
use keyway_core::time::Timestamp;
use keyway_index::verify::{Answer, Found, Presented};

use super::KIND;
use super::claims::{audience, issuer};
use super::key_ring::Named;
use super::opened::OpenedKey;
use crate::app::App;
use crate::jwt::InvalidToken;
use crate::jwt::token::UnverifiedToken;

/// Why a token stands for no key.
enum Unproved {
    Denied(Reason),
    Undecided(Cause),
}

impl App {
    /// Decides about a key that is presented as its string, or as a token that it was exchanged for.
    pub(crate) fn decide<T>(
        &self,
        presented: Presented<'_>,
        read: impl FnOnce(&Found<'_>) -> T,
    ) -> Answer<T> {
        let in_force = self.profile.load();
        let rules = in_force.as_ref().and_then(|it| it.profile.tokens.as_ref());
        // An imported key may look like a token too, so what cannot be read as one may be that.
        let token = UnverifiedToken::parse(presented.unverified_secret).ok();
        let (Some(rules), Some(token)) = (rules, token) else {
            return self.index.verify(presented, read);
        };
        // Before the index has loaded there are no signing keys either; that is no answer.
        if let Some(cause) = self.index.doubt() {
            return Answer::undecided(cause);
        }
        match self.prove(token, rules, presented.now) {
            Ok(id) => self.index.verify_proved(&id, presented, read),
            Err(Unproved::Denied(reason)) => Answer::deny(reason),
            Err(Unproved::Undecided(cause)) => Answer::undecided(cause),
        }
    }

    fn prove(
        &self,
        token: UnverifiedToken<'_>,
        rules: &TokenRules,
        now: Timestamp,
    ) -> Result<KeyId, Unproved> {
        let named = token.key_name().unwrap_or_default();
        let key = match self.key_ring.find(named, rules.lifetime, now) {
            Named::Opened(key) => key,
            Named::Unopened => return Err(Unproved::Undecided(Cause::NotUnderstood)),
            Named::Unknown => return Err(Unproved::Denied(Reason::Invalid)),
        };
        let id = self.subject_of_token(token, &key, rules, now);
        id.map_err(|fault| match fault {
            InvalidToken::Expired => Unproved::Denied(Reason::TokenExpired),
            _ => Unproved::Denied(Reason::Invalid),
        })
    }

    fn subject_of_token(
        &self,
        token: UnverifiedToken<'_>,
        key: &OpenedKey,
        rules: &TokenRules,
        now: Timestamp,
    ) -> Result<KeyId, InvalidToken> {
        let claims = token.prove(&key.verifying, &[KIND])?;
        let issuer = issuer(rules, &self.public_url);
        claims.hold(&issuer, &audience(rules, &self.public_url), now)?;
        let id = claims.text("sub")?.parse();
        id.map_err(|_| InvalidToken::Malformed)
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
