//! Lists, filters, searching, usage.

use keyway_core::key::{Key, KeyStatus, Lifetime};
use keyway_core::management::Reach;
use keyway_core::time::Timestamp;
use keyway_store::Store;
use keyway_store::keys::change::KeyAt;
use keyway_store::keys::list::KeyFilter;
use keyway_store::usage::{ALLOWED, LastRefusal, LastUse, UsageCounts};

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    keys_come_newest_first_and_page_by_page
    filters_hold_together
    a_replaced_key_that_still_works_is_found_among_all
    a_search_finds_an_id_a_prefix_a_suffix_or_the_beginning_of_a_name
    a_large_organization_is_searched_by_another_way_with_the_same_answers
    few_expired_keys_of_many_are_paged_newest_first
    organizations_and_projects_come_newest_first
    what_a_list_says_beside_its_rows
    usage_adds_up_and_the_latest_time_wins
}

async fn ids(store: &Store, reach: &Reach, filter: &KeyFilter) -> Vec<String> {
    let page = store
        .list_keys(reach, filter, None, 50, at(100))
        .await
        .unwrap();
    page.rows.iter().map(|key| key.id.to_string()).collect()
}

async fn keys_come_newest_first_and_page_by_page(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let _made = store
        .create_organization(&system(), organization("other"), at(0))
        .await
        .unwrap();
    for (id, secs) in [("a", 1), ("b", 2), ("c", 2), ("d", 3)] {
        let key = Key {
            created_at: at(secs),
            ..key("acme", id)
        };
        let _made = store
            .create_key(&system(), key, OPEN, at(secs))
            .await
            .unwrap();
    }
    let _made = store
        .create_key(&system(), key("other", "x"), OPEN, at(9))
        .await
        .unwrap();
    let mut cursor = None;
    let mut seen = Vec::new();
    loop {
        let filter = KeyFilter::default();
        let page = store
            .list_keys(&own("acme"), &filter, cursor.as_ref(), 3, at(9))
            .await
            .unwrap();
        seen.push(
            page.rows
                .iter()
                .map(|key| key.id.to_string())
                .collect::<Vec<_>>(),
        );
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [vec!["d", "c", "b"], vec!["a"]]);
    let all = KeyFilter::default();
    assert_eq!(
        ids(&store, &Reach::All, &all).await,
        ["d", "c", "b", "x", "a"]
    );
    let foreign = KeyFilter {
        organization: Some(organization_id("acme")),
        ..KeyFilter::default()
    };
    assert!(ids(&store, &own("other"), &foreign).await.is_empty());
}

/// `a` active with a word for every filter, `e` expired, `i` inactive, `r` revoked.
async fn with_a_key_in_each_state(store: &Store) {
    with_acme(store).await;
    let alpha = Key {
        project: Some("alpha".parse().unwrap()),
        owner: Some("u_1".parse().unwrap()),
        managed_by: Some("terraform".parse().unwrap()),
        environment: "test".to_owned(),
        ..key("acme", "a")
    };
    let expired = Key {
        lifetime: Lifetime::Until(at(50)),
        ..key("acme", "e")
    };
    for key in [alpha, expired, key("acme", "i"), key("acme", "r")] {
        let _made = store.create_key(&system(), key, OPEN, at(1)).await.unwrap();
    }
    let (reach, inactive, revoked) = (own("acme"), key_id("i"), key_id("r"));
    let at_key = |id| KeyAt {
        reach: &reach,
        id,
        expected: None,
    };
    let _made = store
        .deactivate_key(&system(), at_key(&inactive), at(2))
        .await
        .unwrap();
    let _made = store
        .revoke_key(&system(), at_key(&revoked), &revocation(2), at(2))
        .await
        .unwrap();
}

