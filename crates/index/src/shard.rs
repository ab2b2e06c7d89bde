//! A part of the index: a table of slots, an arena of records, and what was counted in it.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use keyway_core::rate_limit::{Quota, RateLimit};
use keyway_core::time::Uptime;
use keyway_token::digest::Digest;
use parking_lot::{Mutex, RwLock};

use crate::record::Record;
use crate::table::Table;
use crate::usage::Refusals;

/// So many that what a writer does in one shard, growing its table included, is done in a small part
/// of a millisecond at 100 million keys.
pub(crate) const SHARDS: usize = 4_096;
/// Records in one piece of an arena: 4 KiB of them.
const CHUNK_RECORDS: usize = 64;

/// Aligned, so that two neighbours do not take each other's lines away.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Shard {
    pub(crate) keys: RwLock<Keys>,
    /// Slots with something to sweep; each is pushed when its first use is counted.
    pub(crate) dirty: Mutex<Vec<u32>>,
    pub(crate) refusals: Mutex<HashMap<u32, Box<Refusals>>>,
}

#[derive(Debug, Default)]
pub(crate) struct Keys {
    table: Table,
    /// Boxed: a chunk stays where it is when others come, as copying all would make readers wait.
    chunks: Vec<Box<[Option<Record>; CHUNK_RECORDS]>>,
    /// Slots that were given out at some time.
    slots: u32,
    free: Vec<u32>,
    /// When the whole quota of a key is there again, of keys with a rate limit alone.
    quotas: HashMap<u32, AtomicU64>,
    /// Deleted is for good: a row from before may still come.
    deleted: BTreeSet<[u8; 32]>,
}

impl Keys {
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn at(&self, slot: u32) -> Option<&Record> {
        let slot = slot as usize;
        self.chunks
            .get(slot / CHUNK_RECORDS)?
            .get(slot % CHUNK_RECORDS)?
            .as_ref()
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.chunks.iter().flat_map(|chunk| chunk.iter().flatten())
    }

    pub(crate) fn find(&self, hash: u32, digest: &Digest) -> Option<(u32, &Record)> {
        self.table
            .slots(hash)
            .filter_map(|slot| Some((slot, self.at(slot)?)))
            .find(|(_, record)| record.digest.same_as(digest))
    }

    /// Takes a record in, unless this version of it or a later one is here, or was deleted.
    pub(crate) fn put(&mut self, hash: u32, record: Record) {
        let found = self.find(hash, &record.digest);
        if let Some((slot, before)) = found {
            if before.version() < record.version() {
                record.keep_counts_of(before);
                let limit_before = before.access.rate_limit;
                self.limit(slot, limit_before, record.access.rate_limit);
                self.set(slot, Some(record));
            }
            return;
        }
        if self.deleted.contains(record.digest.as_bytes()) {
            return;
        }
        let slot = self.free.pop().unwrap_or_else(|| self.grow());
        self.limit(slot, None, record.access.rate_limit);
        self.set(slot, Some(record));
        self.table.insert(hash, slot);
    }

    /// Deletes a key for good; the slot that is free now, if it was here.
    pub(crate) fn remove(&mut self, hash: u32, digest: &Digest) -> Option<u32> {
        self.deleted.insert(*digest.as_bytes());
        let (slot, _) = self.find(hash, digest)?;
        self.table.remove(hash, slot);
        self.set(slot, None);
        self.quotas.remove(&slot);
        self.free.push(slot);
        Some(slot)
    }

    /// What was used of the limit before stays used of the next one.
    fn limit(&mut self, slot: u32, before: Option<RateLimit>, limit: Option<RateLimit>) {
        let Some(limit) = limit else {
            self.quotas.remove(&slot);
            return;
        };
        let full_at = self.quotas.entry(slot).or_default().get_mut();
        if let Some(before) = before {
            *full_at = limit.carry_over(before, *full_at);
        }
    }

    /// Uses a key once; `Err` when nothing is left, and then nothing was used.
    pub(crate) fn spend(&self, slot: u32, limit: RateLimit, at: Uptime) -> Result<Quota, Quota> {
        let order = Ordering::Relaxed;
        let Some(full_at) = self.quotas.get(&slot) else {
            // Every key with a limit has its place here; one that had none must not be let through.
            return Err(limit.quota(u64::MAX, at));
        };
        match full_at.fetch_update(order, order, |before| limit.spend(before, at)) {
            Ok(before) => Ok(limit.quota(limit.spend(before, at).unwrap_or(before), at)),
            Err(before) => Err(limit.quota(before, at)),
        }
    }

    fn set(&mut self, slot: u32, record: Option<Record>) {
        let slot = slot as usize;
        let chunk = self.chunks.get_mut(slot / CHUNK_RECORDS);
        if let Some(place) = chunk.and_then(|chunk| chunk.get_mut(slot % CHUNK_RECORDS)) {
            *place = record;
        }
    }

    /// Makes room for one more and tells its slot.
    fn grow(&mut self) -> u32 {
        let slot = self.slots;
        if slot as usize == self.chunks.len() * CHUNK_RECORDS {
            self.chunks.push(Box::new([const { None }; CHUNK_RECORDS]));
        }
        self.slots += 1;
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_four_kib() {
        let chunk = size_of::<[Option<Record>; CHUNK_RECORDS]>();
        assert_eq!(chunk, 4_096);
    }
}
