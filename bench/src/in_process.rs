//! The index by itself: what a question costs, and what a key weighs.

use anyhow::{Context as _, Result, ensure};
use keyway_core::decide::{Ask, Cause, Verdict};
use keyway_core::management::Reach;
use keyway_core::profile::Profile;
use keyway_index::index::Index;
use keyway_index::policy::Policy;
use keyway_index::verify::{Presented, Spend};
use keyway_token::digest::Digest;

use crate::sample::{self, NOW, Numbered, Samples};
use crate::scale::Scale;
use crate::stopwatch::{CpuStopwatch, median, nanos_each};
use crate::table::Row;

/// Rounds of questions; the one in the middle is told.
const ROUNDS: usize = 7;
/// Places of the yardstick for memory, 4 bytes each.
const PLACES: u32 = 1 << 26;

/// An index with keys, and what it took to hold them.
pub(crate) struct Loaded {
    pub index: Index,
    pub samples: Samples,
    keys: u64,
    bytes_per_key: f64,
}

/// Rows of an index of `keys` keys, in a process that held nothing before.
pub(crate) fn rows(keys: u64, scale: Scale) -> Result<Vec<Row>> {
    let loaded = load(keys, sample::KEYS_PER_PROJECT)?;
    let mut rows = vec![weight(&loaded, "100 keys a project")];
    let questions = scale.questions();
    let known = loaded.secrets(questions, 0);
    let unknown = loaded.secrets(questions, 1 << 40);
    let malformed: Vec<String> = known.iter().map(|secret| misspelt(secret)).collect();
    let one: Vec<String> = known.iter().take(1_000).cloned().collect();
    let method = format!(
        "parse, SHA-256, find, decide, count; {questions} keys at random, one thread's time on the \
         processor, the round in the middle of {ROUNDS}"
    );
    for (what, secrets, allowed, aim) in [
        ("known keys", &known, true, aim(keys)),
        ("unknown keys", &unknown, false, aim(keys)),
        ("malformed keys", &malformed, false, aim(keys)),
        ("the same 1,000 keys", &one, true, ""),
    ] {
        let nanos = verify_nanos(&loaded.index, secrets, allowed, questions)?;
        let what = format!("verify in process, {} keys: {what}", count(keys));
        rows.push(
            Row::new(what, format!("{nanos:.0} ns"))
                .aim(aim)
                .by(&method),
        );
    }
    drop(loaded);
    rows.push(sha_row(&known)?);
    rows.push(memory_row()?);
    Ok(rows)
}

/// The weight of keys that have least in common: each in a project of its own.
pub(crate) fn weight_apart(keys: u64) -> Result<Vec<Row>> {
    Ok(vec![weight(&load(keys, 1)?, "a project for each key")])
}

fn aim(keys: u64) -> &'static str {
    if keys > 1_000_000 {
        "≤ 1,000 ns"
    } else {
        "≤ 700 ns"
    }
}

/// `10 M`, `50,000`.
pub(crate) fn count(keys: u64) -> String {
    if keys.is_multiple_of(1_000_000) {
        format!("{} M", keys / 1_000_000)
    } else {
        format!("{} k", keys / 1_000)
    }
}

fn weight(loaded: &Loaded, spread: &str) -> Row {
    let what = format!("bytes a key, {} keys, {spread}", count(loaded.keys));
    let aim = if spread.starts_with("100 ") {
        "≤ 128"
    } else {
        ""
    };
    Row::new(what, format!("{:.0}", loaded.bytes_per_key))
        .aim(aim)
        .by("resident memory that loading added, less the bytes of names and metadata")
}

#[expect(clippy::cast_precision_loss, reason = "three digits are read of it")]
fn load(keys: u64, keys_per_project: u64) -> Result<Loaded> {
    let profile = Profile::parse(sample::PROFILE)?;
    let samples = Samples::of(&profile)?;
    let before = resident_bytes()?;
    let index = an_index(&profile)?;
    let mut text_bytes = 0;
    for number in 0..keys {
        let mut key = samples.key(number)?;
        key.project = Some(format!("prj_{}", number / keys_per_project).parse()?);
        text_bytes += key.name.as_str().len() + key.metadata.as_json().len();
        apply(&index, number, &key)?;
    }
    let bytes = resident_bytes()? - before - text_bytes as u64;
    Ok(Loaded {
        index,
        samples,
        keys,
        bytes_per_key: bytes as f64 / keys as f64,
    })
}

