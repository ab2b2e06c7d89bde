//! Where roles may be given to keys, under a profile that wants one at each place.

use super::Profile;
use crate::grant::{Grant, Right};
use crate::resource::Resource;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    #[error("a key has roles alone")]
    NoRole,
    #[error("the role cannot be given there")]
    WrongPlace,
    /// Another role takes the place of the one before, so that two are never meant.
    #[error("a key has one role at each place")]
    Second,
}

impl Misplaced {
    /// For people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::NoRole => "Choose a role: a key has roles and nothing else.",
            Self::WrongPlace => "This role cannot be given there.",
            Self::Second => "A key has one role there already.",
        }
    }
}

impl Profile {
    /// What the profile does not let stand among a key's grants.
    pub fn misplaced(&self, grants: &[Grant]) -> Vec<(usize, Misplaced)> {
        if !self.grants.has_one_role_per_place {
            return Vec::new();
        }
        let faults = grants.iter().enumerate().filter_map(|(position, it)| {
            let earlier = grants.iter().take(position);
            let fault = self.fault_of(it, earlier)?;
            Some((position, fault))
        });
        faults.collect()
    }

    fn fault_of<'g>(
        &self,
        it: &Grant,
        mut earlier: impl Iterator<Item = &'g Grant>,
    ) -> Option<Misplaced> {
        let Right::Role(role) = &it.right else {
            return Some(Misplaced::NoRole);
        };
        let fits = self
            .roles
            .find(role)
            .is_some_and(|role| match &it.resource {
                Resource::All => role.is_for_organization,
                Resource::Path(path) => role.is_for_project && !path.is_inside_project(),
            });
        if !fits {
            return Some(Misplaced::WrongPlace);
        }
        let is_second = earlier.any(|other| other.resource == it.resource);
        is_second.then_some(Misplaced::Second)
    }
}
