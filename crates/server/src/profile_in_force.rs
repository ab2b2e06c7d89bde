//! The profile that the ledger says is in force, read once when it arrives.

use keyway_core::profile::Profile;
use keyway_core::profile::parse::InvalidProfile;
use keyway_index::policy::Policy;
use keyway_store::profile::{InForce, ProfileRow};

#[derive(Clone, Debug)]
pub(crate) struct ProfileInForce {
    pub row: ProfileRow,
    pub profile: Profile,
}

/// A stored profile that this program cannot read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnusableProfile {
    #[error("the profile in force cannot be read: {0}")]
    Invalid(#[from] InvalidProfile),
    #[error("the profile in force has no usable key format: {0}")]
    Shape(#[from] keyway_token::shape::InvalidShape),
}

impl ProfileInForce {
    /// The profile of a row, and the part of it that the index needs.
    pub(crate) fn read(row: ProfileRow) -> Result<(Self, Policy), UnusableProfile> {
        let profile = Profile::parse(&row.toml)?;
        let policy = Policy::of(&profile)?;
        Ok((Self { row, profile }, policy))
    }

    /// What a change was checked against.
    pub(crate) fn token(&self) -> InForce {
        InForce {
            profile_version: self.row.version,
            active_keys_per_project: self.profile.limits.active_keys_per_project,
        }
    }
}
