//! Grants: *what* may be done *where*. Nothing grants nothing.

use std::str::FromStr;

use crate::id::{InvalidId, ProjectId};
use crate::member::Bindings;
use crate::permission::{Permission, PermissionSet};
use crate::profile::Roles;
use crate::resource::{Place, Resource, ResourcePath};

/// Most grants on one key.
pub const GRANTS_MAX: usize = 64;
/// Most permissions in one grant.
pub const GRANT_PERMISSIONS_MAX: usize = 256;

/// The name of a role of the profile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(Box<str>);

impl RoleName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleName {
    type Err = InvalidId;

    fn from_str(raw: &str) -> Result<Self, InvalidId> {
        raw.parse::<ProjectId>().map(|id| Self(id.as_str().into()))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    Permissions(PermissionSet),
    /// What the role holds at the moment of asking.
    Role(RoleName),
    /// What the key's creator may do at the moment of asking, narrowed to these where some are named.
    Inherit(Option<PermissionSet>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant {
    pub right: Right,
    pub resource: Resource,
}

/// What one key may do, in the order it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grants(Box<[Grant]>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a key has at most {GRANTS_MAX} grants")]
pub struct TooManyGrants;

impl Grants {
    pub fn none() -> Self {
        Self::default()
    }

    pub fn parse(grants: Vec<Grant>) -> Result<Self, TooManyGrants> {
        if grants.len() > GRANTS_MAX {
            Err(TooManyGrants)
        } else {
            Ok(Self(grants.into()))
        }
    }

    /// Roles of a member in the words of grants, for comparing; of any number.
    pub fn of_roles(grants: Vec<Grant>) -> Self {
        Self(grants.into())
    }

    pub fn as_slice(&self) -> &[Grant] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a grant rests on the key's creator.
    pub fn has_inherit(&self) -> bool {
        self.0
            .iter()
            .any(|grant| matches!(grant.right, Right::Inherit(_)))
    }

    /// Whether every grant does.
    pub fn all_inherit(&self) -> bool {
        let mut grants = self.0.iter();
        grants.all(|grant| matches!(grant.right, Right::Inherit(_)))
    }

    /// What somebody else than the key's creator hands on by putting these in the place of `before`. What the
    /// creator may do is not theirs to give, so a new grant that inherits counts as all that it could be.
    #[must_use]
    pub fn handed_on_by_another(&self, before: &Self) -> Self {
        let stays =
            |grant: &&Grant| matches!(grant.right, Right::Inherit(_)) && before.0.contains(grant);
        let given = self.0.iter().filter(|grant| !stays(grant));
        let given = given.map(|grant| match &grant.right {
            Right::Inherit(narrowed) => Grant {
                right: Right::Permissions(narrowed.clone().unwrap_or(PermissionSet::All)),
                resource: grant.resource.clone(),
            },
            Right::Permissions(_) | Right::Role(_) => grant.clone(),
        });
        Self(given.collect())
    }

    /// Grants that hold at `resource`, each narrowed to `ceiling` (the key's project) first.
    pub fn at<'a>(
        &'a self,
        resource: &'a Resource,
        ceiling: Option<&'a ResourcePath>,
    ) -> impl Iterator<Item = &'a Grant> {
        self.at_place(resource.place(), ceiling)
    }

    pub(crate) fn at_place<'a>(
        &'a self,
        place: Place<'a>,
        ceiling: Option<&'a ResourcePath>,
    ) -> impl Iterator<Item = &'a Grant> {
        let is_within = place.is_within(ceiling);
        self.0
            .iter()
            .filter(move |grant| is_within && grant.resource.place().covers(place))
    }
}

impl Right {
    /// Whether this right, exercised at `at`, contains a permission.
    pub(crate) fn contains(&self, permission: &Permission, at: Exercise<'_>) -> bool {
        match self {
            Self::Permissions(set) => set.contains(permission),
            Self::Role(name) => at.roles.hold(name, permission),
            Self::Inherit(narrowed) => {
                narrowed.as_ref().is_none_or(|set| set.contains(permission))
                    && at
                        .creator
                        .is_some_and(|it| it.hold(permission, at.place, at.roles))
            }
        }
    }

    /// The words and patterns that this right stands for, as people and products read them.
    pub(crate) fn words(&self, at: Exercise<'_>) -> Vec<String> {
        match self {
            Self::Permissions(PermissionSet::All) => vec!["*".to_owned()],
            Self::Permissions(PermissionSet::Words(words)) => {
                words.iter().map(|word| word.as_str().to_owned()).collect()
            }
            Self::Role(name) => at.roles.words(name),
            Self::Inherit(None | Some(PermissionSet::All)) => at
                .creator
                .map(|it| it.words(at.place, at.roles))
                .unwrap_or_default(),
            Self::Inherit(Some(PermissionSet::Words(words))) => {
                let held = words.iter().filter(|word| self.contains(word, at));
                held.map(|word| word.as_str().to_owned()).collect()
            }
        }
    }
}

/// Where a right is exercised, and what it may rest on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exercise<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) roles: &'a Roles,
    /// The creator's roles; None when nobody stands behind the key any more.
    pub(crate) creator: Option<&'a Bindings>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_at(resource: &str) -> Grant {
        Grant {
            right: Right::Permissions(PermissionSet::of(vec!["read".parse().unwrap()])),
            resource: resource.parse().unwrap(),
        }
    }

    #[test]
    fn grants_are_at_most_sixty_four_and_none_is_a_word_of_its_own() {
        let most = vec![read_at("*"); GRANTS_MAX];
        assert_eq!(
            Grants::parse(most.clone()).unwrap().as_slice().len(),
            GRANTS_MAX
        );
        let more = [most, vec![read_at("*")]].concat();
        assert_eq!(Grants::parse(more), Err(TooManyGrants));
        assert!(Grants::none().is_empty());
        assert_eq!(Grants::parse(Vec::new()), Ok(Grants::none()));
    }

    #[test]
    fn grants_hold_where_they_cover_and_below_the_ceiling_only() {
        let grants = ["*", "project/a", "project/a/flow/f", "project/b"].map(read_at);
        let grants = Grants::parse(grants.into()).unwrap();
        let ceiling = ResourcePath::of_project(&"a".parse().unwrap());
        let at = |resource: &str, ceiling: Option<&ResourcePath>| {
            let resource: Resource = resource.parse().unwrap();
            let held = grants.at(&resource, ceiling);
            let held: Vec<String> = held.map(|it| it.resource.to_string()).collect();
            held.join(" ")
        };
        assert_eq!(at("*", None), "*");
        assert_eq!(at("project/a", None), "* project/a");
        assert_eq!(at("project/a/flow/f", None), "* project/a project/a/flow/f");
        assert_eq!(at("project/b/x", None), "* project/b");
        assert_eq!(at("project/a", Some(&ceiling)), "* project/a");
        for outside in ["*", "project/b", "project/ab"] {
            assert_eq!(at(outside, Some(&ceiling)), "", "{outside}");
        }
    }
}
