//! The note on a key's page about a day of use unlike the days before it.

use keyway_core::key::Key;
use keyway_core::outlier::{DAYS_BEFORE, DAYS_LOOKED_AT, Day, Kind, Outlier, latest};
use keyway_core::time::{Span, Timestamp};
use keyway_store::usage::{ALLOWED, UsageDay};

use super::super::members::grouped;
use super::super::moments;
use super::desk::Desk;
use crate::answer::problem::Problem;

const DAY: Span = Span::from_secs(24 * 60 * 60);
const DAYS: usize = DAYS_BEFORE + DAYS_LOOKED_AT;

#[derive(Clone, Debug)]
pub(crate) struct Unusual {
    pub title: String,
    pub sentence: String,
}

/// None when there is no such day in the last week.
pub(crate) async fn of(desk: &Desk, key: &Key) -> Result<Option<Unusual>, Problem> {
    let now = desk.now();
    let today = now.micros() - now.micros().rem_euclid(DAY.micros());
    let span = DAY.micros() * i64::try_from(DAYS - 1).unwrap_or(0);
    let from = Timestamp::from_micros(today - span);
    let store = &desk.app().store;
    let counted = store.read_usage_days(std::slice::from_ref(&key.id), from);
    let found = latest(&by_day(&counted.await?, from));
    Ok(found.map(|it| words(it, from, now)))
}

fn by_day(counted: &[UsageDay], from: Timestamp) -> [Day; DAYS] {
    let mut days = [Day::default(); DAYS];
    for it in counted {
        let place = (it.day.micros() - from.micros()) / DAY.micros();
        let day = usize::try_from(place).ok();
        let Some(day) = day.and_then(|at| days.get_mut(at)) else {
            continue;
        };
        if it.outcome == ALLOWED {
            day.allowed += it.count;
        } else {
            day.refused += it.count;
        }
    }
    days
}

fn words(it: Outlier, from: Timestamp, now: Timestamp) -> Unusual {
    let days = DAY.micros() * i64::try_from(it.at).unwrap_or(0);
    let day = moments::day(Timestamp::from_micros(from.micros() + days), now).words;
    let (what, advice) = match it.kind {
        Kind::Requests => (
            "requests were let through",
            "If nothing of yours explains it, somebody else may have the key: replace it.",
        ),
        Kind::Refusals => (
            "requests were refused",
            "Look below for the reason: something calls that the key does not allow.",
        ),
    };
    Unusual {
        title: format!("{day} was unlike the days before."),
        sentence: format!(
            "{} {what}, and at most {} on any of the {DAYS_BEFORE} days before. {advice}",
            grouped(it.count),
            grouped(it.most_before)
        ),
    }
}
