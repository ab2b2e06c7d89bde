//! What many keys have in common, held once.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};
use keyway_core::decide::Standing;
use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::id::ProjectId;
use keyway_core::key::{Key, KeyState, Lifetime};
use keyway_core::network::IpRules;
use keyway_core::permission::{Permission, PermissionSet};
use keyway_core::rate_limit::RateLimit;
use keyway_core::resource::ResourcePath;

/// Entries that nobody holds any more are looked for when this many are there, then at each doubling.
const PURGE_AT_MIN: usize = 1_024;

/// Where and what a key may, and whether it stands, without who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The number of the key's organization.
    pub(crate) organization: u32,
    pub(crate) standing: Standing,
    /// Whether the key has an end; the record knows which.
    pub(crate) has_end: bool,
    pub project: Option<ProjectId>,
    /// The project as a path, above which no grant reaches.
    pub ceiling: Option<ResourcePath>,
    pub environment: Box<str>,
    /// Shared by projects too, most of which grant the same.
    pub grants: Arc<Grants>,
    pub ip_rules: IpRules,
    pub(crate) rate_limit: Option<RateLimit>,
    /// The number of the member who made the key; None when no member did.
    pub(crate) creator: Option<u32>,
    /// Whether a grant rests on that member.
    pub(crate) has_inherit: bool,
}

/// The same on loan: what makes two accesses equal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Likeness<'a> {
    organization: u32,
    standing: Standing,
    has_end: bool,
    project: Option<&'a ProjectId>,
    environment: &'a str,
    grants: &'a Grants,
    ip_rules: &'a IpRules,
    rate_limit: Option<RateLimit>,
    creator: Option<u32>,
}

impl<'a> Likeness<'a> {
    fn of(key: &'a Key, organization: u32, creator: Option<u32>) -> Self {
        Self {
            organization,
            standing: standing(&key.state),
            has_end: key.lifetime != Lifetime::Forever,
            project: key.project.as_ref(),
            environment: &key.environment,
            grants: &key.grants,
            ip_rules: &key.ip_rules,
            rate_limit: key.rate_limit,
            creator,
        }
    }

    fn in_access(access: &'a Access) -> Self {
        Self {
            organization: access.organization,
            standing: access.standing,
            has_end: access.has_end,
            project: access.project.as_ref(),
            environment: &access.environment,
            grants: &access.grants,
            ip_rules: &access.ip_rules,
            rate_limit: access.rate_limit,
            creator: access.creator,
        }
    }
}

fn standing(state: &KeyState) -> Standing {
    match state {
        KeyState::Active => Standing::Active,
        KeyState::Inactive { .. } => Standing::Inactive,
        KeyState::Revoked(_) | KeyState::Deleted { .. } => Standing::Revoked,
    }
}

/// Gives equal accesses one place in memory, and equal grants and permission sets too, since keys of
/// other projects mostly have the grants, and keys that differ in their resource the permissions.
#[derive(Debug, Default)]
pub(crate) struct Accesses {
    hasher: DefaultHashBuilder,
    shared: HashTable<Arc<Access>>,
    grants: HashTable<Arc<Grants>>,
    permissions: HashTable<Arc<[Permission]>>,
    purge_at: usize,
}

impl Accesses {
    /// `creator` is the number of the member who made the key.
    pub(crate) fn intern(
        &mut self,
        key: &Key,
        organization: u32,
        creator: Option<u32>,
    ) -> Arc<Access> {
        let wanted = Likeness::of(key, organization, creator);
        let hash = self.hasher.hash_one(wanted);
        let is_it = |access: &Arc<Access>| Likeness::in_access(access) == wanted;
        if let Some(found) = self.shared.find(hash, is_it) {
            return Arc::clone(found);
        }
        self.purge();
        let access = Arc::new(Access {
            organization,
            standing: wanted.standing,
            has_end: wanted.has_end,
            project: key.project.clone(),
            ceiling: key.project.as_ref().map(ResourcePath::of_project),
            environment: key.environment.as_str().into(),
            grants: self.intern_grants(&key.grants),
            ip_rules: key.ip_rules.clone(),
            rate_limit: key.rate_limit,
            creator,
            has_inherit: key.grants.has_inherit(),
        });
        let hasher = &self.hasher;
        self.shared
            .insert_unique(hash, Arc::clone(&access), |access| {
                hasher.hash_one(Likeness::in_access(access))
            });
        access
    }

    fn intern_grants(&mut self, grants: &Grants) -> Arc<Grants> {
        let hash = self.hasher.hash_one(grants);
        if let Some(found) = self.grants.find(hash, |known| **known == *grants) {
            return Arc::clone(found);
        }
        let grants = Arc::new(self.with_shared_permissions(grants));
        let hasher = &self.hasher;
        self.grants
            .insert_unique(hash, Arc::clone(&grants), |known| hasher.hash_one(known));
        grants
    }