async fn filters_hold_together(place: &Place) {
    let store = place.open().await;
    with_a_key_in_each_state(&store).await;
    let reach = own("acme");
    let filter = KeyFilter::default;
    for (status, expected) in [
        (KeyStatus::Active, "a"),
        (KeyStatus::Inactive, "i"),
        (KeyStatus::Expired, "e"),
        (KeyStatus::Revoked, "r"),
    ] {
        let with = KeyFilter {
            status: Some(status),
            ..filter()
        };
        assert_eq!(ids(&store, &reach, &with).await, [expected]);
    }
    let without = KeyFilter {
        include_revoked: false,
        ..filter()
    };
    assert_eq!(ids(&store, &reach, &without).await, ["i", "e", "a"]);
    let unmanaged = KeyFilter {
        hides_managed: true,
        ..without
    };
    assert_eq!(ids(&store, &reach, &unmanaged).await, ["i", "e"]);
    for with in [
        KeyFilter {
            project: Some("alpha".parse().unwrap()),
            ..filter()
        },
        KeyFilter {
            owner: Some("u_1".to_owned()),
            ..filter()
        },
        KeyFilter {
            managed_by: Some("terraform".to_owned()),
            ..filter()
        },
        KeyFilter {
            environment: Some("test".to_owned()),
            ..filter()
        },
    ] {
        assert_eq!(ids(&store, &reach, &with).await, ["a"], "{with:?}");
        let none = KeyFilter {
            status: Some(KeyStatus::Revoked),
            ..with
        };
        assert!(ids(&store, &reach, &none).await.is_empty());
    }
}

async fn a_replaced_key_that_still_works_is_found_among_all(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    for id in ["a", "b", "c"] {
        let key = key("acme", id);
        let _made = store.create_key(&system(), key, OPEN, at(1)).await.unwrap();
    }
    let reach = own("acme");
    // At the time of asking, the grace of one is over.
    for (id, successor, grace) in [("a", "a2", "3600s"), ("b", "b2", "30s")] {
        let id = key_id(id);
        let at_key = KeyAt {
            reach: &reach,
            id: &id,
            expected: None,
        };
        let wanted = rotation(successor, grace, 2);
        let _made = store
            .rotate_key(&system(), at_key, &wanted, OPEN)
            .await
            .unwrap();
    }
    let outgoing = KeyFilter {
        is_outgoing: true,
        ..KeyFilter::default()
    };
    assert_eq!(ids(&store, &reach, &outgoing).await, ["a"]);
    assert_eq!(ids(&store, &Reach::All, &outgoing).await, ["a"]);
    assert!(ids(&store, &own("other"), &outgoing).await.is_empty());
    let count = store.count_found(&reach, &outgoing, 10, at(100)).await;
    assert_eq!(count.unwrap(), 1);
    let named = KeyFilter {
        q: Some("no such name".to_owned()),
        ..outgoing
    };
    assert!(ids(&store, &reach, &named).await.is_empty());
}

async fn a_search_finds_an_id_a_prefix_a_suffix_or_the_beginning_of_a_name(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let named = |id: &str, name: &str, suffix: &str| Key {
        name: name.parse().unwrap(),
        suffix: suffix.to_owned(),
        ..key("acme", id)
    };
    let keys = [
        named("k1", "Billing", "aaaa"),
        named("k2", "BILLING two", "bbbb"),
        named("k3", "50%_off", "cccc"),
        named("billing", "Ärger", "k1"),
    ];
    for key in keys {
        let _made = store.create_key(&system(), key, OPEN, at(1)).await.unwrap();
    }
    for (q, expected) in [
        ("billing", vec!["k2", "k1", "billing"]),
        ("billing t", vec!["k2"]),
        ("bbbb", vec!["k2"]),
        ("kw_live_k3", vec!["k3"]),
        ("k1", vec!["k1", "billing"]),
        ("%", vec![]),
        ("50%_", vec!["k3"]),
        ("ÄR", vec!["billing"]),
    ] {
        let with = KeyFilter {
            q: Some(q.to_owned()),
            ..KeyFilter::default()
        };
        assert_eq!(ids(&store, &own("acme"), &with).await, expected, "{q}");
        assert_eq!(ids(&store, &Reach::All, &with).await, expected, "{q}");
        assert!(ids(&store, &own("other"), &with).await.is_empty(), "{q}");
    }
}

