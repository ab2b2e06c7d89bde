use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

fn limit(text: &str) -> RateLimit {
    text.parse().unwrap()
}

fn ms(millis: u64) -> Uptime {
    Uptime::from_millis(millis)
}

/// How many of the uses at these moments are let through.
fn admitted(limit: RateLimit, moments: impl IntoIterator<Item = u64>) -> usize {
    let mut full_at = 0;
    let mut count = 0;
    for at in moments {
        if let Some(later) = limit.spend(full_at, ms(at)) {
            full_at = later;
            count += 1;
        }
    }
    count
}

#[test]
fn a_rate_limit_is_written_as_a_limit_and_a_window() {
    for (text, limit, seconds) in [
        ("100/1m", 100, 60),
        ("1/1s", 1, 1),
        ("1000000/1d", 1_000_000, 86_400),
        ("7/90s", 7, 90),
    ] {
        let it: RateLimit = text.parse().unwrap();
        assert_eq!((it.limit(), it.window_seconds()), (limit, seconds));
        assert_eq!(it.to_string(), text);
    }
    assert_eq!(limit("5/60s").to_string(), "5/1m");
    for (text, fault) in [
        ("100", InvalidRateLimit::Shape),
        ("+1/1m", InvalidRateLimit::Shape),
        ("0/1m", InvalidRateLimit::Limit),
        ("1000001/1m", InvalidRateLimit::Limit),
        ("99999999999/1m", InvalidRateLimit::Limit),
        ("/1m", InvalidRateLimit::Limit),
        ("1/0s", InvalidRateLimit::Window),
        ("1/2d", InvalidRateLimit::Window),
        ("1/m", InvalidRateLimit::Window),
    ] {
        assert_eq!(text.parse::<RateLimit>(), Err(fault), "{text}");
    }
}

#[test]
fn what_is_left_and_when_there_is_more_is_told() {
    let limit = limit("3/1m");
    let mut full_at = 0;
    let mut told = Vec::new();
    for _ in 0..3 {
        full_at = limit.spend(full_at, ms(5_000)).unwrap();
        let quota = limit.quota(full_at, ms(5_000));
        told.push((quota.remaining, quota.more_in_seconds));
    }
    assert_eq!(told, [(2, 20), (1, 20), (0, 20)]);
    assert_eq!(limit.spend(full_at, ms(5_001)), None);
    let refused = limit.quota(full_at, ms(5_001));
    assert_eq!((refused.remaining, refused.more_in_seconds), (0, 20));
}

#[test]
fn a_limit_that_takes_the_place_of_another_goes_on_where_that_was() {
    let (before, after) = (limit("4/1m"), limit("8/1m"));
    let full_at = before.spend(0, ms(0)).unwrap();
    let full_at = before.spend(full_at, ms(0)).unwrap();
    let carried = after.carry_over(before, full_at);
    assert_eq!(after.quota(carried, ms(0)).remaining, 4);
}

#[test]
fn a_shorter_window_locks_nobody_out_for_the_longer_one_before() {
    let (before, after) = (limit("1/1d"), limit("1/1s"));
    let carried = after.carry_over(before, before.spend(0, ms(0)).unwrap());
    assert_eq!(after.quota(carried, ms(0)).more_in_seconds, 1);
    assert_eq!(limit("1/1s").spend(carried, ms(0)), None);
}

#[test]
fn within_means_no_more_at_once_and_no_more_in_time() {
    for (narrow, wide, is_within) in [
        ("100/1m", "100/1m", true),
        ("1/1s", "60/1m", true),
        ("60/1m", "1/1s", false),
        ("2/1s", "60/1m", false),
        ("10/1m", "100/1m", true),
        ("101/1m", "100/1m", false),
    ] {
        assert_eq!(limit(narrow).is_within(limit(wide)), is_within, "{narrow}");
    }
}

#[test]
fn a_million_years_of_uptime_overflow_nothing() {
    let limit = limit("1000000/1d");
    let late = ms(u64::MAX);
    assert!(limit.spend(0, late).is_some());
    assert!(limit.quota(u64::MAX, late).remaining <= 1_000_000);
}

