//! A limited key is used as often as its limit lets it, whatever comes meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};

use keyway_core::decide::{Ask, Reason, Verdict};
use keyway_core::key::Key;
use keyway_core::management::Reach;
use keyway_core::rate_limit::Quota;
use keyway_core::time::{Timestamp, Uptime};
use keyway_index::index::Index;
use keyway_index::verify::{Presented, Spend};

use crate::sample::{an_index, at, key, look, reading, revocation};

fn limited(id: &str, limit: &str) -> Key {
    Key {
        rate_limit: Some(limit.parse().unwrap()),
        ..key(id)
    }
}

struct Use<'a> {
    ask: &'a Ask,
    now: Timestamp,
    uptime_ms: u64,
}

fn use_key(index: &Index, id: &str, it: &Use<'_>) -> (Result<(), Reason>, Option<Quota>) {
    let answer = index.verify(
        Presented {
            unverified_secret: id,
            reach: &Reach::All,
            ask: it.ask,
            now: it.now,
            spend: Spend::One(Uptime::from_millis(it.uptime_ms)),
        },
        |_| (),
    );
    match answer.verdict {
        Verdict::Allow(()) => (Ok(()), answer.quota),
        Verdict::Deny(reason) => (Err(reason), answer.quota),
        Verdict::Undecided(cause) => panic!("undecided: {cause}"),
    }
}

/// How many of `tries` uses are let through at one moment.
fn admitted(index: &Index, id: &str, uptime_ms: u64, tries: usize) -> usize {
    let ask = reading();
    let now = at(100);
    let it = Use {
        ask: &ask,
        now,
        uptime_ms,
    };
    (0..tries)
        .filter(|_| use_key(index, id, &it).0.is_ok())
        .count()
}

#[test]
fn a_limited_key_is_refused_last_and_only_when_it_is_used_up() {
    let index = an_index();
    index.apply_key(&limited("k1", "2/1m"));
    let (reading, writing) = (
        reading(),
        Ask {
            permissions: vec!["write".parse().unwrap()],
            ..Ask::default()
        },
    );
    let (now, uptime_ms) = (at(100), 1_000);
    let [read, write] = [&reading, &writing].map(|ask| Use {
        ask,
        now,
        uptime_ms,
    });
    for _ in 0..10 {
        let (verdict, quota) = use_key(&index, "k1", &write);
        let lacks = matches!(verdict, Err(Reason::InsufficientPermissions { .. }));
        assert!(lacks && quota.is_none(), "{verdict:?}");
    }
    let mut left = Vec::new();
    for _ in 0..2 {
        let (verdict, quota) = use_key(&index, "k1", &read);
        assert_eq!(verdict, Ok(()));
        left.push(quota.unwrap().remaining);
    }
    assert_eq!(left, [1, 0]);
    let (verdict, quota) = use_key(&index, "k1", &read);
    assert_eq!(verdict, Err(Reason::RateLimited(quota.unwrap())));
    assert_eq!(quota.unwrap().more_in_seconds, 30);
    // Anything else that refuses is told first.
    let (verdict, _) = use_key(&index, "k1", &write);
    let lacks = matches!(verdict, Err(Reason::InsufficientPermissions { .. }));
    assert!(lacks, "{verdict:?}");
}

#[test]
fn s_limit_10_a_refused_use_uses_nothing_up() {
    let index = an_index();
    index.apply_key(&limited("k1", "2/1m"));
    assert_eq!(admitted(&index, "k1", 0, 1_000), 2);
    assert_eq!(admitted(&index, "k1", 29_999, 1_000), 0);
    assert_eq!(admitted(&index, "k1", 30_000, 1_000), 1);
}

#[test]
fn concurrent_uses_admit_exactly_the_limit() {
    let index = an_index();
    index.apply_key(&limited("k1", "1000/1m"));
    let count = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                count.fetch_add(admitted(&index, "k1", 7, 700), Ordering::Relaxed);
            });
        }
    });
    assert_eq!(count.into_inner(), 1_000);
}

#[test]
fn s_limit_13_steps_of_the_wall_clock_neither_refill_nor_lock_out() {
    let index = an_index();
    index.apply_key(&limited("k1", "2/1m"));
    let ask = reading();
    let at_hour = |hours: u32, uptime_ms| Use {
        ask: &ask,
        now: at(hours * 3_600),
        uptime_ms,
    };
    assert_eq!(use_key(&index, "k1", &at_hour(1, 0)).0, Ok(()));
    assert_eq!(use_key(&index, "k1", &at_hour(1, 0)).0, Ok(()));
    for hours in [0, 1, 2] {
        let verdict = use_key(&index, "k1", &at_hour(hours, 1)).0;
        assert!(matches!(verdict, Err(Reason::RateLimited(_))), "{hours}");
    }
    assert_eq!(use_key(&index, "k1", &at_hour(0, 30_000)).0, Ok(()));
}

#[test]
fn what_was_used_stays_used_over_edits_and_goes_with_the_key() {
    let index = an_index();
    index.apply_key(&limited("k1", "4/1m"));
    assert_eq!(admitted(&index, "k1", 0, 2), 2);
    let renamed = Key {
        name: "Other".parse().unwrap(),
        version: 2,
        ..limited("k1", "4/1m")
    };
    index.apply_key(&renamed);
    index.apply_key(&renamed);
    assert_eq!(admitted(&index, "k1", 0, 10), 2);
    let wider = Key {
        version: 3,
        ..limited("k1", "8/1m")
    };
    index.apply_key(&wider);
    assert_eq!(admitted(&index, "k1", 0, 10), 0);
    let free = Key {
        version: 4,
        ..key("k1")
    };
    index.apply_key(&free);
    assert_eq!(admitted(&index, "k1", 0, 100), 100);
    index.apply_key(&free.revoke(revocation(1)).unwrap().delete(at(2)));
    // The next key takes its place in memory, and nothing else of it.
    index.apply_key(&limited("k2", "3/1m"));
    assert_eq!(admitted(&index, "k2", 0, 10), 3);
}

#[test]
fn keys_do_not_share_a_limit_and_looking_uses_nothing() {
    let index = an_index();
    for id in ["k1", "k2"] {
        index.apply_key(&limited(id, "3/1m"));
    }
    for _ in 0..10 {
        assert_eq!(look(&index, "k1"), Ok(()));
    }
    assert_eq!(admitted(&index, "k1", 0, 10), 3);
    assert_eq!(admitted(&index, "k2", 0, 10), 3);
}
