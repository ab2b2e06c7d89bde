//! One key as it lies in memory: 88 bytes and the bytes of its texts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keyway_core::decide::Standing;
use keyway_core::key::{Key, KeyState, Lifetime};
use keyway_core::text::Label;
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;

use crate::access::Access;

/// A time that no key reaches; "forever" without a byte of its own.
const FOREVER: i64 = i64::MAX;

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) digest: Digest,
    /// Id, suffix, name, owner, metadata, one behind the other.
    texts: Box<str>,
    pub(crate) access: Arc<Access>,
    expires_at: i64,
    pub(crate) organization: u32,
    pub(crate) version: u32,
    /// Allowed since the last sweep.
    allowed: AtomicU32,
    /// Milliseconds, modulo 2^32: told apart by the sweep, which comes every few seconds.
    last_used_ms: AtomicU32,
    name_bytes: u16,
    owner_bytes: u16,
    id_bytes: u8,
    suffix_bytes: u8,
    pub(crate) standing: Standing,
}

/// Where in the texts.
#[derive(Clone, Copy)]
struct Cuts {
    id: usize,
    suffix: usize,
    name: usize,
    owner: usize,
}

impl Record {
    /// A record of a key that is not deleted.
    pub(crate) fn of(key: &Key, organization: u32, access: Arc<Access>) -> Self {
        let owner = key.owner.as_ref().map_or("", Label::as_str);
        let metadata = if key.metadata.is_empty() {
            ""
        } else {
            key.metadata.as_json()
        };
        let parts = [
            key.id.as_str(),
            &key.suffix,
            key.name.as_str(),
            owner,
            metadata,
        ];
        Self {
            digest: key.digest,
            texts: parts.concat().into_boxed_str(),
            access,
            expires_at: match key.lifetime {
                Lifetime::Forever => FOREVER,
                Lifetime::Until(end) => end.micros(),
            },
            organization,
            version: u32::try_from(key.version).unwrap_or(u32::MAX),
            allowed: AtomicU32::new(0),
            last_used_ms: AtomicU32::new(0),
            // The limits of each text are below what its length field holds.
            name_bytes: u16::try_from(key.name.as_str().len()).unwrap_or(u16::MAX),
            owner_bytes: u16::try_from(owner.len()).unwrap_or(u16::MAX),
            id_bytes: u8::try_from(key.id.as_str().len()).unwrap_or(u8::MAX),
            suffix_bytes: u8::try_from(key.suffix.len()).unwrap_or(u8::MAX),
            standing: match key.state {
                KeyState::Active => Standing::Active,
                KeyState::Inactive { .. } => Standing::Inactive,
                KeyState::Revoked(_) | KeyState::Deleted { .. } => Standing::Revoked,
            },
        }
    }

    /// The same key in a later version keeps what was counted.
    pub(crate) fn keep_counts_of(&self, before: &Self) {
        self.allowed
            .store(before.allowed.load(Ordering::Relaxed), Ordering::Relaxed);
        self.last_used_ms.store(
            before.last_used_ms.load(Ordering::Relaxed),
            Ordering::Relaxed,
        );
    }

    fn cuts(&self) -> Cuts {
        let id = usize::from(self.id_bytes);
        let suffix = id + usize::from(self.suffix_bytes);
        let name = suffix + usize::from(self.name_bytes);
        Cuts {
            id,
            suffix,
            name,
            owner: name + usize::from(self.owner_bytes),
        }
    }

    pub(crate) fn id(&self) -> &str {
        self.texts.get(..self.cuts().id).unwrap_or_default()
    }

    pub(crate) fn suffix(&self) -> &str {
        let cuts = self.cuts();
        self.texts.get(cuts.id..cuts.suffix).unwrap_or_default()
    }

    pub(crate) fn name(&self) -> &str {
        let cuts = self.cuts();
        self.texts.get(cuts.suffix..cuts.name).unwrap_or_default()
    }

    pub(crate) fn owner(&self) -> Option<&str> {
        let cuts = self.cuts();
        self.texts
            .get(cuts.name..cuts.owner)
            .filter(|owner| !owner.is_empty())
    }

    /// A JSON object; nothing where it is empty.
    pub(crate) fn metadata(&self) -> Option<&str> {
        self.texts
            .get(self.cuts().owner..)
            .filter(|metadata| !metadata.is_empty())
    }

    pub(crate) fn lifetime(&self) -> Lifetime {
        match self.expires_at {
            FOREVER => Lifetime::Forever,
            end => Lifetime::Until(Timestamp::from_micros(end)),
        }
    }

    /// Counts one use; true when it is the first since the last sweep.
    pub(crate) fn count_allowed(&self, now: Timestamp) -> bool {
        self.last_used_ms.store(wrapped_ms(now), Ordering::Relaxed);
        // Whoever sees the count sees its time.
        self.allowed.fetch_add(1, Ordering::Release) == 0
    }

    /// How often it was allowed since the last sweep, and when last.
    pub(crate) fn take_allowed(&self, now: Timestamp) -> Option<(u32, Timestamp)> {
        let allowed = self.allowed.swap(0, Ordering::Acquire);
        if allowed == 0 {
            return None;
        }
        let ago_ms = wrapped_ms(now).wrapping_sub(self.last_used_ms.load(Ordering::Relaxed));
        // A use that another thread stamped after `now` was read would look 49 days old.
        let ago_ms = if ago_ms > u32::MAX / 2 { 0 } else { ago_ms };
        let at = Timestamp::from_micros(now.micros().saturating_sub(i64::from(ago_ms) * 1_000));
        Some((allowed, at))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "modulo 2^32 is the meaning"
)]
fn wrapped_ms(at: Timestamp) -> u32 {
    (at.micros() / 1_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_88_bytes() {
        assert_eq!(size_of::<Record>(), 88);
    }
}
