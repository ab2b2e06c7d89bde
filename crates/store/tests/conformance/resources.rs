//! Resources that a product told us of.

use keyway_core::change::Change;
use keyway_core::management::{Part, Reach};
use keyway_core::registered_resource::RegisteredResource;
use keyway_core::resource::ResourcePath;
use keyway_store::Store;
use keyway_store::error::Refusal;
use keyway_store::follow::Batch;
use keyway_store::ledger::Head;
use keyway_store::page::Cursor;
use keyway_store::resources::ResourceFilter;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    a_resource_is_told_renamed_taken_back_and_told_again
    a_resource_needs_a_project_of_its_organization
    telling_what_is_known_writes_nothing
    a_version_that_moved_refuses
    of_many_who_tell_at_once_one_brings_it
    a_list_holds_what_lies_in_a_path_by_whole_segments
    a_list_goes_on_behind_its_cursor
    a_part_of_an_organization_sees_its_projects_alone
}

fn path(raw: &str) -> ResourcePath {
    raw.parse().unwrap()
}

fn told(organization: &str, at_path: &str, name: &str, secs: u32) -> RegisteredResource {
    RegisteredResource {
        organization: organization_id(organization),
        path: path(at_path),
        name: name.parse().unwrap(),
        created_at: at(secs),
        removed_at: None,
        version: 1,
    }
}

async fn put(store: &Store, at_path: &str, secs: u32) -> RegisteredResource {
    let resource = told("acme", at_path, "Name", secs);
    let done = store
        .put_resource(&system(), resource, None, at(secs))
        .await;
    done.unwrap().into_parts().0.resource
}

async fn paths(store: &Store, reach: &Reach, within: Option<&str>) -> Vec<String> {
    let within = within.map(path);
    let filter = ResourceFilter {
        organization: None,
        within: within.as_ref(),
    };
    let page = store.list_resources(reach, filter, None, 50).await.unwrap();
    page.rows.iter().map(|it| it.path.to_string()).collect()
}

const W1: &str = "project/alpha/workflow/w1";

async fn a_resource_is_told_renamed_taken_back_and_told_again(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let before = store.read_head().await.unwrap();
    let (acme, by) = (organization_id("acme"), system());
    let put = async |name: &str, secs: u32| {
        let done = store
            .put_resource(&by, told("acme", W1, name, secs), None, at(secs))
            .await;
        done.unwrap().into_parts().0
    };
    let first = put("Mail", 2).await;
    assert!(first.is_new && first.resource.version == 1);
    let renamed = put("Post", 3).await;
    assert!(!renamed.is_new);
    assert_eq!(
        (renamed.resource.version, renamed.resource.created_at),
        (2, at(2))
    );
    let find = async || {
        store
            .find_resource(&own("acme"), &acme, &path(W1))
            .await
            .unwrap()
    };
    assert_eq!(find().await.as_ref(), Some(&renamed.resource));
    let gone = store
        .remove_resource(&by, &acme, &path(W1), None, at(4))
        .await;
    assert_eq!(gone.unwrap().value().version, 3);
    assert_eq!(find().await, None);
    let again = store
        .remove_resource(&by, &acme, &path(W1), None, at(5))
        .await;
    assert_eq!(refusal(again), Refusal::ResourceNotFound);
    let back = put("Post", 6).await;
    assert!(back.is_new);
    assert_eq!(
        (back.resource.version, back.resource.created_at),
        (4, at(6))
    );
    assert_eq!(
        actions_after(&store, before).await,
        [
            "resource.created",
            "resource.updated",
            "resource.deleted",
            "resource.created"
        ]
    );
}

async fn actions_after(store: &Store, head: Head) -> Vec<&'static str> {
    let batch: Batch = store.changes_after(head).await.unwrap().unwrap();
    let changes = batch.entries.iter().map(|entry| &entry.change);
    changes.map(Change::action).collect()
}

async fn a_resource_needs_a_project_of_its_organization(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    with_organization(&store, "other").await;
    let head = store.read_head().await.unwrap();
    for (organization, at_path, expected) in [
        ("acme", "project/gamma/workflow/w", Refusal::ProjectNotFound),
        ("other", W1, Refusal::ProjectNotFound),
        ("nobody", W1, Refusal::OrganizationNotFound),
    ] {
        let resource = told(organization, at_path, "Name", 2);
        let refused = store.put_resource(&system(), resource, None, at(2)).await;
        assert_eq!(refusal(refused), expected, "{organization} {at_path}");
    }
    assert_eq!(store.read_head().await.unwrap(), head);
}

