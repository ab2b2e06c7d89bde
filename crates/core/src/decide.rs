//! The only place that answers "may this key do this now?".
//!
//! Every door ends here: verify, batch, forward-auth, compatibility APIs, in-process verifiers.
//! The order of the reasons is a promise: state first, then where the call comes from, then what it
//! reaches for. A fact that a rule needs and the asker did not give denies.

use std::net::IpAddr;

use crate::grant::{Exercise, Grants};
use crate::key::Lifetime;
use crate::member::Bindings;
use crate::network::IpRules;
use crate::permission::Permission;
use crate::profile::Roles;
use crate::rate_limit::Quota;
use crate::resource::{Place, Resource, ResourcePath};
use crate::time::Timestamp;

/// What is wanted of a key.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// All are needed; none asks for state and address rules.
    pub permissions: Vec<Permission>,
    /// Where; absent means the key's own project, else its organization.
    pub resource: Option<Resource>,
    /// Id or external id of the organization that the asker serves.
    pub organization: Option<String>,
    pub environment: Option<String>,
    pub ip: Option<IpAddr>,
}

/// The facts about a key that a decision rests on; borrowed from a record.
#[derive(Clone, Copy, Debug)]
pub struct KeyFacts<'a> {
    pub state: Standing,
    pub lifetime: Lifetime,
    pub is_organization_suspended: bool,
    pub organization: &'a str,
    pub organization_external_id: Option<&'a str>,
    pub environment: &'a str,
    /// `project/ID` of the key's project.
    pub ceiling: Option<&'a ResourcePath>,
    pub grants: &'a Grants,
    pub ip_rules: &'a IpRules,
    pub creator: Creator<'a>,
}

/// Who stands behind a key, as far as it rests on that.
#[derive(Clone, Copy, Debug)]
pub enum Creator<'a> {
    /// The key rests on nobody.
    NotNeeded,
    /// A member, with the roles of this moment.
    Member(&'a Bindings),
    /// The creator is no member, or no more.
    Gone,
}

/// The stored state, as far as a decision cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    Active,
    Inactive,
    Revoked,
}

/// Why not, in the order in which the reasons are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    Missing,
    Malformed,
    /// Unknown digest, or a key that the caller may not see.
    Invalid,
    /// A token of a key, whose own time is over; the key's may not be.
    TokenExpired,
    Revoked,
    Expired,
    Inactive,
    IpNotAllowed,
    EnvironmentMismatch,
    OutOfScope,
    /// Every permission that was asked for and is not held.
    InsufficientPermissions {
        missing: Vec<Permission>,
    },
    /// Told by the limiter, which is asked last: what anything else refuses uses nothing up.
    RateLimited(Quota),
}

/// Every reason's code, in the order in which the reasons are looked for.
pub const REASON_CODES: &[&str] = &[
    "api_key_missing",
    "api_key_malformed",
    "api_key_invalid",
    "access_token_expired",
    "api_key_revoked",
    "api_key_expired",
    "api_key_inactive",
    "ip_not_allowed",
    "environment_mismatch",
    "out_of_scope",
    "insufficient_permissions",
    "rate_limited",
];

impl Reason {
    /// The stable code on the wire.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "api_key_missing",
            Self::Malformed => "api_key_malformed",
            Self::Invalid => "api_key_invalid",
            Self::TokenExpired => "access_token_expired",
            Self::Revoked => "api_key_revoked",
            Self::Expired => "api_key_expired",
            Self::Inactive => "api_key_inactive",
            Self::IpNotAllowed => "ip_not_allowed",
            Self::EnvironmentMismatch => "environment_mismatch",
            Self::OutOfScope => "out_of_scope",
            Self::InsufficientPermissions { .. } => "insufficient_permissions",
            Self::RateLimited(_) => "rate_limited",
        }
    }

    /// What is left, where that is why.
    pub fn quota(&self) -> Option<Quota> {
        match self {
            Self::RateLimited(quota) => Some(*quota),
            _ => None,
        }
    }

    /// Status for who presents the key.
    pub fn http_status(&self) -> u16 {
        match self {
            Self::Missing
            | Self::Malformed
            | Self::Invalid
            | Self::TokenExpired
            | Self::Revoked
            | Self::Expired
            | Self::Inactive => 401,
            Self::IpNotAllowed
            | Self::EnvironmentMismatch
            | Self::OutOfScope
            | Self::InsufficientPermissions { .. } => 403,
            Self::RateLimited(_) => 429,
        }
    }
}

