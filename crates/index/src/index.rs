//! The index itself: applying what the ledger brings, and the state it is in.

use std::hash::Hasher as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use arc_swap::{ArcSwapOption, Guard};
use keyway_core::decide::{Cause, Reason};
use keyway_core::id::{KeyId, MemberId, OrganizationId, ProjectId};
use keyway_core::key::{Key, KeyState};
use keyway_core::management::{ManagementKey, Reach};
use keyway_core::member::Member;
use keyway_core::organization::{Organization, Project};
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;
use parking_lot::{Mutex, RwLock};
use siphasher::sip::SipHasher13;

use crate::access::Accesses;
use crate::ids::Ids;
use crate::members::Members;
use crate::organizations::{OrganizationEntry, Organizations};
use crate::policy::Policy;
use crate::projects::Projects;
use crate::record::Record;
use crate::shard::{Keys, SHARDS, Shard};
use crate::usage::{KeyUsage, Refusal, Refusals};

/// Keys that are looked at before a writer gets its turn: whoever reads behind it waits as long.
const DRAINED_AT_ONCE: usize = 256;

type ManagementKeys = std::collections::HashMap<[u8; 32], Arc<ManagementKey>>;

/// Every key, organization and management key of a deployment. Shared by reference.
#[derive(Debug)]
pub struct Index {
    seed: (u64, u64),
    shards: Box<[Shard]>,
    accesses: Mutex<Accesses>,
    pub(crate) organizations: Organizations,
    projects: Projects,
    pub(crate) members: Members,
    management_keys: RwLock<ManagementKeys>,
    policy: ArcSwapOption<Policy>,
    pub(crate) ids: Ids,
    /// One bit for each reason not to answer.
    doubts: AtomicU8,
}

fn bit(cause: Cause) -> u8 {
    match cause {
        Cause::Loading => 1,
        Cause::Diverged => 2,
        Cause::NotConfirmed => 4,
        Cause::NotUnderstood => 8,
        Cause::NoProfile => 16,
    }
}

impl Index {
    /// An empty index, which is loading. `seed` keeps others from choosing digests that collide.
    pub fn new(seed: (u64, u64)) -> Self {
        Self {
            seed,
            shards: std::iter::repeat_with(Shard::default)
                .take(SHARDS)
                .collect(),
            accesses: Mutex::default(),
            organizations: Organizations::default(),
            projects: Projects::default(),
            members: Members::default(),
            management_keys: RwLock::default(),
            policy: ArcSwapOption::empty(),
            ids: Ids::default(),
            doubts: AtomicU8::new(bit(Cause::Loading)),
        }
    }

    /// Why nothing may be answered from this index right now.
    pub fn doubt(&self) -> Option<Cause> {
        let doubts = self.doubts.load(Ordering::Acquire);
        [
            Cause::Loading,
            Cause::Diverged,
            Cause::NotConfirmed,
            Cause::NotUnderstood,
            Cause::NoProfile,
        ]
        .into_iter()
        .find(|cause| doubts & bit(*cause) != 0)
    }

    pub fn raise_doubt(&self, cause: Cause) {
        self.doubts.fetch_or(bit(cause), Ordering::AcqRel);
    }

    pub fn settle_doubt(&self, cause: Cause) {
        self.doubts.fetch_and(!bit(cause), Ordering::AcqRel);
    }

    /// Forgets everything before another first load, what was counted and not drained too; only while
    /// in doubt.
    pub fn clear(&self) {
        for shard in &self.shards {
            // Dropped when the lock is free again: readers need not wait for that.
            let _before = std::mem::take(&mut *shard.keys.write());
            shard.dirty.lock().clear();
            shard.refusals.lock().clear();
        }
        self.accesses.lock().clear();
        self.organizations.clear();
        self.projects.clear();
        self.members.clear();
        self.management_keys.write().clear();
        self.ids.clear();
    }

    /// Where the policy before issued no tokens, the ids of all keys are gathered first.
    pub fn apply_policy(&self, policy: Policy) {
        let issues_tokens = policy.issues_tokens;
        let issued_tokens = self.issues_tokens();
        self.policy.store(Some(Arc::new(policy)));
        match (issued_tokens, issues_tokens) {
            (false, true) => self.gather_ids(),
            (true, false) => self.ids.clear(),
            (false, false) | (true, true) => {}
        }
    }

    fn issues_tokens(&self) -> bool {
        self.policy
            .load()
            .as_ref()
            .is_some_and(|it| it.issues_tokens)
    }

    fn gather_ids(&self) {
        for shard in &self.shards {
            for record in shard.keys.read().records() {
                self.ids.put(record.texts().id, record.digest);
            }
        }
    }

    /// How keys look and what roles hold; None before the first load.
    pub fn policy(&self) -> Guard<Option<Arc<Policy>>> {
        self.policy.load()
    }

    pub fn apply_organization(&self, organization: &Organization) {
        self.organizations.apply(organization);
    }

    pub fn find_organization(&self, id: &OrganizationId) -> Option<Guard<Arc<OrganizationEntry>>> {
        self.organizations.find(id)
    }

    /// The one organization that `reach` covers, if it is one.
    pub fn only_organization(&self, reach: &Reach) -> Option<OrganizationId> {
        reach
            .organization()
            .cloned()
            .or_else(|| self.organizations.only())
    }

    pub fn apply_project(&self, project: &Project) {
        self.projects.apply(project);
    }