pub(crate) fn an_index(profile: &Profile) -> Result<Index> {
    let index = Index::new((1, 2));
    index.apply_policy(Policy::of(profile)?);
    index.settle_doubt(Cause::Loading);
    Ok(index)
}

/// A key, and its organization before the first of its keys.
pub(crate) fn apply(index: &Index, number: u64, key: &keyway_core::key::Key) -> Result<()> {
    if number.is_multiple_of(sample::KEYS_PER_ORGANIZATION) {
        index.apply_organization(&sample::organization(sample::organization_of(number)?)?);
    }
    index.apply_key(key);
    Ok(())
}

impl Loaded {
    fn secrets(&self, count: u64, shift: u64) -> Vec<String> {
        let mut numbers = Numbered(7);
        (0..count)
            .map(|_| shift + numbers.below(self.keys))
            .map(|number| self.samples.secret(number).expose().to_owned())
            .collect()
    }
}

/// With another last character: what a typing error makes of a key.
fn misspelt(secret: &str) -> String {
    let mut text = secret.to_owned();
    let other = if text.pop() == Some('0') { '1' } else { '0' };
    text.push(other);
    text
}

fn verify_nanos(index: &Index, secrets: &[String], are_good: bool, questions: u64) -> Result<f64> {
    let ask = reading()?;
    let mut nanos = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let mut allowed = 0;
        let watch = CpuStopwatch::start()?;
        for secret in secrets.iter().cycle().take(usize::try_from(questions)?) {
            allowed += u64::from(is_let_through(index, secret, &ask));
        }
        nanos.push(nanos_each(watch.elapsed()?, questions));
        let expected = if are_good { questions } else { 0 };
        ensure!(allowed == expected, "{allowed} of {questions} were allowed");
        sweep(index);
    }
    Ok(median(nanos))
}

pub(crate) fn reading() -> Result<Ask> {
    Ok(Ask {
        permissions: vec!["orders.read".parse()?],
        ..Ask::default()
    })
}

pub(crate) fn is_let_through(index: &Index, secret: &str, ask: &Ask) -> bool {
    let presented = Presented {
        unverified_secret: secret,
        reach: &Reach::All,
        ask,
        now: NOW,
        spend: Spend::Nothing,
    };
    let answer = index.verify(presented, |found| found.texts().id.len());
    matches!(answer.verdict, Verdict::Allow(())) && answer.key.is_some_and(|bytes| bytes > 0)
}

fn sweep(index: &Index) {
    let mut from = Some(0);
    while let Some(shard) = from {
        from = index.drain_usage(shard, 1_000, NOW).1;
    }
}

/// A yardstick: what one of the parts costs on this machine, now.
fn sha_row(secrets: &[String]) -> Result<Row> {
    let mut bits = 0_u32;
    let watch = CpuStopwatch::start()?;
    for secret in secrets {
        bits ^= u32::from(Digest::of(secret).as_bytes().first().copied().unwrap_or(0));
    }
    let nanos = nanos_each(watch.elapsed()?, secrets.len() as u64);
    ensure!(bits < 256, "a byte has eight bits");
    Ok(
        Row::new("yardstick: SHA-256 of a key", format!("{nanos:.0} ns"))
            .by("the same keys, one after the other"),
    )
}

/// A yardstick: each place names the next one, in one circle through all of them.
fn memory_row() -> Result<Row> {
    let mut next: Vec<u32> = (0..PLACES).collect();
    let mut numbers = Numbered(3);
    for last in (1..next.len()).rev() {
        let other = usize::try_from(numbers.below(last as u64))?;
        next.swap(last, other);
    }
    let steps = 5_000_000;
    let mut place = 0;
    let watch = CpuStopwatch::start()?;
    for _ in 0..steps {
        let at = usize::try_from(place)?;
        place = next.get(at).copied().context("a place outside")?;
    }
    let nanos = nanos_each(watch.elapsed()?, steps);
    ensure!(place < PLACES, "a place outside");
    Ok(
        Row::new("yardstick: one read of memory", format!("{nanos:.0} ns"))
            .by("each read tells the next one's place, at random in 256 MiB"),
    )
}

fn resident_bytes() -> Result<u64> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:"));
    let line = line.context("no resident memory is told")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1_024)
}
