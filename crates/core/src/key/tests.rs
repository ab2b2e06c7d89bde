use proptest::prelude::*;

use super::*;

fn at(secs: u32) -> Timestamp {
    Timestamp::from_micros(0).plus(Span::from_secs(secs))
}

fn key() -> Key {
    Key {
        id: "k1".parse().unwrap(),
        organization: "acme".parse().unwrap(),
        project: Some("alpha".parse().unwrap()),
        environment: "live".to_owned(),
        name: "CI".parse().unwrap(),
        description: None,
        owner: Some("u_1".parse().unwrap()),
        display_prefix: "kw_live_k1".to_owned(),
        suffix: "wxyz".to_owned(),
        digest: Digest::of("k1"),
        grants: Grants::none(),
        ip_rules: IpRules::parse(&["203.0.113.0/24"]).unwrap(),
        rate_limit: Some("100/1m".parse().unwrap()),
        metadata: Metadata::empty(),
        managed_by: None,
        state: KeyState::Active,
        lifetime: Lifetime::Forever,
        successor: None,
        created_at: at(0),
        created_by: "system".to_owned(),
        version: 1,
    }
}

fn until(secs: u32) -> Key {
    Key {
        lifetime: Lifetime::Until(at(secs)),
        ..key()
    }
}

fn inactive() -> Key {
    key().deactivate(at(1)).unwrap().unwrap()
}

fn revocation(by: &str, secs: u32) -> Revocation {
    Revocation {
        at: at(secs),
        by: by.to_owned(),
        reason: None,
        reason_code: None,
    }
}

fn revoked() -> Key {
    key().revoke(revocation("first", 1)).unwrap()
}

fn rotation(grace: &str, secs: u32) -> Rotation {
    Rotation {
        id: "k2".parse().unwrap(),
        digest: Digest::of("k2"),
        display_prefix: "kw_live_k2".to_owned(),
        suffix: "abcd".to_owned(),
        grace: grace.parse().unwrap(),
        by: "management_key/mk_1".to_owned(),
        now: at(secs),
    }
}

fn refusal(outcome: Result<Option<Key>, TransitionError>) -> TransitionError {
    outcome.map(|key| key.map(|key| key.state)).unwrap_err()
}

#[test]
fn a_key_ends_at_the_instant_of_its_date_and_not_before() {
    let end = Lifetime::Until(at(10));
    assert!(!end.has_ended(Timestamp::from_micros(9_999_999)));
    assert!(end.has_ended(at(10)));
    assert!(!Lifetime::Forever.has_ended(Timestamp::from_micros(i64::MAX)));
}

#[test]
fn a_life_is_shortened_and_never_lengthened() {
    assert_eq!(
        Lifetime::Until(at(5)).at_most(at(9)),
        Lifetime::Until(at(5))
    );
    assert_eq!(
        Lifetime::Until(at(9)).at_most(at(5)),
        Lifetime::Until(at(5))
    );
    assert_eq!(Lifetime::Forever.at_most(at(5)), Lifetime::Until(at(5)));
    let ends = [
        Lifetime::Until(at(1)),
        Lifetime::Until(at(2)),
        Lifetime::Forever,
    ];
    for (position, one) in ends.iter().enumerate() {
        for (other_position, other) in ends.iter().enumerate() {
            assert_eq!(one.outlasts(*other), position > other_position);
        }
    }
}

#[test]
fn the_status_is_the_state_and_the_clock() {
    let ended = |key: Key| Key {
        lifetime: Lifetime::Until(at(2)),
        ..key
    };
    let cases = [
        (key(), KeyStatus::Active),
        (inactive(), KeyStatus::Inactive),
        (revoked(), KeyStatus::Revoked),
        (ended(key()), KeyStatus::Expired),
        (ended(inactive()), KeyStatus::Expired),
        (ended(revoked()), KeyStatus::Revoked),
        (key().delete(at(1)), KeyStatus::Revoked),
    ];
    for (key, status) in cases {
        assert_eq!(key.status(at(2)), status, "{:?}", key.state);
    }
}

#[test]
fn a_key_is_switched_off_and_on_and_a_second_time_changes_nothing() {
    let off = key().deactivate(at(3)).unwrap().unwrap();
    assert_eq!(
        (&off.state, off.version),
        (&KeyState::Inactive { since: at(3) }, 2)
    );
    assert!(off.clone().deactivate(at(4)).unwrap().is_none());
    let on = off.activate(at(5)).unwrap().unwrap();
    assert_eq!((&on.state, on.version), (&KeyState::Active, 3));
    assert!(on.activate(at(6)).unwrap().is_none());
}

#[test]
fn a_dead_key_is_neither_switched_off_nor_on_nor_rotated() {
    let cases = [
        (revoked(), TransitionError::Revoked),
        (key().delete(at(1)), TransitionError::Revoked),
        (revoked().delete(at(2)), TransitionError::Revoked),
        (until(5), TransitionError::Expired),
    ];
    for (key, error) in cases {
        assert_eq!(refusal(key.clone().deactivate(at(5))), error);
        assert_eq!(refusal(key.clone().activate(at(5))), error);
        assert_eq!(key.rotate(rotation("24h", 5)).unwrap_err(), error);
    }
}

#[test]
fn an_inactive_key_is_not_rotated() {
    let refused = inactive().rotate(rotation("24h", 5)).unwrap_err();
    assert_eq!(refused, TransitionError::Inactive);
}

#[test]
fn revoking_again_keeps_the_first_time_and_actor() {
    let first = revoked();
    assert_eq!(first.version, 2);
    assert!(first.clone().revoke(revocation("second", 9)).is_none());
    assert!(first.delete(at(3)).revoke(revocation("third", 9)).is_none());
    let expired = until(5).revoke(revocation("first", 9)).unwrap();
    assert_eq!(expired.status(at(9)), KeyStatus::Revoked);
}