    /// The environment that all keys of a project have, where it fixes one.
    pub fn project_environment(
        &self,
        organization: &OrganizationId,
        project: &ProjectId,
    ) -> Option<Box<str>> {
        self.projects.environment(organization, project)
    }

    pub fn apply_member(&self, member: Member) {
        self.members.apply(member);
    }

    /// A member, removed ones too.
    pub fn find_member(&self, id: &MemberId) -> Option<Arc<Member>> {
        self.members.find(id)
    }

    /// The members of an organization that stand.
    pub fn members_in(&self, organization: &OrganizationId) -> Vec<Arc<Member>> {
        self.members.of_organization(organization)
    }

    /// The memberships of a person that stand; the address in the form of `Email::folded`.
    pub fn members_of(&self, folded_email: &str) -> Vec<Arc<Member>> {
        self.members.of_email(folded_email)
    }

    pub fn apply_management_key(&self, key: ManagementKey) {
        let mut keys = self.management_keys.write();
        let known = keys.get(key.digest.as_bytes());
        if known.is_none_or(|known| known.version < key.version) {
            keys.insert(*key.digest.as_bytes(), Arc::new(key));
        }
    }

    /// A management key by its digest, revoked ones too.
    pub fn find_management_key(&self, digest: &Digest) -> Option<Arc<ManagementKey>> {
        self.management_keys
            .read()
            .get(digest.as_bytes())
            .map(Arc::clone)
    }

    /// Takes a key in, or out for good when it was deleted. An older version never takes the place of
    /// a newer one, so that a row may come twice and in any order.
    pub fn apply_key(&self, key: &Key) {
        let (hash, shard) = self.place(&key.digest);
        if matches!(key.state, KeyState::Deleted { .. }) {
            self.ids.remove(key.id.as_str());
            let mut keys = shard.keys.write();
            if let Some(slot) = keys.remove(hash, &key.digest) {
                // The next key in this slot must not inherit them.
                shard.refusals.lock().remove(&slot);
            }
            return;
        }
        let creator = MemberId::of_actor(&key.created_by).map(|id| self.members.number(&id));
        let organization = self.organizations.number(&key.organization);
        let access = self.accesses.lock().intern(key, organization, creator);
        let record = Record::of(key, access);
        shard.keys.write().put(hash, record);
        if self.issues_tokens() {
            self.ids.put(key.id.as_str(), key.digest);
        }
    }

    /// How many keys there are.
    pub fn key_count(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.keys.read().len())
            .sum()
    }

    fn hash(&self, digest: &Digest) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.seed.0, self.seed.1);
        hasher.write(digest.as_bytes());
        hasher.finish()
    }

    /// The half of the hash that a table knows the key by, and the shard that the other half names:
    /// what the keys of a shard have in common must not be what its table tells them apart by.
    #[expect(
        clippy::indexing_slicing,
        reason = "a remainder by the number of shards"
    )]
    #[expect(clippy::cast_possible_truncation, reason = "halves are what is wanted")]
    pub(crate) fn place(&self, digest: &Digest) -> (u32, &Shard) {
        let hash = self.hash(digest);
        let number = (hash >> 32) as usize % SHARDS;
        (hash as u32, &self.shards[number])
    }

    pub(crate) fn count_refusal(
        shard: &Shard,
        slot: u32,
        reason: &Reason,
        address: Option<IpAddr>,
        now: Timestamp,
    ) {
        let refusal = Refusal::of(reason, address, now);
        let mut refusals = shard.refusals.lock();
        if let Some(counted) = refusals.get_mut(&slot) {
            counted.count(refusal);
        } else {
            refusals.insert(slot, Box::new(Refusals::begin(refusal)));
            drop(refusals);
            shard.dirty.lock().push(slot);
        }
    }

    /// Takes what was counted since the last time, of `keys_max` keys and a few more; beginning at
    /// shard `from`. The number of the shard to go on with, and None behind the last.
    pub fn drain_usage(
        &self,
        from: usize,
        keys_max: usize,
        now: Timestamp,
    ) -> (Vec<KeyUsage>, Option<usize>) {
        let mut drained = Vec::new();
        for (number, shard) in self.shards.iter().enumerate().skip(from) {
            if drained.len() >= keys_max {
                return (drained, Some(number));
            }
            drain_shard(shard, now, &mut drained);
        }
        (drained, None)
    }
}

fn drain_shard(shard: &Shard, now: Timestamp, drained: &mut Vec<KeyUsage>) {
    let mut dirty = std::mem::take(&mut *shard.dirty.lock());
    dirty.sort_unstable();
    dirty.dedup();
    for slots in dirty.chunks(DRAINED_AT_ONCE) {
        let keys = shard.keys.read();
        drained.extend(
            slots
                .iter()
                .filter_map(|slot| drain_key(shard, &keys, *slot, now)),
        );
    }
}

fn drain_key(shard: &Shard, keys: &Keys, slot: u32, now: Timestamp) -> Option<KeyUsage> {
    let refusals = shard.refusals.lock().remove(&slot);
    let record = keys.at(slot)?;
    let used = record.take_allowed(now);
    if used.is_none() && refusals.is_none() {
        return None;
    }
    Some(KeyUsage {
        key: record.texts().id.parse::<KeyId>().ok()?,
        allowed: used.map_or(0, |(allowed, _)| allowed),
        last_used_at: used.map(|(_, at)| at),
        last_refusal: refusals.as_ref().map(|it| it.last),
        refused: refusals.map(|it| it.counts).unwrap_or_default(),
    })
}
