//! From a hash to slots: one flat array of eight-byte entries, walked from the place that the hash
//! names.
//!
//! A table for everything keeps what tells entries apart away from the entries, so that each look-up
//! waits for memory twice; and to grow it asks for the hash of every key, which reads every record.
//! Here both lie together: a look-up mostly reads one line of memory, and growing reads nothing else.

use std::fmt;

/// Full when three of four places are taken: then a walk that finds nothing passes eight on average.
const FULL_QUARTERS: usize = 3;
const PLACES_MIN: usize = 8;

/// An entry is free when it has no slot.
const NO_SLOT: u32 = u32::MAX;

#[derive(Default)]
pub(crate) struct Table {
    /// As many as a power of two, or none. Never all are taken.
    places: Box<[Entry]>,
    len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    hash: u32,
    slot: u32,
}

const FREE: Entry = Entry {
    hash: 0,
    slot: NO_SLOT,
};

#[expect(
    clippy::indexing_slicing,
    reason = "a place is masked by the number of places"
)]
impl Table {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Slots that were put in under `hash`.
    pub(crate) fn slots(&self, hash: u32) -> impl Iterator<Item = u32> {
        self.walk(hash)
            .map(|place| self.places[place])
            .take_while(|entry| *entry != FREE)
            .filter(move |entry| entry.hash == hash)
            .map(|entry| entry.slot)
    }

    /// Adds a slot that is not in the table.
    pub(crate) fn insert(&mut self, hash: u32, slot: u32) {
        if 4 * (self.len + 1) > FULL_QUARTERS * self.places.len() {
            self.grow();
        }
        self.put(Entry { hash, slot });
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, hash: u32, slot: u32) {
        let entry = Entry { hash, slot };
        let mut ahead = self
            .walk(hash)
            .take_while(|place| self.places[*place] != FREE);
        let Some(mut hole) = ahead.find(|place| self.places[*place] == entry) else {
            return;
        };
        // What comes behind and is not where its hash names it moves up, or a walk would end here.
        let mask = self.places.len() - 1;
        let mut place = (hole + 1) & mask;
        while self.places[place] != FREE {
            let entry = self.places[place];
            let from_home = place.wrapping_sub(entry.hash as usize) & mask;
            if from_home >= place.wrapping_sub(hole) & mask {
                self.places[hole] = entry;
                hole = place;
            }
            place = (place + 1) & mask;
        }
        self.places[hole] = FREE;
        self.len -= 1;
    }

    /// Every place, once around from the one that the hash names.
    fn walk(&self, hash: u32) -> impl Iterator<Item = usize> + use<> {
        let count = self.places.len();
        (0..count).map(move |step| (hash as usize).wrapping_add(step) & (count - 1))
    }

    fn put(&mut self, entry: Entry) {
        if let Some(place) = self
            .walk(entry.hash)
            .find(|place| self.places[*place] == FREE)
        {
            self.places[place] = entry;
        }
    }

    fn grow(&mut self) {
        let count = (2 * self.places.len()).max(PLACES_MIN);
        let before = std::mem::replace(&mut self.places, vec![FREE; count].into());
        for entry in before {
            if entry != FREE {
                self.put(entry);
            }
        }
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_table_finds_nothing() {
        let mut table = Table::default();
        assert_eq!(table.slots(7).next(), None);
        table.remove(7, 0);
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn slots_of_one_hash_are_all_found() {
        let mut table = Table::default();
        for slot in 0..100 {
            table.insert(u32::MAX, slot);
        }
        let found: BTreeSet<u32> = table.slots(u32::MAX).collect();
        assert_eq!(found, (0..100).collect());
        assert_eq!(table.slots(0).next(), None);
    }

    proptest! {
        /// Few hashes that lie close together, around the table's end too: everything collides.
        #[test]
        fn a_table_is_a_set_of_pairs(
            steps in prop::collection::vec((any::<bool>(), 0_u32..12, 0_u32..6), 1..300),
        ) {
            let mut table = Table::default();
            let mut model: BTreeSet<(u32, u32)> = BTreeSet::new();
            for (is_insert, step, slot) in steps {
                let hash = step.wrapping_sub(6);
                if !is_insert {
                    table.remove(hash, slot);
                    model.remove(&(hash, slot));
                } else if model.insert((hash, slot)) {
                    table.insert(hash, slot);
                }
                prop_assert_eq!(table.len(), model.len());
                for step in 0..12_u32 {
                    let hash = step.wrapping_sub(6);
                    let found: BTreeSet<u32> = table.slots(hash).collect();
                    let held = model.iter().filter(|it| it.0 == hash).map(|it| it.1);
                    prop_assert_eq!(found, held.collect::<BTreeSet<u32>>());
                }
            }
        }
    }
}