async fn telling_what_is_known_writes_nothing(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    put(&store, W1, 2).await;
    let head = store.read_head().await.unwrap();
    let same = put(&store, W1, 3).await;
    assert_eq!((same.version, same.created_at), (1, at(2)));
    assert_eq!(store.read_head().await.unwrap(), head);
}

async fn a_version_that_moved_refuses(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let (by, acme) = (system(), organization_id("acme"));
    let put_at = async |expected: i64| {
        let resource = told("acme", W1, "Other", 3);
        store
            .put_resource(&by, resource, Some(expected), at(3))
            .await
    };
    assert_eq!(refusal(put_at(1).await), Refusal::VersionMoved);
    put(&store, W1, 2).await;
    assert_eq!(refusal(put_at(2).await), Refusal::VersionMoved);
    assert_eq!(put_at(1).await.unwrap().value().resource.version, 2);
    let removed = store
        .remove_resource(&by, &acme, &path(W1), Some(1), at(4))
        .await;
    assert_eq!(refusal(removed), Refusal::VersionMoved);
    let removed = store
        .remove_resource(&by, &acme, &path(W1), Some(2), at(4))
        .await;
    assert_eq!(removed.unwrap().value().version, 3);
}

async fn of_many_who_tell_at_once_one_brings_it(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let tellers: Vec<_> = (0..40)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let name = format!("Name {number}");
                let resource = told("acme", W1, &name, 2);
                let done = store.put_resource(&system(), resource, None, at(2)).await;
                done.unwrap().into_parts().0
            })
        })
        .collect();
    let mut versions = Vec::new();
    let mut bringers = 0;
    for teller in tellers {
        let done = teller.await.unwrap();
        bringers += i32::from(done.is_new);
        versions.push(done.resource.version);
    }
    versions.sort_unstable();
    assert_eq!(versions, (1..=40).collect::<Vec<i64>>());
    assert_eq!(bringers, 1);
}

async fn a_list_holds_what_lies_in_a_path_by_whole_segments(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let all = [
        "project/alpha/workflow/w1",
        "project/alpha/workflow/w1/node/n",
        "project/alpha/workflow/w10",
        "project/alpha/flow/w1",
    ];
    for (secs, at_path) in (2..).zip(all) {
        put(&store, at_path, secs).await;
    }
    let everything: Vec<&str> = all.iter().rev().copied().collect();
    assert_eq!(paths(&store, &Reach::All, None).await, everything);
    assert_eq!(
        paths(&store, &own("acme"), Some("project/alpha")).await,
        everything
    );
    assert_eq!(
        paths(&store, &own("acme"), Some("project/alpha/workflow/w1")).await,
        [all[1], all[0]]
    );
    assert!(
        paths(&store, &own("acme"), Some("project/alph"))
            .await
            .is_empty()
    );
    assert!(paths(&store, &own("other"), None).await.is_empty());
}

async fn a_list_goes_on_behind_its_cursor(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    for number in 0..5 {
        // Two of each age.
        put(&store, &format!("project/alpha/w/{number}"), 2 + number / 2).await;
    }
    let reach = own("acme");
    let mut seen = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let filter = ResourceFilter::default();
        let page = store
            .list_resources(&reach, filter, cursor.as_ref(), 2)
            .await
            .unwrap();
        seen.extend(page.rows.iter().map(|it| it.path.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(
        seen,
        [4, 3, 2, 1, 0].map(|number| format!("project/alpha/w/{number}"))
    );
}

async fn a_part_of_an_organization_sees_its_projects_alone(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let made = store
        .create_project(&system(), project("acme", "beta"), at(1))
        .await;
    let _made = made.unwrap();
    put(&store, W1, 2).await;
    put(&store, "project/beta/workflow/w2", 3).await;
    let acme = organization_id("acme");
    let part = |projects: &[&str]| {
        Reach::Part(Box::new(Part {
            organization: acme.clone(),
            projects: Some(projects.iter().map(|it| it.parse().unwrap()).collect()),
            owner: None,
            own: None,
        }))
    };
    for (projects, expected) in [
        (&["alpha"] as &[&str], vec![W1]),
        (&["alpha", "beta"], vec!["project/beta/workflow/w2", W1]),
        (&["gamma"], vec![]),
        (&[], vec![]),
    ] {
        let reach = part(projects);
        assert_eq!(paths(&store, &reach, None).await, expected);
        let found = store.find_resource(&reach, &acme, &path(W1)).await.unwrap();
        assert_eq!(found.is_some(), expected.contains(&W1));
    }
}
