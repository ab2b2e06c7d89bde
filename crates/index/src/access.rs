//! What many keys have in common, held once.

use std::hash::{BuildHasher as _, Hash, Hasher as _};
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
}

impl Access {
    fn is_of(&self, key: &Key) -> bool {
        self.project == key.project
            && *self.environment == *key.environment
            && self.grants == key.grants
            && self.ip_rules == key.ip_rules
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
    pub(crate) fn intern(&mut self, key: &Key) -> Arc<Access> {
        let hash = hash_of(
            &self.hasher,
            key.project.as_ref(),
            &key.environment,
            &key.grants,
            &key.ip_rules,
        );
        if let Some(found) = self.shared.find(hash, |access| access.is_of(key)) {
            return Arc::clone(found);
        }
        self.purge();
        let access = Arc::new(Access {
            project: key.project.clone(),
            ceiling: key.project.as_ref().map(ResourcePath::of_project),
            environment: key.environment.as_str().into(),
            grants: self.intern_grants(&key.grants),
            ip_rules: key.ip_rules.clone(),
        });
        let hasher = &self.hasher;
        self.shared
            .insert_unique(hash, Arc::clone(&access), |access| {
                hash_of(
                    hasher,
                    access.project.as_ref(),
                    &access.environment,
                    &access.grants,
                    &access.ip_rules,
                )
            });
        access
    }

    fn intern_grants(&mut self, grants: &Grants) -> Grants {
        let shared = grants.as_slice().iter().map(|grant| Grant {
            right: match &grant.right {
                Right::Permissions(PermissionSet::Words(words)) => {
                    Right::Permissions(PermissionSet::Words(self.intern_permissions(words)))
                }
                Right::Permissions(PermissionSet::All) | Right::Role(_) => grant.right.clone(),
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

fn hash_of(
    hasher: &DefaultHashBuilder,
    project: Option<&ProjectId>,
    environment: &str,
    grants: &Grants,
    ip_rules: &IpRules,
) -> u64 {
    let mut state = hasher.build_hasher();
    project.hash(&mut state);
    environment.hash(&mut state);
    grants.hash(&mut state);
    ip_rules.hash(&mut state);
    state.finish()
}