/// Six thousand keys, one in a thousand of which is rare; all have expired at the end of a minute.
async fn many_keys(store: &Store) {
    with_acme(store).await;
    let _made = store
        .create_organization(&system(), organization("other"), at(0))
        .await
        .unwrap();
    for chunk in 0..6 {
        let owner = if chunk < 5 { "acme" } else { "other" };
        let keys = (chunk * 1_000..chunk * 1_000 + 1_000).map(|number: u32| Key {
            name: match number % 1_000 {
                7 => format!("Rare {number}").parse().unwrap(),
                _ => format!("Bulk {number}").parse().unwrap(),
            },
            created_at: at(number),
            lifetime: Lifetime::Until(at(60)),
            ..key(owner, &format!("k{number}"))
        });
        let _made = store
            .import_keys(
                &system(),
                &organization_id(owner),
                keys.collect(),
                OPEN,
                at(1),
            )
            .await
            .unwrap();
    }
}

const RARE: [&str; 5] = ["k4007", "k3007", "k2007", "k1007", "k7"];

fn search(q: &str) -> KeyFilter {
    KeyFilter {
        q: Some(q.to_owned()),
        ..KeyFilter::default()
    }
}

/// Whether there are few or many decides how a statement looks for them, so here are many: of all
/// keys, of names, and of expired keys.
async fn a_large_organization_is_searched_by_another_way_with_the_same_answers(place: &Place) {
    let store = place.open().await;
    many_keys(&store).await;
    let (acme, newest) = (own("acme"), ["k4999", "k4998", "k4997"]);
    assert_eq!(ids(&store, &acme, &search("rare")).await, RARE);
    let everywhere = [&["k5007"], &RARE[..]].concat();
    assert_eq!(ids(&store, &Reach::All, &search("rARE")).await, everywhere);
    assert_eq!(ids(&store, &acme, &search("rare 3")).await, ["k3007"]);
    assert_eq!(ids(&store, &acme, &search("bulk")).await[..3], newest);
    assert_eq!(ids(&store, &acme, &search("k4998")).await, ["k4998"]);
    let expired = KeyFilter {
        status: Some(KeyStatus::Expired),
        ..KeyFilter::default()
    };
    assert_eq!(ids(&store, &acme, &expired).await[..3], newest);
    let active = KeyFilter {
        status: Some(KeyStatus::Active),
        ..KeyFilter::default()
    };
    assert!(ids(&store, &acme, &active).await.is_empty());
}

async fn few_expired_keys_of_many_are_paged_newest_first(place: &Place) {
    let store = place.open().await;
    many_keys(&store).await;
    let filter = KeyFilter {
        status: Some(KeyStatus::Expired),
        ..search("rare")
    };
    assert_eq!(ids(&store, &own("other"), &filter).await, ["k5007"]);
    let mut cursor = None;
    let mut paged = Vec::new();
    for _ in 0..3 {
        let page = store
            .list_keys(&own("acme"), &filter, cursor.as_ref(), 2, at(100))
            .await
            .unwrap();
        paged.extend(page.rows.iter().map(|key| key.id.to_string()));
        cursor = page.next;
    }
    assert_eq!((paged, cursor), (RARE.map(str::to_owned).to_vec(), None));
}

