//! The hot path: from a question in words to the index and back. Free of axum, of the store and of
//! anything that waits. Verify, batch, forward-auth and `whoami` all come through here.

use std::net::IpAddr;

use keyway_api::verify::{Principal, VALID, VerifyAnswer, VerifyKey};
use keyway_core::decide::{Ask, Cause, Reason, Verdict};
use keyway_core::management::Reach;
use keyway_core::permission::Permission;
use keyway_core::profile::Profile;
use keyway_index::verify::{Answer, Found, Presented, Spend};

use crate::answer::wire;
use crate::app::App;
use crate::quota;
use crate::request::fields::Faults;

/// Most permissions in one question.
pub(crate) const ASKED_PERMISSIONS_MAX: usize = 256;
/// Longest organization or environment in a question, in characters.
const ASKED_CHARS_MAX: usize = 253;

/// What is asked, as words; absent parts ask nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Words<'a> {
    pub permissions: &'a [String],
    pub resource: Option<&'a str>,
    pub organization: Option<&'a str>,
    pub environment: Option<&'a str>,
    pub ip: Option<&'a str>,
}

/// Reads a question; faults stand at `at` and the field's name.
pub(crate) fn read_ask(faults: &mut Faults, at: &str, words: Words<'_>) -> Ask {
    let mut permissions = Vec::with_capacity(words.permissions.len());
    if words.permissions.len() > ASKED_PERMISSIONS_MAX {
        faults.add(
            format!("{at}permissions"),
            format!("at most {ASKED_PERMISSIONS_MAX} permissions"),
        );
    } else {
        for (place, word) in words.permissions.iter().enumerate() {
            match word.parse::<Permission>() {
                Ok(permission) => permissions.push(permission),
                Err(fault) => faults.add(format!("{at}permissions/{place}"), fault.to_string()),
            }
        }
    }
    // A pointer is put together for what is there: most questions have neither.
    let resource = words
        .resource
        .and_then(|it| faults.take(format!("{at}resource"), it.parse()));
    let ip: Option<IpAddr> = words
        .ip
        .and_then(|it| faults.take(format!("{at}ip"), it.parse()));
    let mut label = |name: &str, it: Option<&str>| {
        let it = it?;
        if it.is_empty() || it.chars().count() > ASKED_CHARS_MAX {
            faults.add(
                format!("{at}{name}"),
                format!("1 to {ASKED_CHARS_MAX} characters"),
            );
            return None;
        }
        Some(it.to_owned())
    };
    let organization = label("organization", words.organization);
    let environment = label("environment", words.environment);
    Ask {
        permissions,
        resource,
        organization,
        environment,
        ip,
    }
}

impl App {
    /// Decides about a use of a key, counts and measures.
    pub(crate) fn verify<T>(
        &self,
        unverified_secret: &str,
        reach: &Reach,
        ask: &Ask,
        read: impl FnOnce(&Found<'_>) -> T,
    ) -> Answer<T> {
        let spend = Spend::One(self.clock.uptime());
        self.question(unverified_secret, reach, ask, spend, read)
    }

    /// The same about a key that is only looked at: its rate limit counts nothing.
    pub(crate) fn verify_unused<T>(
        &self,
        unverified_secret: &str,
        reach: &Reach,
        ask: &Ask,
        read: impl FnOnce(&Found<'_>) -> T,
    ) -> Answer<T> {
        self.question(unverified_secret, reach, ask, Spend::Nothing, read)
    }

    fn question<T>(
        &self,
        unverified_secret: &str,
        reach: &Reach,
        ask: &Ask,
        spend: Spend,
        read: impl FnOnce(&Found<'_>) -> T,
    ) -> Answer<T> {
        let began = self.clock.elapsed_seconds();
        let presented = Presented {
            unverified_secret,
            reach,
            ask,
            now: self.clock.now(),
            spend,
        };
        let answer = self.decide(presented, read);
        let seconds = self.clock.elapsed_seconds() - began;
        match &answer.verdict {
            Verdict::Allow(()) => self.telemetry.verified(None, seconds),
            Verdict::Deny(reason) => self.telemetry.verified(Some(reason.code()), seconds),
            Verdict::Undecided(_) => self.telemetry.undecided(),
        }
        answer
    }

    /// The same in wire types.
    pub(crate) fn answer_verify(
        &self,
        it: &VerifyKey,
        reach: &Reach,
        ask: &Ask,
        profile: &Profile,
    ) -> Result<VerifyAnswer, Cause> {
        let answer = self.verify(it.secret.expose(), reach, ask, principal);
        let wait = match &answer.verdict {
            Verdict::Deny(reason) => reason.quota(),
            Verdict::Allow(()) | Verdict::Undecided(_) => None,
        };
        let (code, status, missing) = match answer.verdict {
            Verdict::Undecided(cause) => return Err(cause),
            Verdict::Allow(()) => (VALID, 200, Vec::new()),
            Verdict::Deny(reason) => {
                let status = status_of(&reason, profile);
                (reason.code(), status, missing_of(reason))
            }
        };
        Ok(VerifyAnswer {
            valid: code == VALID,
            code: code.to_owned(),
            http_status: status,
            missing_permissions: missing,
            key: answer.key,
            quota: answer.quota.as_ref().map(quota::wire),
            retry_after_seconds: wait.map(|it| quota::retry_after_seconds(&it, profile)),
        })
    }
}

pub(crate) fn words_of(it: &VerifyKey) -> Words<'_> {
    Words {
        permissions: &it.permissions,
        resource: it.resource.as_deref(),
        organization: it.organization.as_deref(),
        environment: it.environment.as_deref(),
        ip: it.ip.as_deref(),
    }
}

/// What an allowed key stands for.
pub(crate) fn principal(found: &Found<'_>) -> Principal {
    let organization = found.organization();
    let texts = found.texts();
    Principal {
        id: texts.id.to_owned(),
        organization: organization.id.to_string(),
        organization_external_id: organization
            .external_id
            .as_ref()
            .map(|it| it.as_str().to_owned()),
        project: found.project().map(str::to_owned),
        environment: found.environment().to_owned(),
        name: texts.name.to_owned(),
        suffix: texts.suffix.to_owned(),
        owner: texts.owner().map(str::to_owned),
        permissions: found.permissions(),
        metadata: texts.metadata().map(wire::metadata).unwrap_or_default(),
        expires_at: wire::lifetime(found.lifetime()),
    }
}

/// The status for who presents the key: the profile's, where it has one of its own.
pub(crate) fn status_of(reason: &Reason, profile: &Profile) -> u16 {
    profile
        .codes
        .get(reason.code())
        .map_or_else(|| reason.http_status(), |it| it.status)
}

/// The reason in the product's own words.
pub(crate) fn product_code<'a>(reason: &Reason, profile: &'a Profile) -> &'a str {
    profile
        .codes
        .get(reason.code())
        .map_or_else(|| reason.code(), |it| &it.code)
}

pub(crate) fn missing_of(reason: Reason) -> Vec<String> {
    match reason {
        Reason::InsufficientPermissions { missing } => {
            missing.iter().map(ToString::to_string).collect()
        }
        Reason::Missing
        | Reason::Malformed
        | Reason::Invalid
        | Reason::TokenExpired
        | Reason::Revoked
        | Reason::Expired
        | Reason::Inactive
        | Reason::IpNotAllowed
        | Reason::EnvironmentMismatch
        | Reason::OutOfScope
        | Reason::RateLimited(_) => Vec::new(),
    }
}
