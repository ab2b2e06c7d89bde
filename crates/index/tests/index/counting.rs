//! Everything is counted once, for the key it was counted for.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use keyway_core::decide::Ask;
use keyway_core::key::Key;
use keyway_index::index::Index;
use keyway_index::usage::{KeyUsage, Refusal};

use crate::sample::{an_index, ask, at, key, may_read, reading, revocation};

/// Everything that waits to be drained, in parts of about ten keys.
fn drain(index: &Index) -> Vec<KeyUsage> {
    let mut all = Vec::new();
    let mut from = Some(0);
    while let Some(shard) = from {
        let (part, next) = index.drain_usage(shard, 10, at(101));
        all.extend(part);
        from = next;
    }
    all
}

fn writing_from(address: IpAddr) -> Ask {
    Ask {
        permissions: vec!["write".parse().unwrap()],
        ip: Some(address),
        ..Ask::default()
    }
}

#[test]
fn uses_and_refusals_are_told_once() {
    let index = an_index();
    index.apply_key(&key("k1"));
    let address: IpAddr = "203.0.113.9".parse().unwrap();
    for _ in 0..3 {
        assert_eq!(may_read(&index, "k1"), Ok(()));
    }
    for _ in 0..2 {
        assert!(ask(&index, "k1", &writing_from(address)).is_err());
    }
    let elsewhere = Ask {
        environment: Some("test".to_owned()),
        ..reading()
    };
    assert!(ask(&index, "k1", &elsewhere).is_err());
    let expected = KeyUsage {
        key: "k1".parse().unwrap(),
        allowed: 3,
        last_used_at: Some(at(100)),
        refused: vec![("insufficient_permissions", 2), ("environment_mismatch", 1)],
        last_refusal: Some(Refusal {
            at: at(100),
            reason: "environment_mismatch",
            address: None,
        }),
    };
    assert_eq!(drain(&index), [expected]);
    assert_eq!(drain(&index), []);
}

#[test]
fn a_use_after_the_sweep_looked_at_the_clock_is_not_an_age_old() {
    let index = an_index();
    index.apply_key(&key("k1"));
    assert_eq!(may_read(&index, "k1"), Ok(()));
    let (drained, _) = index.drain_usage(0, 10, at(99));
    assert_eq!(drained[0].last_used_at, Some(at(99)));
}

#[test]
fn another_version_of_a_key_keeps_what_was_counted() {
    let index = an_index();
    index.apply_key(&key("k1"));
    assert_eq!(may_read(&index, "k1"), Ok(()));
    assert!(ask(&index, "k1", &writing_from([203, 0, 113, 9].into())).is_err());
    index.apply_key(&key("k1").revoke(revocation(2)).unwrap());
    assert!(may_read(&index, "k1").is_err());
    let drained = drain(&index);
    assert_eq!(drained.len(), 1);
    assert_eq!(drained[0].allowed, 1);
    let refused = [("insufficient_permissions", 1), ("api_key_revoked", 1)];
    assert_eq!(drained[0].refused, refused);
}

#[test]
fn what_no_record_stands_behind_is_counted_nowhere() {
    let index = an_index();
    index.apply_key(&key("k1"));
    for secret in ["unknown", "-malformed-", "", &"k".repeat(1_000_000)] {
        assert!(may_read(&index, secret).is_err());
    }
    assert_eq!(drain(&index), []);
}

#[test]
fn a_key_in_the_place_of_a_deleted_one_inherits_nothing() {
    let index = an_index();
    let gone: Vec<Key> = (0..20_000)
        .map(|number| key(&format!("g{number}")))
        .collect();
    for key in &gone {
        index.apply_key(key);
        assert_eq!(may_read(&index, key.id.as_str()), Ok(()));
        let writing = writing_from([203, 0, 113, 9].into());
        assert!(ask(&index, key.id.as_str(), &writing).is_err());
    }
    for key in gone {
        index.apply_key(&key.delete(at(1)));
    }
    let fresh: Vec<String> = (0..20_000).map(|number| format!("f{number}")).collect();
    for id in &fresh {
        index.apply_key(&key(id));
    }
    assert_eq!(drain(&index), []);
    for id in &fresh {
        assert_eq!(may_read(&index, id), Ok(()));
    }
    let drained = drain(&index);
    assert_eq!(drained.len(), fresh.len());
    let is_plain = |it: &KeyUsage| it.allowed == 1 && it.refused.is_empty();
    assert!(drained.iter().all(is_plain));
}

/// Allowed and refused, by key.
type Counts = BTreeMap<String, (u32, u32)>;

fn add(counts: &mut Counts, id: &str, allowed: u32, refused: u32) {
    let sums = counts.entry(id.to_owned()).or_default();
    *sums = (sums.0 + allowed, sums.1 + refused);
}

fn add_drained(counts: &mut Counts, drained: Vec<KeyUsage>) {
    for it in drained {
        let refused = it.refused.iter().map(|(_, count)| count).sum();
        add(counts, it.key.as_str(), it.allowed, refused);
    }
}

/// One thread's questions, and what it was answered.
fn ask_around(index: &Index, thread: usize, ids: &[String]) -> Counts {
    let mut counts = Counts::new();
    let writing = writing_from([203, 0, 113, 9].into());
    for round in 0..40_000 {
        let id = &ids[(round * (2 * thread + 1)) % ids.len()];
        if round % 7 == thread {
            assert!(ask(index, id, &writing).is_err());
            add(&mut counts, id, 0, 1);
        } else {
            assert_eq!(may_read(index, id), Ok(()));
            add(&mut counts, id, 1, 0);
        }
    }
    counts
}

#[test]
fn sweeps_among_questions_and_changes_lose_and_invent_nothing() {
    let index = an_index();
    let ids: Vec<String> = (0..300).map(|number| format!("k{number}")).collect();
    for id in &ids {
        index.apply_key(&key(id));
    }
    let is_over = AtomicBool::new(false);
    let mut drained = Counts::new();
    let asked = std::thread::scope(|scope| {
        let (index, ids, is_over) = (&index, &ids, &is_over);
        let changing = scope.spawn(move || {
            let mut version = 1;
            while !is_over.load(Ordering::Relaxed) {
                version += 1;
                for id in ids {
                    index.apply_key(&Key { version, ..key(id) });
                }
            }
        });
        let asking: Vec<_> = (0..4)
            .map(|thread| scope.spawn(move || ask_around(index, thread, ids)))
            .collect();
        while asking.iter().any(|thread| !thread.is_finished()) {
            add_drained(&mut drained, drain(index));
        }
        is_over.store(true, Ordering::Relaxed);
        changing.join().unwrap();
        let mut asked = Counts::new();
        for thread in asking {
            for (id, (allowed, refused)) in thread.join().unwrap() {
                add(&mut asked, &id, allowed, refused);
            }
        }
        asked
    });
    add_drained(&mut drained, drain(&index));
    assert_eq!(drained, asked);
}