async fn organizations_and_projects_come_newest_first(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let mut later = organization("later");
    later.created_at = at(5);
    let _made = store
        .create_organization(&system(), later, at(5))
        .await
        .unwrap();
    let _made = store
        .create_project(&system(), project("later", "alpha"), at(5))
        .await
        .unwrap();
    let first = store
        .list_organizations(&Reach::All, None, 1)
        .await
        .unwrap();
    assert_eq!(first.rows[0].id.as_str(), "later");
    let second = store
        .list_organizations(&Reach::All, first.next.as_ref(), 1)
        .await
        .unwrap();
    assert_eq!((second.rows[0].id.as_str(), second.next), ("acme", None));
    assert_eq!(
        store
            .list_organizations(&own("acme"), None, 9)
            .await
            .unwrap()
            .rows
            .len(),
        1
    );
    let projects = store
        .list_projects(&Reach::All, None, None, 1)
        .await
        .unwrap();
    assert_eq!(projects.rows, [project("later", "alpha")]);
    let rest = store
        .list_projects(&Reach::All, None, projects.next.as_ref(), 1)
        .await
        .unwrap();
    assert_eq!(rest.rows, [project("acme", "alpha")]);
    let acme = organization_id("acme");
    assert_eq!(
        store
            .list_projects(&own("later"), Some(&acme), None, 9)
            .await
            .unwrap()
            .rows,
        []
    );
    let found = store
        .find_project(&acme, &"alpha".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(found, Some(project("acme", "alpha")));
}

async fn what_a_list_says_beside_its_rows(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    for id in ["k1", "k2", "k3"] {
        let _made = store
            .create_key(&system(), key("acme", id), OPEN, at(1))
            .await
            .unwrap();
    }
    let reach = own("acme");
    let count = async |filter: KeyFilter, most| {
        let counted = store.count_found(&reach, &filter, most, at(2));
        counted.await.unwrap()
    };
    assert_eq!(count(KeyFilter::default(), 9).await, 3);
    assert_eq!(count(KeyFilter::default(), 2).await, 2);
    let expired = KeyFilter {
        status: Some(KeyStatus::Expired),
        ..KeyFilter::default()
    };
    assert_eq!(count(expired, 9).await, 0);
    let rotated = KeyAt {
        reach: &reach,
        id: &key_id("k1"),
        expected: None,
    };
    let _rotated = store
        .rotate_key(&system(), rotated, &rotation("k4", "1h", 2), OPEN)
        .await
        .unwrap();
    let found = store
        .list_predecessors(&reach, &[key_id("k2"), key_id("k4")])
        .await
        .unwrap();
    let found: Vec<&str> = found.iter().map(|key| key.id.as_str()).collect();
    assert_eq!(found, ["k1"]);
    let none = store
        .list_predecessors(&own("other"), &[key_id("k4")])
        .await;
    assert!(none.unwrap().is_empty());
}

async fn usage_adds_up_and_the_latest_time_wins(place: &Place) {
    let store = place.open().await;
    let refusal = |secs| LastRefusal {
        at: at(secs),
        reason: "api_key_expired".to_owned(),
        address: Some("203.0.113.9".to_owned()),
    };
    let counted = |secs: u32, last: u32| UsageCounts {
        key: key_id("k1"),
        at: at(secs),
        counts: vec![(ALLOWED.to_owned(), 2), ("api_key_expired".to_owned(), 1)],
        last_used_at: Some(at(last)),
        last_refusal: Some(refusal(last)),
    };
    for (secs, last) in [(0, 10), (1, 5), (7_200, 7)] {
        store.flush_usage(vec![counted(secs, last)]).await.unwrap();
    }
    let hours = store.read_usage(&key_id("k1"), at(0)).await.unwrap();
    let hours: Vec<_> = hours
        .iter()
        .map(|hour| (&*hour.outcome, hour.count))
        .collect();
    let expected = [
        (ALLOWED, 4),
        ("api_key_expired", 2),
        (ALLOWED, 2),
        ("api_key_expired", 1),
    ];
    assert_eq!(hours, expected);
    // The clock of these tests begins shortly before midnight.
    let day = |number: i64| Timestamp::from_micros(number * 86_400_000_000);
    let expected = [
        (day(19_675), ALLOWED, 4),
        (day(19_675), "api_key_expired", 2),
        (day(19_676), ALLOWED, 2),
        (day(19_676), "api_key_expired", 1),
    ];
    for (from, expected) in [(at(0), &expected[..]), (at(7_200), &expected[2..])] {
        let days = store
            .read_usage_days(&[key_id("k1"), key_id("k2")], from)
            .await
            .unwrap();
        let days: Vec<_> = days
            .iter()
            .map(|it| (it.day, &*it.outcome, it.count))
            .collect();
        assert_eq!(days, expected);
    }
    let uses = store
        .read_last_uses(&[key_id("k1"), key_id("k2")])
        .await
        .unwrap();
    let last = LastUse {
        used_at: Some(at(10)),
        refusal: Some(refusal(10)),
    };
    assert_eq!(uses, [(key_id("k1"), last)]);
    assert_eq!(store.read_head().await.unwrap().seq, 0);
}
