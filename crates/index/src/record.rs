//! One key as it lies in memory: 64 bytes, which is one line of it, and the bytes of its texts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keyway_core::key::{Key, Lifetime};
use keyway_core::text::Label;
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;

use crate::access::Access;
use crate::texts::{Head, Texts};

/// Between the head and the texts, where the key has an end.
const END_BYTES: usize = 8;

/// Aligned, so that finding a key and deciding about it reads one line and not two.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Record {
    pub(crate) digest: Digest,
    /// Head, end where there is one, texts.
    rest: Box<[u8]>,
    pub(crate) access: Arc<Access>,
    /// Allowed since the last sweep.
    allowed: AtomicU32,
    /// Milliseconds, modulo 2^32: told apart by the sweep, which comes every few seconds.
    last_used_ms: AtomicU32,
}

impl Record {
    /// A record of a key that is not deleted. Whether it has an end is said by `access` too.
    pub(crate) fn of(key: &Key, access: Arc<Access>) -> Self {
        let owner = key.owner.as_ref().map_or("", Label::as_str);
        let metadata = if key.metadata.is_empty() {
            ""
        } else {
            key.metadata.as_json()
        };
        let end = match key.lifetime {
            Lifetime::Forever => None,
            Lifetime::Until(end) => Some(end.micros().to_le_bytes()),
        };
        let head = Head::of(key, owner).to_bytes();
        let parts = [
            head.as_slice(),
            end.as_ref().map_or(&[], |end| end.as_slice()),
            key.id.as_str().as_bytes(),
            key.suffix.as_bytes(),
            key.name.as_str().as_bytes(),
            owner.as_bytes(),
            metadata.as_bytes(),
        ];
        Self {
            digest: key.digest,
            rest: parts.concat().into_boxed_slice(),
            access,
            allowed: AtomicU32::new(0),
            last_used_ms: AtomicU32::new(0),
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

    pub(crate) fn version(&self) -> u32 {
        self.cut().map_or(0, |(head, _)| head.version)
    }

    pub(crate) fn lifetime(&self) -> Lifetime {
        if !self.access.has_end {
            return Lifetime::Forever;
        }
        let end = self.cut().and_then(|(_, rest)| rest.first_chunk());
        // A record is made whole, so its end is there; were it not, the key would have ended.
        let micros = end.map_or(i64::MIN, |end| i64::from_le_bytes(*end));
        Lifetime::Until(Timestamp::from_micros(micros))
    }

    pub(crate) fn texts(&self) -> Texts<'_> {
        self.try_texts().unwrap_or_default()
    }

    fn try_texts(&self) -> Option<Texts<'_>> {
        let (head, rest) = self.cut()?;
        let end_bytes = if self.access.has_end { END_BYTES } else { 0 };
        Texts::cut(head, std::str::from_utf8(rest.get(end_bytes..)?).ok()?)
    }

    fn cut(&self) -> Option<(Head, &[u8])> {
        let (head, rest) = self.rest.split_first_chunk()?;
        Some((Head::read(*head), rest))
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
    fn a_record_is_one_line_of_memory() {
        assert_eq!((size_of::<Record>(), align_of::<Record>()), (64, 64));
        assert_eq!(size_of::<Option<Record>>(), 64);
    }
}