#[test]
fn a_rotation_keeps_everything_but_the_secret_in_the_successor() {
    let before = until(100_000);
    let Rotated { outgoing, fresh } = before.clone().rotate(rotation("1h", 10)).unwrap();
    assert_eq!(
        format!("{fresh:?}"),
        format!(
            "{:?}",
            Key {
                id: "k2".parse().unwrap(),
                digest: Digest::of("k2"),
                display_prefix: "kw_live_k2".to_owned(),
                suffix: "abcd".to_owned(),
                created_at: at(10),
                created_by: "management_key/mk_1".to_owned(),
                ..before.clone()
            }
        )
    );
    assert!(fresh.digest.same_as(&Digest::of("k2")));
    assert_eq!(
        format!("{outgoing:?}"),
        format!(
            "{:?}",
            Key {
                lifetime: Lifetime::Until(at(3_610)),
                successor: Some("k2".parse().unwrap()),
                version: 2,
                ..before
            }
        )
    );
}

#[test]
fn a_rotation_never_lengthens_the_old_keys_life() {
    let outgoing = until(20).rotate(rotation("24h", 10)).unwrap().outgoing;
    assert_eq!(outgoing.lifetime, Lifetime::Until(at(20)));
    // However long the grace: the end of time is no overflow.
    let forever = key().rotate(rotation("106751991d", 10)).unwrap().outgoing;
    assert!(matches!(forever.lifetime, Lifetime::Until(_)));
}

#[test]
fn a_grace_of_zero_revokes_and_does_not_wait_for_a_clock() {
    let Rotated { outgoing, fresh } = key().rotate(rotation("0s", 10)).unwrap();
    assert_eq!(
        outgoing.state,
        KeyState::Revoked(revocation("management_key/mk_1", 10))
    );
    assert_eq!(outgoing.lifetime, Lifetime::Forever);
    assert_eq!(outgoing.status(at(0)), KeyStatus::Revoked);
    assert_eq!(outgoing.successor, Some("k2".parse().unwrap()));
    assert_eq!(fresh.status(at(10)), KeyStatus::Active);
}

#[test]
fn a_replaced_key_gets_no_longer_life_and_a_dead_one_none() {
    let Rotated { outgoing, fresh } = key().rotate(rotation("1h", 0)).unwrap();
    let (shorter, own) = (Lifetime::Until(at(9)), Lifetime::Until(at(3_600)));
    for longer in [Lifetime::Until(at(3_601)), Lifetime::Forever] {
        let refused = outgoing.clone().live(longer).unwrap_err();
        assert_eq!(refused, TransitionError::HasSuccessor);
    }
    for same_or_shorter in [own, shorter] {
        let edited = outgoing.clone().live(same_or_shorter).unwrap();
        assert_eq!((edited.lifetime, edited.version), (same_or_shorter, 2));
    }
    assert_eq!(
        fresh.live(shorter).unwrap().live(own).unwrap().lifetime,
        own
    );
    for dead in [revoked(), key().delete(at(1))] {
        let refused = dead.live(Lifetime::Forever).unwrap_err();
        assert_eq!(refused, TransitionError::Revoked);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Deactivate,
    Activate,
    Revoke,
    Delete,
    Rotate(u32),
    Live(Option<u32>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Deactivate),
        Just(Step::Activate),
        Just(Step::Revoke),
        Just(Step::Delete),
        (0_u32..40).prop_map(Step::Rotate),
        prop::option::of(0_u32..90).prop_map(Step::Live),
    ]
}

/// The key after a step, and whether the step was taken.
fn take(key: &Key, step: &Step, now: u32) -> Option<Key> {
    let key = key.clone();
    match step {
        Step::Deactivate => key.deactivate(at(now)).ok().flatten(),
        Step::Activate => key.activate(at(now)).ok().flatten(),
        Step::Revoke => key.revoke(revocation("system", now)),
        Step::Delete => Some(key.delete(at(now))),
        Step::Rotate(grace) => {
            let rotated = key.rotate(rotation(&format!("{grace}s"), now));
            rotated.ok().map(|rotated| rotated.outgoing)
        }
        Step::Live(end) => {
            let end = end.map_or(Lifetime::Forever, |end| Lifetime::Until(at(end)));
            key.live(end).ok()
        }
    }
}

proptest! {
    #[test]
    fn revoked_is_terminal_through_any_steps(steps in prop::collection::vec(step(), 0..40)) {
        let mut key = key();
        let mut was_revoked = false;
        for (now, step) in (1_u32..).zip(&steps) {
            if let Some(next) = take(&key, step, now) {
                let is_dead = next.status(at(now)) == KeyStatus::Revoked;
                prop_assert!(!was_revoked || matches!(step, Step::Delete), "{step:?}");
                prop_assert!(is_dead || !matches!(step, Step::Revoke | Step::Delete));
                key = next;
            }
            was_revoked |= key.status(at(now)) == KeyStatus::Revoked;
            prop_assert_eq!(key.status(at(now)) == KeyStatus::Revoked, was_revoked);
            prop_assert_eq!(key.status(at(0)) == KeyStatus::Revoked, was_revoked);
        }
    }

    #[test]
    fn a_replaced_key_ends_no_later_than_it_was_told(
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let mut key = key();
        let mut promised: Option<Lifetime> = None;
        for (now, step) in (1_u32..).zip(&steps) {
            key = take(&key, step, now).unwrap_or(key);
            if let Some(promised) = promised {
                prop_assert!(!key.lifetime.outlasts(promised), "{step:?}");
            }
            promised = key.successor.is_some().then_some(key.lifetime);
        }
    }
}
