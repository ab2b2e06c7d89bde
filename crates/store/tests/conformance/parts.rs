//! What whoever may see only some of the keys of an organization sees and changes.

use keyway_core::key::{Key, KeyStatus, Lifetime};
use keyway_core::management::{OwnKeys, Part, Reach};
use keyway_store::Store;
use keyway_store::error::Refusal;
use keyway_store::keys::change::KeyAt;
use keyway_store::keys::list::KeyFilter;
use keyway_token::digest::Digest;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    a_part_of_an_organization_finds_its_own_keys_alone
    a_part_of_an_organization_lists_its_own_keys_alone
    a_part_of_an_organization_lists_its_own_projects_alone
    a_part_of_an_organization_is_searched_page_by_page
    a_part_of_an_organization_revokes_its_own_keys_alone
    a_part_of_a_large_organization_is_searched_by_another_way_with_the_same_answers
}

/// In `acme`: `a1` in alpha of owner 1, `a2` in alpha of owner 2, `b1` in beta of owner 1, `n1` in no
/// project of owner 1, `n0` in none of nobody; in `other`: `x1` in alpha of owner 1.
async fn with_parts(store: &Store) {
    with_acme(store).await;
    with_organization(store, "other").await;
    for (organization, id) in [("acme", "beta"), ("other", "alpha")] {
        let made = store
            .create_project(&system(), project(organization, id), at(0))
            .await;
        let _made = made.unwrap();
    }
    let keys = [
        ("acme", "a1", Some("alpha"), Some("u_1")),
        ("acme", "a2", Some("alpha"), Some("u_2")),
        ("acme", "b1", Some("beta"), Some("u_1")),
        ("acme", "n1", None, Some("u_1")),
        ("acme", "n0", None, None),
        ("other", "x1", Some("alpha"), Some("u_1")),
    ];
    for (organization, id, project, owner) in keys {
        let key = Key {
            project: project.map(|it| it.parse().unwrap()),
            owner: owner.map(|it| it.parse().unwrap()),
            name: format!("Name {id}").parse().unwrap(),
            created_by: creator(id).to_owned(),
            ..key(organization, id)
        };
        let _made = store.create_key(&system(), key, OPEN, at(1)).await.unwrap();
    }
}

/// Ann made one in each project.
fn creator(id: &str) -> &'static str {
    match id {
        "a2" | "b1" | "x1" => "member/mem_ann",
        _ => "system",
    }
}

const ALL: [&str; 6] = ["x1", "n1", "n0", "b1", "a2", "a1"];

fn part(projects: Option<&[&str]>, owner: Option<&str>) -> Reach {
    Reach::Part(Box::new(Part {
        organization: organization_id("acme"),
        projects: projects.map(|it| it.iter().map(|it| it.parse().unwrap()).collect()),
        owner: owner.map(|it| it.parse().unwrap()),
        own: None,
    }))
}

/// All of some projects, and what Ann made in others.
fn with_own(projects: &[&str], own: Option<&[&str]>) -> Reach {
    let set = |it: &[&str]| it.iter().map(|it| it.parse().unwrap()).collect();
    Reach::Part(Box::new(Part {
        organization: organization_id("acme"),
        projects: Some(set(projects)),
        owner: None,
        own: Some(OwnKeys {
            member: "mem_ann".parse().unwrap(),
            projects: own.map(set),
        }),
    }))
}

/// A part and what it covers, newest first.
fn parts() -> Vec<(Reach, Vec<&'static str>)> {
    vec![
        (part(None, None), vec!["n1", "n0", "b1", "a2", "a1"]),
        (part(None, Some("u_1")), vec!["n1", "b1", "a1"]),
        (part(None, Some("u_3")), vec![]),
        (part(Some(&["alpha"]), None), vec!["a2", "a1"]),
        (part(Some(&["alpha", "beta"]), None), vec!["b1", "a2", "a1"]),
        (part(Some(&["alpha"]), Some("u_1")), vec!["a1"]),
        (part(Some(&["gamma"]), None), vec![]),
        (part(Some(&[]), None), vec![]),
        (part(Some(&[]), Some("u_1")), vec![]),
        (with_own(&[], None), vec!["b1", "a2"]),
        (with_own(&[], Some(&["alpha"])), vec!["a2"]),
        (with_own(&["beta"], Some(&["alpha"])), vec!["b1", "a2"]),
        (
            with_own(&["alpha"], Some(&["beta"])),
            vec!["b1", "a2", "a1"],
        ),
        (with_own(&["alpha"], Some(&["gamma"])), vec!["a2", "a1"]),
    ]
}

