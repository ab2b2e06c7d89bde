//! A store, and an index that follows its ledger as a server's does.

use keyway_core::actor::Origin;
use keyway_core::change::Change;
use keyway_core::decide::Cause;
use keyway_core::id::{KeyId, OrganizationId};
use keyway_core::key::Key;
use keyway_core::management::Reach;
use keyway_core::profile::Profile;
use keyway_index::index::Index;
use keyway_index::policy::Policy;
use keyway_store::Store;
use keyway_store::call::Call;
use keyway_store::follow::Batch;
use keyway_store::keys::change::KeyAt;
use keyway_store::ledger::Head;
use keyway_store::location::{Location, OpenOptions};
use keyway_store::profile::{InForce, ProfileRow};
use keyway_token::entropy::Entropy;

use crate::sample::{PROFILE, at, key, organization};

pub(crate) struct Ledger {
    pub(crate) store: Store,
    pub(crate) index: Index,
    pub(crate) in_force: InForce,
    /// Who makes every change here.
    pub(crate) by: Call,
    pub(crate) acme: OrganizationId,
    head: Head,
    _directory: tempfile::TempDir,
}

/// Salts need not be random here.
struct Counting(u8);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(self.0);
        self.0 = self.0.wrapping_add(1);
    }
}

pub(crate) fn acme() -> OrganizationId {
    "acme".parse().unwrap()
}

/// The key whatever its version.
pub(crate) fn any_version(id: &KeyId) -> KeyAt<'_> {
    KeyAt {
        reach: &Reach::All,
        id,
        expected: None,
    }
}

impl Ledger {
    /// The profile in force and organization `acme`, both followed.
    pub(crate) async fn begin() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(OpenOptions {
            location: Location::Directory(directory.path().to_owned()),
            is_exclusive: true,
            entropy: Box::new(Counting(1)),
        });
        let index = Index::new((1, 2));
        index.settle_doubt(Cause::Loading);
        let mut ledger = Self {
            store: store.await.unwrap(),
            index,
            in_force: InForce {
                profile_version: 0,
                active_keys_per_project: None,
                keys_per_organization: None,
            },
            by: Origin::system("req_1").into(),
            acme: acme(),
            head: Head::GENESIS,
            _directory: directory,
        };
        ledger.apply_profile(PROFILE).await;
        let made = ledger
            .store
            .create_organization(&ledger.by, organization("acme"), at(0));
        let _done = made.await.unwrap();
        ledger.follow().await;
        ledger
    }

    pub(crate) async fn apply_profile(&mut self, toml: &str) {
        let after = self.in_force.profile_version;
        let _applied = self
            .store
            .apply_profile(&self.by, "sample", toml, after, at(0))
            .await
            .unwrap();
        self.in_force.profile_version += 1;
    }

    pub(crate) async fn create_key(&self, id: &str) -> KeyId {
        let _created = self
            .store
            .create_key(&self.by, key(id), self.in_force, at(1))
            .await
            .unwrap();
        id.parse().unwrap()
    }

    /// Brings the index up to the ledger's head; what happened since it was there.
    pub(crate) async fn follow(&mut self) -> Vec<Change> {
        let (head, changes) = follow_from(&self.store, &self.index, self.head).await;
        self.head = head;
        changes
    }

    /// A second index, which reads the ledger from its beginning.
    pub(crate) async fn replayed(&self) -> Index {
        let index = Index::new((3, 4));
        follow_from(&self.store, &index, Head::GENESIS).await;
        index.settle_doubt(Cause::Loading);
        index
    }

    /// A second index, which loads the tables as they are.
    pub(crate) async fn loaded(&self) -> Index {
        let index = Index::new((5, 6));
        let mut snapshot = self.store.load_snapshot().await.unwrap();
        apply_profile(&index, snapshot.profile.take());
        for organization in &snapshot.organizations {
            index.apply_organization(organization);
        }
        for project in &snapshot.projects {
            index.apply_project(project);
        }
        for key in snapshot.management_keys {
            index.apply_management_key(key);
        }
        while let Some(page) = snapshot.pages.recv().await {
            page.unwrap().iter().for_each(|key| index.apply_key(key));
        }
        follow_from(&self.store, &index, snapshot.head).await;
        index.settle_doubt(Cause::Loading);
        index
    }

    /// Every key as it is now, deleted ones too.
    pub(crate) async fn keys_now(&self) -> Vec<Key> {
        let mut snapshot = self.store.load_snapshot().await.unwrap();
        let mut keys = Vec::new();
        while let Some(page) = snapshot.pages.recv().await {
            keys.extend(page.unwrap());
        }
        keys
    }
}

async fn follow_from(store: &Store, index: &Index, mut head: Head) -> (Head, Vec<Change>) {
    let mut changes = Vec::new();
    while let Some(batch) = store.changes_after(head).await.unwrap() {
        head = batch.head;
        changes.extend(batch.entries.iter().map(|entry| entry.change.clone()));
        apply(index, batch);
    }
    (head, changes)
}

fn apply(index: &Index, batch: Batch) {
    apply_profile(index, batch.profile);
    for organization in &batch.organizations {
        index.apply_organization(organization);
    }
    for project in &batch.projects {
        index.apply_project(project);
    }
    for key in batch.management_keys {
        index.apply_management_key(key);
    }
    batch.keys.iter().for_each(|key| index.apply_key(key));
}

fn apply_profile(index: &Index, row: Option<ProfileRow>) {
    if let Some(row) = row {
        let profile = Profile::parse(&row.toml).unwrap();
        index.apply_policy(Policy::of(&profile).unwrap());
    }
}