/// Limits of which a part of the window is often no whole number of milliseconds.
fn any_limit() -> impl Strategy<Value = RateLimit> {
    (1_u32..500, 1_u32..120)
        .prop_map(|(limit, window)| RateLimit::new(limit, Span::from_secs(window)).unwrap())
}

proptest! {
    /// S-LIMIT-09: whoever keeps to the limit is never refused, over ten windows.
    #[test]
    fn s_limit_09_steady_traffic_at_the_limit_is_never_denied(
        limit in any_limit(), start in 0_u64..10_000_000, jitter in prop::collection::vec(0_u64..50, 16)
    ) {
        let count = u64::from(limit.limit()) * 10;
        let window = limit.window_ms();
        let moments: Vec<u64> = (0..count)
            .map(|number| {
                let late = jitter[usize::try_from(number % 16).unwrap()];
                let spread = late.min(window / u64::from(limit.limit()) / 2);
                // Beginnings of steps as long as the rate allows, and within each a moment of its own.
                start + (number * window).div_ceil(u64::from(limit.limit())) + if limit.limit() > 2 { spread } else { 0 }
            })
            .collect();
        prop_assert_eq!(admitted(limit, moments), usize::try_from(count).unwrap());
    }

    /// Whoever does not keep to it gets the limit at once and the limit in each window after that.
    #[test]
    fn over_the_limit_no_more_than_limit_and_burst_are_admitted(
        limit in any_limit(), gaps in prop::collection::vec(0_u64..2_000, 1..2_000)
    ) {
        let mut admitted_at = VecDeque::new();
        let (mut full_at, mut now) = (0, 0);
        for gap in gaps {
            now += gap;
            let Some(later) = limit.spend(full_at, ms(now)) else { continue };
            full_at = later;
            admitted_at.push_back(now);
            while admitted_at.front().is_some_and(|at| at + limit.window_ms() <= now) {
                admitted_at.pop_front();
            }
            prop_assert!(admitted_at.len() <= 2 * limit.limit() as usize);
        }
    }

    /// The same verdicts as a bucket of tokens kept in fractions that are never rounded.
    #[test]
    fn it_agrees_with_a_bucket_of_tokens(
        limit in any_limit(), gaps in prop::collection::vec(0_u64..2_000, 1..500)
    ) {
        // Tokens in parts of 1/window: one use costs a whole window of parts, a millisecond brings `limit`.
        let (cost, full) = (limit.window_ms(), limit.window_ms() * u64::from(limit.limit()));
        let (mut tokens, mut full_at, mut now) = (full, 0, 0);
        for gap in gaps {
            now += gap;
            tokens = (tokens + gap * u64::from(limit.limit())).min(full);
            let spent = limit.spend(full_at, ms(now));
            prop_assert_eq!(spent.is_some(), tokens >= cost);
            if let Some(later) = spent {
                (full_at, tokens) = (later, tokens - cost);
            }
            prop_assert_eq!(u64::from(limit.quota(full_at, ms(now)).remaining), tokens / cost);
        }
    }

    /// S-LIMIT-07, S-LIMIT-10: waiting as long as was told admits one, however often one asked.
    #[test]
    fn s_limit_07_waiting_exactly_as_told_admits_one(
        limit in any_limit(), asked in 1_usize..50, start in 0_u64..1_000_000
    ) {
        let mut full_at = 0;
        while let Some(later) = limit.spend(full_at, ms(start)) {
            full_at = later;
        }
        for _ in 0..asked {
            prop_assert_eq!(limit.spend(full_at, ms(start)), None);
        }
        let wait_ms = limit.quota(full_at, ms(start)).more_in_seconds * 1_000;
        prop_assert!(limit.spend(full_at, ms(start + wait_ms)).is_some());
        let needed_ms = limit.window_ms().div_ceil(u64::from(limit.limit()));
        prop_assert!(wait_ms >= needed_ms && wait_ms < needed_ms + 1_000);
    }
}
