//! The profile that the ledger says is in force, read once when it arrives.

use keyway_core::management::ManagementPermission;
use keyway_core::profile::Profile;
use keyway_core::profile::parse::InvalidProfile;
use keyway_index::policy::Policy;
use keyway_store::members::Administrators;
use keyway_store::profile::{InForce, ProfileRow};
use keyway_token::redact::Redactor;

/// Signed tokens, ours and others'.
const TOKEN_PATTERN: &str = r"eyJ[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+";

#[derive(Clone, Debug)]
pub(crate) struct ProfileInForce {
    pub row: ProfileRow,
    pub profile: Profile,
    /// Finds this product's keys in text that a caller sent.
    pub redactor: Redactor,
}

/// A stored profile that this program cannot read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnusableProfile {
    #[error("the profile in force cannot be read: {0}")]
    Invalid(#[from] InvalidProfile),
    #[error("the profile in force has no usable key format: {0}")]
    Shape(#[from] keyway_token::shape::InvalidShape),
    #[error("its keys cannot be found in text: {0}")]
    Redactor(#[from] keyway_token::redact::InvalidPattern),
}

impl ProfileInForce {
    /// The profile of a row, and the part of it that the index needs.
    pub(crate) fn read(row: ProfileRow) -> Result<(Self, Policy), UnusableProfile> {
        let profile = Profile::parse(&row.toml)?;
        let policy = Policy::of(&profile)?;
        let in_force = Self {
            redactor: Redactor::new(&[&key_pattern(&profile), TOKEN_PATTERN])?,
            row,
            profile,
        };
        Ok((in_force, policy))
    }

    /// Whom an organization must not be left without.
    pub(crate) fn administrators(&self) -> Administrators {
        let roles = &self.profile.roles;
        let names = roles.iter().map(|(name, _)| name);
        let manage = names.filter(|it| roles.manage(it, ManagementPermission::MembersUpdate));
        Administrators {
            roles: manage.cloned().collect(),
            in_force: self.token(),
        }
    }

    /// What a change was checked against.
    pub(crate) fn token(&self) -> InForce {
        InForce {
            profile_version: self.row.version,
            active_keys_per_project: self.profile.limits.active_keys_per_project,
            keys_per_organization: self.profile.limits.keys_per_organization,
        }
    }
}

/// A regular expression that finds the keys of a profile.
pub(crate) fn key_pattern(profile: &Profile) -> String {
    let format = &profile.key;
    let environments: Vec<&str> = format.environments.iter().map(String::as_str).collect();
    format.template.regex(&environments)
}
