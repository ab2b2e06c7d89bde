//! Many keys, and rows in any order.

use keyway_core::decide::{Reason, Verdict};
use keyway_core::key::{Key, Lifetime};
use keyway_core::management::Reach;
use keyway_core::organization::Project;
use keyway_index::verify::{Presented, Spend};

use crate::sample::{an_index, at, key, may_read, organization, reading, revocation};

#[test]
fn tables_that_grew_find_every_key_and_take_every_change() {
    let index = an_index();
    let ids: Vec<String> = (0..60_000).map(|number| format!("k{number}")).collect();
    for id in &ids {
        index.apply_key(&key(id));
    }
    assert_eq!(index.key_count(), ids.len());
    for id in &ids {
        assert_eq!(may_read(&index, id), Ok(()), "{id}");
    }
    for id in &ids {
        index.apply_key(&key(id).revoke(revocation(1)).unwrap());
    }
    assert_eq!(index.key_count(), ids.len());
    for id in &ids {
        assert_eq!(may_read(&index, id), Err(Reason::Revoked), "{id}");
    }
}

#[test]
fn an_older_version_never_takes_the_place_of_a_newer_one() {
    let index = an_index();
    let active = key("k1");
    let revoked = active.clone().revoke(revocation(1)).unwrap();
    for row in [&revoked, &active, &revoked, &active] {
        index.apply_key(row);
        assert_eq!(may_read(&index, "k1"), Err(Reason::Revoked));
    }
    assert_eq!(index.key_count(), 1);
}

#[test]
fn a_deleted_key_stays_deleted_whatever_row_comes_later() {
    let index = an_index();
    let active = key("k1");
    let revoked = active.clone().revoke(revocation(1)).unwrap();
    // The last row first: this index has never seen the key alive.
    index.apply_key(&revoked.clone().delete(at(2)));
    for row in [&active, &revoked] {
        index.apply_key(row);
        assert_eq!(may_read(&index, "k1"), Err(Reason::Invalid));
    }
    assert_eq!(index.key_count(), 0);
}

#[test]
fn organizations_and_projects_keep_their_newest_version_too() {
    let index = an_index();
    index.apply_key(&key("k1"));
    index.apply_organization(&organization("acme").suspend(at(1)).unwrap());
    index.apply_organization(&organization("acme"));
    assert_eq!(may_read(&index, "k1"), Err(Reason::Inactive));
    let project = |environment: &str, version| Project {
        organization: "acme".parse().unwrap(),
        id: "alpha".parse().unwrap(),
        name: "Alpha".parse().unwrap(),
        environment: Some(environment.to_owned()),
        created_at: at(0),
        version,
    };
    index.apply_project(&project("test", 2));
    index.apply_project(&project("live", 1));
    let (acme, alpha) = ("acme".parse().unwrap(), "alpha".parse().unwrap());
    let environment = index.project_environment(&acme, &alpha);
    assert_eq!(environment.as_deref(), Some("test"));
}

#[test]
fn a_key_of_an_organization_out_of_reach_is_as_unknown_as_any() {
    let index = an_index();
    index.apply_organization(&organization("other"));
    index.apply_key(&key("k1"));
    let presented = Presented {
        unverified_secret: "k1",
        reach: &Reach::One("other".parse().unwrap()),
        ask: &reading(),
        now: at(100),
        spend: Spend::Nothing,
    };
    let answer = index.verify(presented, |_| panic!("the key was shown"));
    assert!(matches!(answer.verdict, Verdict::Deny(Reason::Invalid)));
    assert!(answer.key.is_none());
    assert_eq!(index.drain_usage(0, 10, at(100)), (Vec::new(), None));
}

#[test]
fn what_is_told_of_a_key_is_what_was_put_in() {
    let index = an_index();
    let full = Key {
        project: Some("alpha".parse().unwrap()),
        owner: Some("u_1".parse().unwrap()),
        metadata: r#"{"plan":"é"}"#.parse().unwrap(),
        lifetime: Lifetime::Until(at(500)),
        name: "Ångström".parse().unwrap(),
        ..key("k1")
    };
    index.apply_key(&full);
    let presented = Presented {
        unverified_secret: "k1",
        reach: &Reach::All,
        ask: &reading(),
        now: at(100),
        spend: Spend::Nothing,
    };
    let told = index.verify(presented, |found| {
        let texts = [
            found.texts().id,
            found.texts().suffix,
            found.texts().name,
            found.texts().owner().unwrap(),
            found.texts().metadata().unwrap(),
            found.project().unwrap(),
            found.environment(),
            found.organization().id.as_str(),
        ];
        let texts = texts.map(str::to_owned);
        (texts, found.permissions(), found.lifetime())
    });
    let texts = [
        "k1",
        "wxyz",
        "Ångström",
        "u_1",
        r#"{"plan":"é"}"#,
        "alpha",
        "live",
        "acme",
    ]
    .map(str::to_owned);
    let permissions = vec!["read".to_owned()];
    assert_eq!(told.key, Some((texts, permissions, full.lifetime)));
}