async fn a_part_of_an_organization_finds_its_own_keys_alone(place: &Place) {
    let store = place.open().await;
    with_parts(&store).await;
    let digests = ALL.map(Digest::of);
    for (reach, covered) in parts() {
        let by_digest = store.find_keys_by_digest(&reach, &digests).await.unwrap();
        for (id, by_digest) in ALL.into_iter().zip(by_digest) {
            let expected = covered.contains(&id).then(|| key_id(id));
            let found = store.find_key(&reach, &key_id(id)).await.unwrap();
            assert_eq!(found.map(|key| key.id), expected, "{reach:?}");
            assert_eq!(by_digest.map(|key| key.id), expected, "{reach:?}");
        }
    }
}

async fn listed(store: &Store, reach: &Reach, filter: &KeyFilter) -> Vec<String> {
    let page = store.list_keys(reach, filter, None, 50, at(100)).await;
    words(&page.unwrap().rows, |key| key.id.as_str())
}

async fn a_part_of_an_organization_lists_its_own_keys_alone(place: &Place) {
    let store = place.open().await;
    with_parts(&store).await;
    let search = |q: &str| KeyFilter {
        q: Some(q.to_owned()),
        ..KeyFilter::default()
    };
    for (reach, covered) in parts() {
        for filter in [KeyFilter::default(), search("name")] {
            let found = listed(&store, &reach, &filter).await;
            assert_eq!(found, covered, "{reach:?} {filter:?}");
        }
        // By id, by display prefix and by suffix.
        for id in ALL {
            let expected: Vec<&str> = covered.iter().copied().filter(|it| *it == id).collect();
            let suffix: String = id.chars().rev().collect();
            for q in [id.to_owned(), format!("kw_live_{id}"), suffix] {
                assert_eq!(listed(&store, &reach, &search(&q)).await, expected);
            }
        }
        // A filter of the same kind narrows and never widens.
        let asked = KeyFilter {
            organization: Some(organization_id("acme")),
            project: Some("alpha".parse().unwrap()),
            owner: Some("u_2".to_owned()),
            status: Some(KeyStatus::Active),
            ..KeyFilter::default()
        };
        let expected: Vec<&str> = covered.iter().copied().filter(|it| *it == "a2").collect();
        assert_eq!(listed(&store, &reach, &asked).await, expected, "{reach:?}");
        let foreign = KeyFilter {
            organization: Some(organization_id("other")),
            ..KeyFilter::default()
        };
        assert!(listed(&store, &reach, &foreign).await.is_empty());
    }
}

async fn a_part_of_an_organization_lists_its_own_projects_alone(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    with_organization(&store, "other").await;
    for (organization, id) in [("acme", "beta"), ("acme", "gamma"), ("other", "alpha")] {
        let made = store
            .create_project(&system(), project(organization, id), at(1))
            .await;
        let _made = made.unwrap();
    }
    let list = |projects: Option<&[&str]>, owner: Option<&str>, limit| {
        let projects = projects.map(|it| it.iter().map(|id| id.parse().unwrap()).collect());
        let reach = Reach::Part(Box::new(Part {
            organization: organization_id("acme"),
            projects,
            owner: owner.map(|it| it.parse().unwrap()),
            own: None,
        }));
        let store = store.clone();
        async move {
            let first = store
                .list_projects(&reach, None, None, limit)
                .await
                .unwrap();
            let mut ids = words(&first.rows, |it| it.id.as_str());
            if let Some(next) = &first.next {
                let rest = store.list_projects(&reach, None, Some(next), 9).await;
                ids.extend(words(&rest.unwrap().rows, |it| it.id.as_str()));
            }
            ids.sort_unstable();
            ids
        }
    };
    for limit in [1, 9] {
        let some = list(Some(&["alpha", "gamma", "nobody"]), None, limit).await;
        assert_eq!(some, ["alpha", "gamma"]);
    }
    assert_eq!(list(Some(&[]), None, 9).await, [] as [&str; 0]);
    assert_eq!(list(Some(&["beta"]), Some("u_1"), 9).await, ["beta"]);
    assert_eq!(list(None, Some("u_1"), 9).await, [] as [&str; 0]);
    assert_eq!(list(None, None, 9).await, ["alpha", "beta", "gamma"]);
}

