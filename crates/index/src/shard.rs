//! A part of the index: a table of slots, an arena of records, and what was counted in it.

use std::collections::HashMap;

use hashbrown::HashTable;
use keyway_token::digest::Digest;
use parking_lot::{Mutex, RwLock};

use crate::record::Record;
use crate::usage::Refusals;

/// So many that growing one table, the longest thing a reader waits for, stays far below a
/// millisecond at 100 million keys.
pub(crate) const SHARDS: usize = 4_096;
/// Records in one piece of an arena.
const CHUNK_RECORDS: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Shard {
    pub(crate) keys: RwLock<Keys>,
    /// Slots with something to sweep; each is pushed when its first use is counted.
    pub(crate) dirty: Mutex<Vec<u32>>,
    pub(crate) refusals: Mutex<HashMap<u32, Box<Refusals>>>,
}

#[derive(Debug, Default)]
pub(crate) struct Keys {
    table: HashTable<u32>,
    chunks: Vec<Vec<Option<Record>>>,
    free: Vec<u32>,
}

/// What became of a record that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    New,
    Newer,
    /// The index holds this version or a later one.
    Older,
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

    pub(crate) fn find(&self, hash: u64, digest: &Digest) -> Option<(u32, &Record)> {
        let is_it = |slot: &u32| self.at(*slot).is_some_and(|it| it.digest.same_as(digest));
        let slot = *self.table.find(hash, is_it)?;
        self.at(slot).map(|record| (slot, record))
    }

    pub(crate) fn put(
        &mut self,
        hash: u64,
        record: Record,
        rehash: impl Fn(&Digest) -> u64,
    ) -> Put {
        let found = self.find(hash, &record.digest).map(|(slot, before)| {
            record.keep_counts_of(before);
            (slot, before.version)
        });
        match found {
            Some((_, version)) if version >= record.version => Put::Older,
            Some((slot, _)) => {
                self.set(slot, Some(record));
                Put::Newer
            }
            None => {
                let slot = self.free.pop().unwrap_or_else(|| self.grow());
                self.set(slot, Some(record));
                let Self { table, chunks, .. } = self;
                table.insert_unique(hash, slot, |slot| {
                    let slot = *slot as usize;
                    let chunk = chunks.get(slot / CHUNK_RECORDS);
                    let record = chunk.and_then(|chunk| chunk.get(slot % CHUNK_RECORDS));
                    record
                        .and_then(Option::as_ref)
                        .map_or(0, |it| rehash(&it.digest))
                });
                Put::New
            }
        }
    }

    /// The slot that is free now, if there was such a key.
    pub(crate) fn remove(&mut self, hash: u64, digest: &Digest) -> Option<u32> {
        let (slot, _) = self.find(hash, digest)?;
        if let Ok(entry) = self.table.find_entry(hash, |it| *it == slot) {
            entry.remove();
        }
        self.set(slot, None);
        self.free.push(slot);
        Some(slot)
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
        if self
            .chunks
            .last()
            .is_none_or(|chunk| chunk.len() == CHUNK_RECORDS)
        {
            self.chunks.push(Vec::with_capacity(CHUNK_RECORDS));
        }
        let chunks_before = self.chunks.len() - 1;
        let Some(chunk) = self.chunks.last_mut() else {
            return 0;
        };
        chunk.push(None);
        let slot = chunks_before * CHUNK_RECORDS + chunk.len() - 1;
        u32::try_from(slot).unwrap_or(u32::MAX)
    }
}
