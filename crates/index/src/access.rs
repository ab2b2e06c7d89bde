//! What many keys have in common, held once.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};
use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::id::ProjectId;
use keyway_core::key::Key;
use keyway_core::network::IpRules;
use keyway_core::permission::{Permission, PermissionSet};
use keyway_core::resource::ResourcePath;

/// Entries that nobody holds any more are looked for when this many are there, then at each doubling.
const PURGE_AT_MIN: usize = 1_024;

/// Where and what a key may, without who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub project: Option<ProjectId>,
    /// The project as a path, above which no grant reaches.
    pub ceiling: Option<ResourcePath>,
    pub environment: Box<str>,
    pub grants: Grants,
    pub ip_rules: IpRules,
    /// The number of the member who made the key; None when no member did.
    pub(crate) creator: Option<u32>,
    /// Whether a grant rests on that member.
    pub(crate) has_inherit: bool,
}

/// The same on loan: what makes two accesses equal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Shared<'a> {
    project: Option<&'a ProjectId>,
    environment: &'a str,
    grants: &'a Grants,
    ip_rules: &'a IpRules,
    creator: Option<u32>,
}

impl<'a> Shared<'a> {
    fn of(key: &'a Key, creator: Option<u32>) -> Self {
        Self {
            project: key.project.as_ref(),
            environment: &key.environment,
            grants: &key.grants,
            ip_rules: &key.ip_rules,
            creator,
        }
    }

    fn in_access(access: &'a Access) -> Self {
        Self {
            project: access.project.as_ref(),
            environment: &access.environment,
            grants: &access.grants,
            ip_rules: &access.ip_rules,
            creator: access.creator,
        }
    }
}

/// Gives equal accesses one place in memory, and equal permission sets too, since keys that differ in
/// their resource mostly share the permissions.
#[derive(Debug, Default)]
pub(crate) struct Accesses {
    hasher: DefaultHashBuilder,
    shared: HashTable<Arc<Access>>,
    permissions: HashTable<Arc<[Permission]>>,
    purge_at: usize,
}

impl Accesses {
    /// `creator` is the number of the member who made the key.
    pub(crate) fn intern(&mut self, key: &Key, creator: Option<u32>) -> Arc<Access> {
        let wanted = Shared::of(key, creator);
        let hash = self.hasher.hash_one(wanted);
        let is_it = |access: &Arc<Access>| Shared::in_access(access) == wanted;
        if let Some(found) = self.shared.find(hash, is_it) {
            return Arc::clone(found);
        }
        self.purge();
        let access = Arc::new(Access {
            project: key.project.clone(),
            ceiling: key.project.as_ref().map(ResourcePath::of_project),
            environment: key.environment.as_str().into(),
            grants: self.intern_grants(&key.grants),
            ip_rules: key.ip_rules.clone(),
            creator,
            has_inherit: key.grants.has_inherit(),
        });
        let hasher = &self.hasher;
        self.shared
            .insert_unique(hash, Arc::clone(&access), |access| {
                hasher.hash_one(Shared::in_access(access))
            });
        access
    }

    fn intern_grants(&mut self, grants: &Grants) -> Grants {
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
        self.permissions.retain(|set| Arc::strong_count(set) > 1);
        self.purge_at = 2 * self.shared.len();
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