async fn a_part_of_an_organization_is_searched_page_by_page(place: &Place) {
    let store = place.open().await;
    with_parts(&store).await;
    let reach = part(Some(&["alpha", "beta"]), None);
    for q in [None, Some("name".to_owned())] {
        let filter = KeyFilter {
            q,
            ..KeyFilter::default()
        };
        let mut cursor = None;
        let mut seen = Vec::new();
        loop {
            let page = store
                .list_keys(&reach, &filter, cursor.as_ref(), 1, at(9))
                .await
                .unwrap();
            seen.extend(words(&page.rows, |key| key.id.as_str()));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["b1", "a2", "a1"], "{filter:?}");
    }
}

async fn a_part_of_an_organization_revokes_its_own_keys_alone(place: &Place) {
    let store = place.open().await;
    with_parts(&store).await;
    let head = head_seq(&store).await;
    let reach = part(Some(&["alpha"]), Some("u_1"));
    for id in ["a2", "b1", "n1", "n0", "x1"] {
        let id = key_id(id);
        let foreign = KeyAt {
            reach: &reach,
            id: &id,
            expected: None,
        };
        let refused = store.deactivate_key(&system(), foreign, at(2)).await;
        assert_eq!(refusal(refused), Refusal::KeyNotFound, "{id}");
    }
    let ids = ALL.map(key_id);
    let answers = store
        .revoke_keys(&system(), &reach, &ids, &revocation(2), at(2))
        .await
        .unwrap();
    for (id, answer) in ALL.into_iter().zip(answers) {
        if id == "a1" {
            assert_eq!(answer.unwrap().head().seq, head + 1);
        } else {
            assert_eq!(refusal(answer), Refusal::KeyNotFound, "{id}");
        }
    }
    assert_eq!(head_seq(&store).await, head + 1);
}

/// Whether there are few or many decides how a statement looks for them, so here are many.
async fn a_part_of_a_large_organization_is_searched_by_another_way_with_the_same_answers(
    place: &Place,
) {
    let store = place.open().await;
    with_acme(&store).await;
    for chunk in 0..5 {
        let keys = (chunk * 1_000..chunk * 1_000 + 1_000).map(|number: u32| {
            let word = if number % 1_000 == 7 { "Rare" } else { "Bulk" };
            Key {
                name: format!("{word} {number}").parse().unwrap(),
                created_at: at(number),
                lifetime: Lifetime::Until(at(20)),
                project: (number % 2 == 1).then(|| "alpha".parse().unwrap()),
                owner: Some(format!("u_{}", number / 2_000).parse().unwrap()),
                ..key("acme", &format!("k{number}"))
            }
        });
        let _made = store
            .import_keys(
                &system(),
                &organization_id("acme"),
                keys.collect(),
                OPEN,
                at(1),
            )
            .await
            .unwrap();
    }
    let search = |q: &str| KeyFilter {
        q: Some(q.to_owned()),
        ..KeyFilter::default()
    };
    let expired = KeyFilter {
        status: Some(KeyStatus::Expired),
        ..KeyFilter::default()
    };
    for (reach, rare, newest) in [
        (part(None, Some("u_1")), vec!["k3007", "k2007"], "k3999"),
        (
            part(Some(&["alpha"]), Some("u_0")),
            vec!["k1007", "k7"],
            "k1999",
        ),
    ] {
        assert_eq!(listed(&store, &reach, &search("rare")).await, rare);
        assert_eq!(listed(&store, &reach, &search("bulk")).await[0], newest);
        assert_eq!(listed(&store, &reach, &expired).await[0], newest);
        assert!(listed(&store, &reach, &search("k4001")).await.is_empty());
    }
    let nothing = part(Some(&[]), None);
    for filter in [search("rare"), search("bulk"), search("k7"), expired] {
        assert!(listed(&store, &nothing, &filter).await.is_empty());
    }
}
