//! Time that stands still until a test moves it, and randomness that is the same in each run.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use keyway_core::time::Timestamp;
use keyway_server::clock::Clock;
use keyway_server::serve::Sources;
use keyway_token::entropy::Entropy;

/// 2026-01-02T03:04:05Z, when every test begins.
const BEGINNING: i64 = 1_767_323_045_000_000;

#[derive(Clone, Debug)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(BEGINNING)))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// As answers write it.
    pub(crate) fn text(&self) -> String {
        self.text_in(0)
    }

    /// The moment so many seconds from now, as answers write it.
    pub(crate) fn text_in(&self, seconds: i64) -> String {
        let micros = self.0.load(Ordering::SeqCst) + seconds * 1_000_000;
        let moment = jiff::Timestamp::from_microsecond(micros).unwrap();
        moment.to_string()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "whole seconds after the beginning"
    )]
    fn elapsed_seconds(&self) -> f64 {
        (self.0.load(Ordering::SeqCst) - BEGINNING) as f64 / 1e6
    }
}

/// `SplitMix64`.
#[derive(Debug)]
pub(crate) struct TestEntropy(u64);

impl TestEntropy {
    pub(crate) fn new(start: u64) -> Self {
        Self(start << 32)
    }
}

impl Entropy for TestEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (mixed ^ (mixed >> 31)).to_le_bytes()[0];
        }
    }
}

/// `start`: which start of the server it is; each draws other numbers.
pub(crate) fn sources(clock: &TestClock, start: u64) -> Sources {
    Sources {
        clock: Box::new(clock.clone()),
        entropy: Box::new(TestEntropy::new(2 * start)),
        salts: Box::new(TestEntropy::new(2 * start + 1)),
    }
}
