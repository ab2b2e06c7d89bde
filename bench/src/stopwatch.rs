//! Time as the bench reads it; the one place that reads a clock.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// Runs from its making.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "measuring is what a bench is for"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Time that this thread had a processor; what others take of a shared machine is left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CpuStopwatch(u64);

impl CpuStopwatch {
    pub(crate) fn start() -> Result<Self> {
        Ok(Self(cpu_nanos()?))
    }

    pub(crate) fn elapsed(self) -> Result<Duration> {
        Ok(Duration::from_nanos(cpu_nanos()? - self.0))
    }
}

/// Nanoseconds that this thread had a processor so far.
fn cpu_nanos() -> Result<u64> {
    schedule_figure(0)
}

/// Nanoseconds that this thread was ready and the system ran others instead.
pub(crate) fn queued_nanos() -> Result<u64> {
    schedule_figure(1)
}

fn schedule_figure(place: usize) -> Result<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let figure = text.split_whitespace().nth(place);
    Ok(figure.context("schedstat is too short")?.parse()?)
}

/// Nanoseconds for each of `count`.
#[expect(clippy::cast_precision_loss, reason = "three digits are read of it")]
pub(crate) fn nanos_each(elapsed: Duration, count: u64) -> f64 {
    elapsed.as_nanos() as f64 / count as f64
}

#[expect(clippy::cast_precision_loss, reason = "three digits are read of it")]
pub(crate) fn per_second(count: u64, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