/// Why a verdict cannot be given; 503 with `Retry-After`, never "bad key".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    #[error("the index is still loading")]
    Loading,
    #[error("this server could not confirm that it is the only one on its database")]
    NotConfirmed,
    #[error("the index disagrees with the ledger")]
    Diverged,
    #[error("an entry of the ledger cannot be read by this version of the program")]
    NotUnderstood,
    #[error("the profile in force cannot be read by this version of the program")]
    NoProfile,
}

/// The outcome of a question about a key; `P` is what an allowed key stands for.
#[derive(Clone, Debug)]
pub enum Verdict<P> {
    Allow(P),
    Deny(Reason),
    Undecided(Cause),
}

/// Decides; `Ok` allows.
pub fn decide(key: &KeyFacts<'_>, ask: &Ask, roles: &Roles, now: Timestamp) -> Result<(), Reason> {
    match key.state {
        Standing::Revoked => return Err(Reason::Revoked),
        _ if key.lifetime.has_ended(now) => return Err(Reason::Expired),
        Standing::Inactive => return Err(Reason::Inactive),
        Standing::Active if key.is_organization_suspended => return Err(Reason::Inactive),
        Standing::Active if matches!(key.creator, Creator::Gone) => return Err(Reason::Inactive),
        Standing::Active => {}
    }
    if !key.ip_rules.allow(ask.ip) {
        return Err(Reason::IpNotAllowed);
    }
    if ask
        .environment
        .as_deref()
        .is_some_and(|asked| asked != key.environment)
    {
        return Err(Reason::EnvironmentMismatch);
    }
    if ask
        .organization
        .as_deref()
        .is_some_and(|asked| !key.is_of(asked))
    {
        return Err(Reason::OutOfScope);
    }
    decide_grants(key, ask, roles)
}

fn decide_grants(key: &KeyFacts<'_>, ask: &Ask, roles: &Roles) -> Result<(), Reason> {
    if ask.permissions.is_empty() && ask.resource.is_none() {
        return Ok(());
    }
    let place = key.place_of(ask.resource.as_ref());
    let reaches = key.grants.at_place(place, key.ceiling).next().is_some();
    // A key without grants holds nothing anywhere: what it lacks is the right and not the place.
    let lacks_every_right =
        key.grants.is_empty() && !ask.permissions.is_empty() && place.is_within(key.ceiling);
    if !reaches && !lacks_every_right {
        return Err(Reason::OutOfScope);
    }
    let is_missing = |permission: &&Permission| {
        !key.grants
            .at_place(place, key.ceiling)
            .any(|grant| grant.right.contains(permission, key.exercise(place, roles)))
    };
    let missing: Vec<Permission> = ask.permissions.iter().filter(is_missing).cloned().collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Reason::InsufficientPermissions { missing })
    }
}

impl KeyFacts<'_> {
    fn is_of(&self, organization: &str) -> bool {
        self.organization == organization || self.organization_external_id == Some(organization)
    }

    fn exercise<'b>(&'b self, place: Place<'b>, roles: &'b Roles) -> Exercise<'b> {
        let creator = match self.creator {
            Creator::Member(bindings) => Some(bindings),
            Creator::NotNeeded | Creator::Gone => None,
        };
        Exercise {
            place,
            roles,
            creator,
        }
    }

    /// What was asked for; absent means the key's own.
    fn place_of<'a>(&'a self, asked: Option<&'a Resource>) -> Place<'a> {
        match (asked, self.ceiling) {
            (Some(asked), _) => asked.place(),
            (None, Some(own)) => Place::Path(own),
            (None, None) => Place::All,
        }
    }

    /// The key's project, else everything in its organization.
    pub fn own_resource(&self) -> Resource {
        self.ceiling
            .map_or(Resource::All, |path| Resource::Path(path.clone()))
    }

    /// What the key may do at `resource` (its own when absent): words and role patterns, sorted.
    pub fn permissions_at(&self, resource: Option<&Resource>, roles: &Roles) -> Vec<String> {
        let place = self.place_of(resource);
        let at = self.exercise(place, roles);
        let grants = self.grants.at_place(place, self.ceiling);
        let mut words: Vec<String> = grants.flat_map(|grant| grant.right.words(at)).collect();
        words.sort_unstable();
        words.dedup();
        words
    }
}

#[cfg(test)]
mod tests;
