//! An index that may be wrong says nothing: neither yes nor no.

use keyway_core::decide::{Cause, Reason, Verdict};
use keyway_core::key::Key;
use keyway_core::management::Reach;
use keyway_core::profile::Profile;
use keyway_index::index::Index;
use keyway_index::policy::Policy;
use keyway_index::verify::{Presented, Spend};

use crate::sample::{PROFILE, an_index, at, key, may_read, organization, reading};

const CAUSES: [Cause; 5] = [
    Cause::Loading,
    Cause::Diverged,
    Cause::NotConfirmed,
    Cause::NotUnderstood,
    Cause::NoProfile,
];

fn verdict(index: &Index, secret: &str) -> Verdict<()> {
    let presented = Presented {
        unverified_secret: secret,
        reach: &Reach::All,
        ask: &reading(),
        now: at(100),
        spend: Spend::Nothing,
    };
    let answer = index.verify(presented, |_| ());
    let is_decided = !matches!(answer.verdict, Verdict::Undecided(_));
    assert!(is_decided || answer.key.is_none());
    answer.verdict
}

/// The cause, for every kind of string alike.
fn doubt(index: &Index) -> Option<Cause> {
    let verdicts = ["k1", "unknown", "-malformed-"].map(|secret| verdict(index, secret));
    match verdicts {
        [
            Verdict::Undecided(known),
            Verdict::Undecided(unknown),
            Verdict::Undecided(malformed),
        ] => {
            assert_eq!((known, unknown), (unknown, malformed));
            Some(known)
        }
        [
            Verdict::Allow(()),
            Verdict::Deny(Reason::Invalid),
            Verdict::Deny(Reason::Malformed),
        ] => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_fresh_index_is_loading_until_it_is_told_otherwise() {
    let index = Index::new((1, 2));
    assert_eq!(index.doubt(), Some(Cause::Loading));
    assert_eq!(doubt(&index), Some(Cause::Loading));
    index.settle_doubt(Cause::Loading);
    assert_eq!(index.doubt(), None);
    // Without a profile nobody can say what a key looks like.
    assert_eq!(doubt(&index), Some(Cause::Loading));
    let profile = Profile::parse(PROFILE).unwrap();
    index.apply_policy(Policy::of(&profile).unwrap());
    index.apply_organization(&organization("acme"));
    index.apply_key(&key("k1"));
    assert_eq!(doubt(&index), None);
}

#[test]
fn each_doubt_must_be_settled_by_itself_and_nothing_is_counted_meanwhile() {
    let index = an_index();
    index.apply_key(&key("k1"));
    for cause in CAUSES {
        index.raise_doubt(cause);
        assert_eq!(doubt(&index), Some(cause));
        for other in CAUSES.into_iter().filter(|other| *other != cause) {
            index.raise_doubt(other);
            index.settle_doubt(other);
            assert_eq!(doubt(&index), Some(cause));
        }
        index.raise_doubt(cause);
        index.settle_doubt(cause);
    }
    assert_eq!(index.drain_usage(0, 10, at(100)), (Vec::new(), None));
    assert_eq!(doubt(&index), None);
}

#[test]
fn a_key_whose_organization_has_not_come_is_undecided() {
    let index = an_index();
    let early = Key {
        organization: "late".parse().unwrap(),
        ..key("k1")
    };
    index.apply_key(&early);
    assert!(matches!(
        verdict(&index, "k1"),
        Verdict::Undecided(Cause::Loading)
    ));
    assert!(index.find_organization(&early.organization).is_none());
    index.apply_organization(&organization("late"));
    assert_eq!(may_read(&index, "k1"), Ok(()));
}

#[test]
fn a_cleared_index_has_forgotten_everything() {
    let index = an_index();
    index.apply_key(&key("k1"));
    index.apply_key(&key("k2").delete(at(1)));
    assert_eq!(may_read(&index, "k1"), Ok(()));
    index.raise_doubt(Cause::Loading);
    index.clear();
    index.settle_doubt(Cause::Loading);
    let acme = "acme".parse().unwrap();
    assert_eq!(index.key_count(), 0);
    assert!(index.find_organization(&acme).is_none());
    assert_eq!(index.only_organization(&Reach::All), None);
    assert_eq!(may_read(&index, "k1"), Err(Reason::Invalid));
    assert_eq!(index.drain_usage(0, 10, at(100)), (Vec::new(), None));
    // Another ledger may hold older versions, and what this one saw deleted.
    index.apply_organization(&organization("acme"));
    index.apply_key(&key("k1"));
    index.apply_key(&key("k2"));
    assert_eq!(may_read(&index, "k1"), Ok(()));
    assert_eq!(may_read(&index, "k2"), Ok(()));
}
