//! Questions while keys come, change and go.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use keyway_core::decide::Reason;

use crate::sample::{an_index, at, key, may_read, revocation};

const STEADY: usize = 500;
const COMING: usize = 20_000;

#[test]
fn a_change_that_was_applied_is_seen_by_every_question_after_it() {
    let index = an_index();
    for number in 0..STEADY {
        index.apply_key(&key(&format!("steady_{number}")));
    }
    // How many keys came, and of those how many are revoked; told after it was done.
    let (came, revoked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for reader in 0..3 {
            let (index, came, revoked, is_over) = (&index, &came, &revoked, &is_over);
            scope.spawn(move || {
                let mut drawn = reader;
                while !is_over.load(Ordering::Relaxed) {
                    drawn = (drawn * 1_103 + 12_345) % 1_000_003;
                    let steady = format!("steady_{}", drawn % STEADY);
                    assert_eq!(may_read(index, &steady), Ok(()));
                    let dead = revoked.load(Ordering::Acquire);
                    if dead > 0 {
                        let id = format!("k{}", drawn % dead);
                        assert_eq!(may_read(index, &id), Err(Reason::Revoked), "{id}");
                    }
                    let here = came.load(Ordering::Acquire);
                    if here > 0 {
                        let id = format!("k{}", drawn % here);
                        let answer = may_read(index, &id);
                        assert!(matches!(answer, Ok(()) | Err(Reason::Revoked)), "{id}");
                    }
                    let id = format!("passing_{}", drawn % 100);
                    let answer = may_read(index, &id);
                    assert!(matches!(answer, Ok(()) | Err(Reason::Invalid)), "{id}");
                }
            });
        }
        for number in 0..COMING {
            index.apply_key(&key(&format!("k{number}")));
            came.store(number + 1, Ordering::Release);
            let passing = format!("passing_{number}");
            index.apply_key(&key(&passing));
            index.apply_key(&key(&passing).delete(at(1)));
        }
        for number in 0..COMING {
            let key = key(&format!("k{number}"));
            index.apply_key(&key.revoke(revocation(1)).unwrap());
            revoked.store(number + 1, Ordering::Release);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(index.key_count(), STEADY + COMING);
}
