//! Following: how an index learns what the database holds, and then what changes.
//!
//! [`Store::load_snapshot`] notes the head and pages everything in short transactions, so a page may
//! show more than the head; following from that head on then brings what came after, and applying a
//! row twice by its version does no harm. [`Store::changes_after`] reads entries and the rows that
//! they name in one state of the database. A follower carries its own last entry: when the ledger
//! no longer has it, or has another in its place, commits were lost and nothing may be applied.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use keyway_core::change::Change;
use keyway_core::key::Key;
use keyway_core::management::ManagementKey;
use keyway_core::member::Member;
use keyway_core::organization::{Organization, Project};
use keyway_core::signing_key::SigningKey;
use sqlx::AnyConnection;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::Store;
use crate::error::StoreError;
use crate::keys::{self, KeyReader};
use crate::ledger::Head;
use crate::ledger::detail;
use crate::ledger::entry::{EntryRow, MIN_READER, find_hash, load_head, object, rows_after};
use crate::profile::{self, ProfileRow};
use crate::statement::statement;
use crate::{management_keys, members, organizations, projects, signing_keys};

/// Pause between looks for entries that others wrote.
pub const POLL_EVERY: Duration = Duration::from_millis(250);
/// Most entries brought at once.
pub const FOLLOW_ENTRIES_MAX: usize = 500;
/// Keys after which a batch ends, if an entry more would name others: five hundred entries of an
/// import would be half a million keys in memory.
pub const FOLLOW_KEYS_MAX: usize = 5_000;
/// Keys in one page of a first load.
const LOAD_PAGE_KEYS: i64 = 10_000;
/// Connections that a first load reads with.
const LOAD_LANES: i64 = 2;
/// Pages read ahead of whoever takes them.
const LOAD_PAGES_AHEAD: usize = 4;

/// Entries and the rows that they name, as they are now.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The last entry of this batch.
    pub head: Head,
    pub entries: Vec<FollowedEntry>,
    pub organizations: Vec<Organization>,
    pub projects: Vec<Project>,
    pub management_keys: Vec<ManagementKey>,
    /// Removed ones too.
    pub members: Vec<Member>,
    pub profile: Option<ProfileRow>,
    /// All of them, where one changed.
    pub signing_keys: Option<Vec<SigningKey>>,
    /// Deleted ones too.
    pub keys: Vec<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedEntry {
    pub head: Head,
    pub change: Change,
}

/// Why a follower cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// Commits were lost (failover, restore): stop answering, load again.
    #[error("entry {} is not in the ledger as this follower knows it", known.seq)]
    Diverged { known: Head },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A first load: small things at once, keys page by page.
#[derive(Debug)]
pub struct Snapshot {
    /// Follow from here.
    pub head: Head,
    pub organizations: Vec<Organization>,
    pub projects: Vec<Project>,
    pub management_keys: Vec<ManagementKey>,
    /// Removed ones too.
    pub members: Vec<Member>,
    pub profile: Option<ProfileRow>,
    /// Revoked ones too.
    pub signing_keys: Vec<SigningKey>,
    /// All keys, deleted ones too, in no order. An error ends it.
    pub pages: mpsc::Receiver<Result<Vec<Key>, StoreError>>,
}

impl Store {
    /// Begins a first load.
    pub async fn load_snapshot(&self) -> Result<Snapshot, StoreError> {
        let mut connection = self.reader().await?;
        let head = load_head(&mut connection).await?;
        let organizations = organizations::load(&mut connection, None).await?;
        let projects = projects::load(&mut connection, None).await?;
        let management_keys = management_keys::load(&mut connection, None).await?;
        let members = members::load(&mut connection, None).await?;
        let profile = profile::load(&mut connection).await?;
        let signing_keys = signing_keys::load(&mut connection).await?;
        let cuts = lane_cuts(&mut connection).await?;
        drop(connection);
        let (sender, pages) = mpsc::channel(LOAD_PAGES_AHEAD);
        for lane in cuts.windows(2) {
            let [from, upto] = lane else { continue };
            let (store, from, upto) = (self.clone(), from.clone(), upto.clone());
            let sender = sender.clone();
            tokio::spawn(async move {
                if let Err(error) = store.load_lane(from, upto, &sender).await {
                    // Whoever loads may have given up.
                    let _sent = sender.send(Err(error)).await;
                }
            });
        }
        Ok(Snapshot {
            head,
            organizations,
            projects,
            management_keys,
            members,
            profile,
            signing_keys,
            pages,
        })
    }