    fn with_shared_permissions(&mut self, grants: &Grants) -> Grants {
        let shared = grants.as_slice().iter().map(|grant| Grant {
            right: match &grant.right {
                Right::Permissions(PermissionSet::Words(words)) => {
                    Right::Permissions(PermissionSet::Words(self.intern_permissions(words)))
                }
                Right::Inherit(Some(PermissionSet::Words(words))) => {
                    let words = self.intern_permissions(words);
                    Right::Inherit(Some(PermissionSet::Words(words)))
                }
                Right::Permissions(PermissionSet::All)
                | Right::Inherit(None | Some(PermissionSet::All))
                | Right::Role(_) => grant.right.clone(),
            },
            resource: grant.resource.clone(),
        });
        // As many as before, so the limit holds as before.
        Grants::parse(shared.collect()).unwrap_or_else(|_| grants.clone())
    }

    fn intern_permissions(&mut self, words: &Arc<[Permission]>) -> Arc<[Permission]> {
        let hash = self.hasher.hash_one(words);
        if let Some(found) = self.permissions.find(hash, |set| set == words) {
            return Arc::clone(found);
        }
        let hasher = &self.hasher;
        self.permissions
            .insert_unique(hash, Arc::clone(words), |set| hasher.hash_one(set));
        Arc::clone(words)
    }

    /// Forgets what no key holds any more; its cost is spread over the entries that came since.
    fn purge(&mut self) {
        if self.shared.len() < self.purge_at.max(PURGE_AT_MIN) {
            return;
        }
        self.shared.retain(|access| Arc::strong_count(access) > 1);
        self.grants.retain(|grants| Arc::strong_count(grants) > 1);
        self.permissions.retain(|set| Arc::strong_count(set) > 1);
        self.purge_at = 2 * self.shared.len();
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use keyway_core::text::Metadata;
    use keyway_core::time::Timestamp;
    use keyway_token::digest::Digest;

    use super::*;

    /// A key that may `read` at `resource`.
    fn key(resource: &str) -> Key {
        let grant = Grant {
            right: Right::Permissions(PermissionSet::of(vec!["read".parse().unwrap()])),
            resource: resource.parse().unwrap(),
        };
        Key {
            id: "k1".parse().unwrap(),
            organization: "acme".parse().unwrap(),
            project: None,
            environment: "live".to_owned(),
            name: "CI".parse().unwrap(),
            description: None,
            owner: None,
            display_prefix: "sk_k1".to_owned(),
            suffix: "wxyz".to_owned(),
            digest: Digest::of("k1"),
            grants: Grants::parse(vec![grant]).unwrap(),
            ip_rules: IpRules::default(),
            rate_limit: None,
            metadata: Metadata::empty(),
            managed_by: None,
            state: KeyState::Active,
            lifetime: Lifetime::Forever,
            successor: None,
            created_at: Timestamp::from_micros(0),
            created_by: "system".to_owned(),
            version: 1,
        }
    }

    fn words(access: &Access) -> &Arc<[Permission]> {
        match &access.grants.as_slice()[0].right {
            Right::Permissions(PermissionSet::Words(words)) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_with_equal_access_share_one() {
        let mut accesses = Accesses::default();
        let first = accesses.intern(&key("*"), 0, None);
        assert!(Arc::ptr_eq(&first, &accesses.intern(&key("*"), 0, None)));
        for other in [
            key("project/a"),
            Key {
                environment: "test".to_owned(),
                ..key("*")
            },
            Key {
                project: Some("a".parse().unwrap()),
                ..key("*")
            },
            Key {
                ip_rules: IpRules::parse(&["203.0.113.0/24"]).unwrap(),
                ..key("*")
            },
            Key {
                rate_limit: Some("100/1m".parse().unwrap()),
                ..key("*")
            },
            Key {
                grants: Grants::none(),
                ..key("*")
            },
        ] {
            let access = accesses.intern(&other, 0, None);
            assert!(!Arc::ptr_eq(&first, &access), "{access:?}");
            assert!(Likeness::in_access(&access) == Likeness::of(&other, 0, None));
        }
    }

    #[test]
    fn keys_that_differ_in_their_resource_share_their_permissions() {
        let mut accesses = Accesses::default();
        let (wide, narrow) = (
            accesses.intern(&key("*"), 0, None),
            accesses.intern(&key("project/a"), 0, None),
        );
        assert!(Arc::ptr_eq(words(&wide), words(&narrow)));
    }

    #[test]
    fn what_no_key_holds_is_forgotten_and_what_one_holds_is_not() {
        let mut accesses = Accesses::default();
        let held = accesses.intern(&key("*"), 0, None);
        for number in 0..10 * PURGE_AT_MIN {
            drop(accesses.intern(&key(&format!("project/p{number}")), 0, None));
        }
        assert!(accesses.shared.len() <= PURGE_AT_MIN);
        assert!(Arc::ptr_eq(&held, &accesses.intern(&key("*"), 0, None)));
        let kept: Vec<_> = (0..3 * PURGE_AT_MIN)
            .map(|number| accesses.intern(&key(&format!("project/q{number}")), 0, None))
            .collect();
        for (number, access) in kept.iter().enumerate() {
            let again = accesses.intern(&key(&format!("project/q{number}")), 0, None);
            assert!(Arc::ptr_eq(access, &again));
        }
    }
}
