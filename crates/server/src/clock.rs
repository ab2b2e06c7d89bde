//! Time as a parameter: one wall clock for what people read, one that never steps for waiting.

use keyway_core::time::{Timestamp, Uptime};

/// Where the server gets the time from.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Seconds on a clock that only goes forward, from any beginning.
    fn elapsed_seconds(&self) -> f64;

    /// The same in whole milliseconds.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a clock that starts with the server reaches no year 292 million"
    )]
    fn uptime(&self) -> Uptime {
        Uptime::from_millis((self.elapsed_seconds() * 1e3) as u64)
    }
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    started: std::time::Instant,
}

impl SystemClock {
    #[expect(clippy::disallowed_methods, reason = "start-up makes the one clock")]
    pub fn start() -> Self {
        Self {
            started: std::time::Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one clock")]
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
    }

    fn elapsed_seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}
