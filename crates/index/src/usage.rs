//! What was counted: uses in the record, refusals beside it, because most keys have none.

use std::net::IpAddr;

use keyway_core::decide::Reason;
use keyway_core::id::KeyId;
use keyway_core::time::Timestamp;

/// What was counted of one key since the last sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    pub key: KeyId,
    pub allowed: u32,
    pub last_used_at: Option<Timestamp>,
    /// Code of the reason, and how often.
    pub refused: Vec<(&'static str, u32)>,
    pub last_refusal: Option<Refusal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub at: Timestamp,
    /// The reason's code.
    pub reason: &'static str,
    pub address: Option<IpAddr>,
}

/// Refusals of one key since the last sweep.
#[derive(Clone, Debug)]
pub(crate) struct Refusals {
    pub(crate) counts: Vec<(&'static str, u32)>,
    pub(crate) last: Refusal,
}

impl Refusals {
    pub(crate) fn begin(refusal: Refusal) -> Self {
        Self {
            counts: vec![(refusal.reason, 1)],
            last: refusal,
        }
    }

    pub(crate) fn count(&mut self, refusal: Refusal) {
        match self
            .counts
            .iter_mut()
            .find(|(code, _)| *code == refusal.reason)
        {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.counts.push((refusal.reason, 1)),
        }
        self.last = refusal;
    }
}

impl Refusal {
    pub(crate) fn of(reason: &Reason, address: Option<IpAddr>, at: Timestamp) -> Self {
        Self {
            at,
            reason: reason.code(),
            address,
        }
    }
}
