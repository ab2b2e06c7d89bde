//! How long a question waits for a writer, while tables and arenas grow from nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use keyway_core::profile::Profile;
use keyway_index::index::Index;

use crate::in_process::{an_index, apply, count, is_let_through, reading};
use crate::sample::{self, Numbered, Samples};
use crate::scale::Scale;
use crate::stopwatch::{Stopwatch, queued_nanos};
use crate::table::Row;

/// Shorter ones are no wait.
const SHORTEST: Duration = Duration::from_micros(20);

/// The longest times that a question took.
#[derive(Clone, Copy, Debug, Default)]
struct Longest {
    questions: u64,
    /// By the clock on the wall.
    wall: Duration,
    /// Without the time in which the system let others run on this processor.
    own: Duration,
}

pub(crate) fn rows(scale: Scale) -> Result<Vec<Row>> {
    let keys = scale.indexed_keys().first().copied().unwrap_or_default();
    let profile = Profile::parse(sample::PROFILE)?;
    let samples = Samples::of(&profile)?;
    let index = an_index(&profile)?;
    let came = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    let growing = std::thread::scope(|scope| {
        let reader = scope.spawn(|| read(&index, &samples, &came, &is_over));
        let written = write(&index, &samples, keys, &came);
        is_over.store(true, Ordering::Relaxed);
        let read = reader.join().map_err(|_| anyhow!("the reader broke off"))?;
        written.and(read)
    })?;
    let is_over = AtomicBool::new(false);
    let quiet = std::thread::scope(|scope| {
        let reader = scope.spawn(|| read(&index, &samples, &came, &is_over));
        // As busy as before, with nothing that the reader could wait for.
        let made: Result<Vec<_>> = (0..keys)
            .map(|number| Ok(samples.key(number)?.id.as_str().len()))
            .collect();
        is_over.store(true, Ordering::Relaxed);
        let read = reader.join().map_err(|_| anyhow!("the reader broke off"))?;
        made.and(read)
    })?;
    Ok(vec![
        row("a reader's longest wait, keys coming", growing, keys).aim("≤ 1 ms"),
        row("a reader's longest wait, no writer", quiet, keys),
    ])
}

fn write(index: &Index, samples: &Samples, keys: u64, came: &AtomicU64) -> Result<()> {
    for number in 0..keys {
        apply(index, number, &samples.key(number)?)?;
        came.store(number + 1, Ordering::Release);
    }
    Ok(())
}

fn read(
    index: &Index,
    samples: &Samples,
    came: &AtomicU64,
    is_over: &AtomicBool,
) -> Result<Longest> {
    let ask = reading()?;
    let mut numbers = Numbered(5);
    let mut longest = Longest::default();
    let mut queued = queued_nanos()?;
    while !is_over.load(Ordering::Relaxed) {
        let here = came.load(Ordering::Acquire);
        if here == 0 {
            continue;
        }
        let secret = samples.secret(numbers.below(here));
        let watch = Stopwatch::start();
        let is_good = is_let_through(index, secret.expose(), &ask);
        let wall = watch.elapsed();
        ensure!(is_good, "a key that is here was not let through");
        longest.questions += 1;
        if wall > SHORTEST {
            let before = std::mem::replace(&mut queued, queued_nanos()?);
            let others = Duration::from_nanos(queued - before);
            longest.wall = longest.wall.max(wall);
            longest.own = longest.own.max(wall.saturating_sub(others));
        }
    }
    Ok(longest)
}

fn row(what: &str, longest: Longest, keys: u64) -> Row {
    let (own, wall) = (longest.own.as_secs_f64(), longest.wall.as_secs_f64());
    Row::new(what, format!("{:.0} µs", own * 1e6)).by(&format!(
        "one thread asks {} times while another makes {} keys; without the time in which the system \
         ran others instead ({:.1} ms with it)",
        longest.questions,
        count(keys),
        wall * 1e3
    ))
}