    /// Pages the keys with `from < id <= upto`.
    async fn load_lane(
        &self,
        from: Option<String>,
        upto: Option<String>,
        pages: &mpsc::Sender<Result<Vec<Key>, StoreError>>,
    ) -> Result<(), StoreError> {
        let mut connection = self.reader().await?;
        let mut last = from.unwrap_or_default();
        let end = if upto.is_some() {
            "AND id <= $3"
        } else {
            "AND $3 IS NULL"
        };
        let sql = format!(
            "SELECT {} FROM keys WHERE id > $1 {end} ORDER BY id LIMIT $2",
            keys::packed::selected()
        );
        let mut reader = KeyReader::default();
        loop {
            let rows = statement(&sql)
                .bind(last.as_str())
                .bind(LOAD_PAGE_KEYS)
                .bind(upto.as_deref())
                .fetch_all(&mut *connection)
                .await?;
            let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < LOAD_PAGE_KEYS;
            let page: Result<Vec<Key>, StoreError> =
                rows.iter().map(|row| reader.read(row)).collect();
            let page = page?;
            if let Some(key) = page.last() {
                last = key.id.to_string();
            }
            if !page.is_empty() && pages.send(Ok(page)).await.is_err() {
                return Ok(());
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// What happened after `known`; None when nothing did. At most [`FOLLOW_ENTRIES_MAX`] entries,
    /// and no entry more once they name [`FOLLOW_KEYS_MAX`] keys: ask again behind the last.
    pub async fn changes_after(&self, known: Head) -> Result<Option<Batch>, FollowError> {
        let mut connection = self.reader().await?;
        let mut tx = self
            .address
            .engine
            .begin_snapshot(&mut connection)
            .await
            .map_err(StoreError::from)?;
        if find_hash(&mut tx, known.seq).await? != Some(known.hash) {
            return Err(FollowError::Diverged { known });
        }
        let limit = i64::try_from(FOLLOW_ENTRIES_MAX).unwrap_or(i64::MAX);
        let rows = rows_after(&mut tx, known.seq, limit).await?;
        let batch = if rows.is_empty() {
            None
        } else {
            Some(reload(&mut tx, known, &rows).await?)
        };
        tx.commit().await.map_err(StoreError::from)?;
        Ok(batch)
    }

    /// The same, and waits until something happened: at once for a change of this store, within
    /// [`POLL_EVERY`] for others'. Every look reads the follower's own last entry again.
    pub async fn next_changes(&self, known: Head) -> Result<Batch, FollowError> {
        let mut committed = self.committed.subscribe();
        loop {
            committed.mark_unchanged();
            if let Some(batch) = self.changes_after(known).await? {
                return Ok(batch);
            }
            // A closed store has no changes of its own any more, and others' may still come.
            if let Ok(Err(_)) = timeout(POLL_EVERY, committed.changed()).await {
                tokio::time::sleep(POLL_EVERY).await;
            }
        }
    }
}

/// Where the ids are cut into lanes of about as many keys.
async fn lane_cuts(connection: &mut AnyConnection) -> Result<Vec<Option<String>>, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM keys")
        .fetch_one(&mut *connection)
        .await?;
    let mut cuts = vec![None];
    if count > LOAD_PAGE_KEYS {
        for lane in 1..LOAD_LANES {
            let cut: Option<String> =
                sqlx::query_scalar("SELECT id FROM keys ORDER BY id LIMIT 1 OFFSET $1")
                    .bind(count * lane / LOAD_LANES)
                    .fetch_optional(&mut *connection)
                    .await?;
            cuts.extend(cut.map(Some));
        }
    }
    cuts.push(None);
    Ok(cuts)
}

/// The ids that entries name, each once.
#[derive(Default)]
struct Named {
    organizations: BTreeSet<String>,
    projects: BTreeMap<String, BTreeSet<String>>,
    keys: BTreeSet<String>,
    management_keys: BTreeSet<String>,
    members: BTreeSet<String>,
    profile: bool,
    signing_keys: bool,
}

impl Named {
    fn add(&mut self, change: &Change) {
        match change {
            Change::OrganizationCreated { id }
            | Change::OrganizationUpdated { id }
            | Change::OrganizationSuspended { id }
            | Change::OrganizationResumed { id } => {
                self.organizations.insert(id.to_string());
            }
            Change::ProjectCreated { organization, id } => {
                self.projects
                    .entry(organization.to_string())
                    .or_default()
                    .insert(id.to_string());
            }
            Change::KeyCreated { id, .. }
            | Change::KeyUpdated { id, .. }
            | Change::KeyDeactivated { id, .. }
            | Change::KeyActivated { id, .. }
            | Change::KeyRevoked { id, .. }
            | Change::KeyDeleted { id, .. } => {
                self.keys.insert(id.to_string());
            }
            Change::KeyRotated {
                outgoing, fresh, ..
            } => {
                self.keys.insert(outgoing.to_string());
                self.keys.insert(fresh.to_string());
            }
            Change::KeysImported { ids, .. } => {
                self.keys.extend(ids.iter().map(ToString::to_string));
            }
            Change::ManagementKeyCreated { id, .. } | Change::ManagementKeyRevoked { id, .. } => {
                self.management_keys.insert(id.to_string());
            }
            Change::RootKeySet { id, replaced } => {
                self.management_keys.insert(id.to_string());
                self.management_keys
                    .extend(replaced.iter().map(ToString::to_string));
            }
            Change::ProfileApplied { .. } => self.profile = true,
            Change::SigningKeyCreated { .. } | Change::SigningKeyRevoked { .. } => {
                self.signing_keys = true;
            }
            Change::MemberCreated { id, .. }
            | Change::MemberUpdated { id, .. }
            | Change::MemberRemoved { id, .. }
            | Change::InvitationAccepted { member: id, .. } => {
                self.members.insert(id.to_string());
            }
            // What these touch is asked for when it is needed, and in no index.
            Change::ResourceCreated { .. }
            | Change::ResourceUpdated { .. }
            | Change::ResourceDeleted { .. }
            | Change::MemberSignedIn { .. }
            | Change::MemberSignedOut { .. }
            | Change::PasswordSet { .. }
            | Change::SignInLinkCreated { .. }
            | Change::InvitationCreated { .. }
            | Change::InvitationWithdrawn { .. }
            | Change::PortalSessionCreated { .. }
            | Change::PortalSessionOpened { .. }
            | Change::PortalSessionRevoked { .. } => {}
        }
    }
}

fn texts(ids: &BTreeSet<String>) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

async fn reload(
    connection: &mut AnyConnection,
    known: Head,
    rows: &[EntryRow],
) -> Result<Batch, FollowError> {
    let mut entries = Vec::with_capacity(rows.len());
    let mut named = Named::default();
    let mut head = known;
    for row in rows {
        if named.keys.len() >= FOLLOW_KEYS_MAX {
            break;
        }
        if row.min_reader > MIN_READER {
            return Err(StoreError::NewerEntry { seq: row.seq }.into());
        }
        if row.seq != head.seq + 1 || row.prev_hash != head.hash {
            return Err(FollowError::Diverged { known: head });
        }
        let fields = object(&row.detail);
        let change = detail::read(
            &row.action,
            &row.target,
            row.organization.as_deref(),
            &fields,
        )
        .ok_or(StoreError::NewerEntry { seq: row.seq })?;
        head = Head {
            seq: row.seq,
            hash: row.hash,
        };
        named.add(&change);
        entries.push(FollowedEntry { head, change });
    }
    let mut batch = Batch {
        head,
        entries,
        organizations: Vec::new(),
        projects: Vec::new(),
        management_keys: Vec::new(),
        members: Vec::new(),
        profile: None,
        signing_keys: None,
        keys: Vec::new(),
    };
    if named.profile {
        batch.profile = profile::load(&mut *connection).await?;
    }
    if named.signing_keys {
        batch.signing_keys = Some(signing_keys::load(&mut *connection).await?);
    }
    if !named.organizations.is_empty() {
        let ids = texts(&named.organizations);
        batch.organizations = organizations::load(&mut *connection, Some(&ids)).await?;
    }
    for (organization, ids) in &named.projects {
        let found = projects::load(&mut *connection, Some((&[organization], &texts(ids)))).await?;
        batch.projects.extend(found);
    }
    if !named.management_keys.is_empty() {
        let ids = texts(&named.management_keys);
        batch.management_keys = management_keys::load(&mut *connection, Some(&ids)).await?;
    }
    if !named.members.is_empty() {
        batch.members = members::load(&mut *connection, Some(&texts(&named.members))).await?;
    }
    if !named.keys.is_empty() {
        batch.keys = keys::load_by_ids(connection, &texts(&named.keys)).await?;
    }
    Ok(batch)
}
