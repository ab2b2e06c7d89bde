//! A client id and a client secret for a token (RFC 6749 section 4.4).

use std::net::IpAddr;

use keyway_core::decide::{Cause, Reason, Verdict};
use keyway_core::profile::tokens::TokenRules;
use keyway_index::verify::{Presented, Spend};
use keyway_token::base62::draw_id;
use keyway_token::secret::Secret;

use super::basic::ClientCredentials;
use super::claims::{Issuing, Subject};
use super::proof::{EVERYWHERE, state_ask};
use crate::answer::problem::Problem;
use crate::app::App;

/// Characters of `jti`.
const TOKEN_ID_CHARS: usize = 20;

#[derive(Debug)]
pub(crate) struct Exchanged {
    pub token: Secret,
    /// Of the key.
    pub organization: String,
    /// In seconds since the epoch.
    pub ends_at: i64,
    pub lives_seconds: i64,
}

/// Why there is no token.
#[derive(Debug)]
pub(crate) enum NoToken {
    /// The profile in force issues none.
    NotOffered,
    /// Strangers knocked too often.
    TooMany(Problem),
    Denied(Reason),
    Undecided(Cause),
    /// Every signing key was revoked, or none was made yet.
    NoSigner,
}

impl App {
    /// The key decides: a token is had where the key itself would be let through.
    pub(crate) fn exchange(
        &self,
        client: &ClientCredentials,
        address: Option<IpAddr>,
    ) -> Result<Exchanged, NoToken> {
        let in_force = self.profile.load();
        let in_force = in_force.as_ref();
        let profile = &in_force
            .ok_or(NoToken::Undecided(Cause::NoProfile))?
            .profile;
        let rules = profile.tokens.as_ref().ok_or(NoToken::NotOffered)?;
        self.exchanges
            .knock(address, self.clock.as_ref())
            .map_err(NoToken::TooMany)?;
        let subject = self.subject_of(client, address)?;
        self.issue(rules, &subject)
    }

    fn subject_of(
        &self,
        client: &ClientCredentials,
        address: Option<IpAddr>,
    ) -> Result<Subject, NoToken> {
        let ask = state_ask(address);
        let presented = Presented {
            unverified_secret: client.secret.expose(),
            reach: EVERYWHERE,
            ask: &ask,
            now: self.clock.now(),
            // Its token will be used; to ask for one is no use.
            spend: Spend::Nothing,
        };
        let answer = self.index.verify_client(&client.id, presented, Subject::of);
        match (answer.verdict, answer.key) {
            (Verdict::Allow(()), Some(subject)) => Ok(subject),
            (Verdict::Allow(()), None) => Err(NoToken::Denied(Reason::Invalid)),
            (Verdict::Deny(reason), _) => Err(NoToken::Denied(reason)),
            (Verdict::Undecided(cause), _) => Err(NoToken::Undecided(cause)),
        }
    }

    fn issue(&self, rules: &TokenRules, subject: &Subject) -> Result<Exchanged, NoToken> {
        let now = self.clock.now();
        let signer = self.key_ring.signer(now).ok_or(NoToken::NoSigner)?;
        let token_id = draw_id(TOKEN_ID_CHARS, self.entropy.lock().as_mut());
        let issuing = Issuing {
            rules,
            public_url: &self.public_url,
            token_id: &token_id,
            now,
        };
        let token = signer.sign(&issuing.claims(subject));
        let ends_at = issuing.ends_at(subject);
        Ok(Exchanged {
            token: Secret::new(token.map_err(|_| NoToken::NoSigner)?),
            organization: subject.organization.clone(),
            ends_at,
            lives_seconds: ends_at - now.micros().div_euclid(1_000_000),
        })
    }
}
