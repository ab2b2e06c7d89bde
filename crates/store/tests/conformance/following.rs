//! What a follower sees.

use std::time::Duration;

use keyway_core::change::Change;
use keyway_core::key::KeyState;
use keyway_core::management::Reach;
use keyway_store::follow::{FOLLOW_KEYS_MAX, FollowError, Snapshot};
use keyway_store::keys::change::KeyAt;
use keyway_store::ledger::Head;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    a_follower_sees_each_change_with_its_rows
    a_follower_is_woken_by_a_change
    an_open_store_answers_and_tells_what_it_wrote_last
    a_deleted_key_is_still_followed
    a_snapshot_holds_everything
    a_batch_ends_before_it_names_too_many_keys
    a_follower_whose_entry_is_gone_stops
}

async fn a_follower_sees_each_change_with_its_rows(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let _made = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    let _made = store
        .set_root_key(&system(), management_key("mk_1", true), at(1))
        .await
        .unwrap();
    let _made = store
        .apply_profile(&system(), "keyway", "a = 1", 0, at(1))
        .await
        .unwrap();
    let batch = store.changes_after(Head::GENESIS).await.unwrap().unwrap();
    assert_eq!(batch.head, store.read_head().await.unwrap());
    let changes: Vec<&str> = batch
        .entries
        .iter()
        .map(|entry| entry.change.action())
        .collect();
    let expected = [
        "organization.created",
        "project.created",
        "key.created",
        "root_key.set",
        "profile.applied",
    ];
    assert_eq!(changes, expected);
    let created = Change::KeyCreated {
        organization: organization_id("acme"),
        id: key_id("k1"),
    };
    assert_eq!(batch.entries[2].change, created);
    assert_eq!(batch.organizations, [organization("acme")]);
    assert_eq!(batch.projects, [project("acme", "alpha")]);
    assert_eq!(batch.keys[0].id, key_id("k1"));
    assert_eq!(batch.management_keys[0].id.as_str(), "mk_1");
    assert_eq!(batch.profile.map(|profile| profile.version), Some(1));
    assert!(store.changes_after(batch.head).await.unwrap().is_none());
}

async fn a_follower_is_woken_by_a_change(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let head = store.read_head().await.unwrap();
    let follower = store.clone();
    let waiting = tokio::spawn(async move { follower.next_changes(head).await.unwrap() });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let made = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    assert_eq!(waiting.await.unwrap().head, made.head());
    // And by one of another store, within a poll.
    let other = place.open().await;
    let follower = store.clone();
    let waiting = tokio::spawn(async move { follower.next_changes(made.head()).await.unwrap() });
    let made = other
        .create_key(&system(), key("acme", "k2"), OPEN, at(1))
        .await
        .unwrap();
    assert_eq!(waiting.await.unwrap().head, made.head());
}

async fn an_open_store_answers_and_tells_what_it_wrote_last(place: &Place) {
    let store = place.try_open(true).await.unwrap();
    let committed = store.watch_committed();
    store.ping().await.unwrap();
    assert!(*store.watch_lock().borrow());
    with_acme(&store).await;
    assert_eq!(*committed.borrow(), store.read_head().await.unwrap().seq);
    store.close().await;
    assert!(store.ping().await.is_err());
}

async fn a_deleted_key_is_still_followed(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let made = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    let (reach, id) = (Reach::All, key_id("k1"));
    let at_key = KeyAt {
        reach: &reach,
        id: &id,
        expected: None,
    };
    let _made = store.delete_key(&system(), at_key, at(2)).await.unwrap();
    let batch = store.changes_after(made.head()).await.unwrap().unwrap();
    assert_eq!(batch.keys[0].state, KeyState::Deleted { at: at(2) });
    assert!(batch.keys[0].digest.same_as(&key("acme", "k1").digest));
}

async fn a_snapshot_holds_everything(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let acme = organization_id("acme");
    for chunk in 0..11 {
        let keys = (0..1_000)
            .map(|number| key("acme", &format!("k{chunk}x{number}")))
            .collect();
        let _made = store
            .import_keys(&system(), &acme, keys, OPEN, at(1))
            .await
            .unwrap();
    }
    let Snapshot {
        head,
        organizations,
        projects,
        mut pages,
        ..
    } = store.load_snapshot().await.unwrap();
    assert_eq!(head, store.read_head().await.unwrap());
    assert_eq!((organizations.len(), projects.len()), (1, 1));
    let mut ids = std::collections::HashSet::new();
    while let Some(page) = pages.recv().await {
        for key in page.unwrap() {
            assert!(ids.insert(key.id.clone()), "{} came twice", key.id);
        }
    }
    assert_eq!(ids.len(), 11_000);
}

async fn a_batch_ends_before_it_names_too_many_keys(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let acme = organization_id("acme");
    for chunk in 0..7 {
        let keys = (0..1_000)
            .map(|number| key("acme", &format!("k{chunk}x{number}")))
            .collect();
        let _made = store
            .import_keys(&system(), &acme, keys, OPEN, at(1))
            .await
            .unwrap();
    }
    let first = store.changes_after(Head::GENESIS).await.unwrap().unwrap();
    assert_eq!((first.head.seq, first.entries.len()), (7, 7));
    assert_eq!(first.keys.len(), FOLLOW_KEYS_MAX);
    let second = store.next_changes(first.head).await.unwrap();
    assert_eq!((second.head.seq, second.keys.len()), (9, 2_000));
}

async fn a_follower_whose_entry_is_gone_stops(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let head = store.read_head().await.unwrap();
    let other = Head {
        hash: [7; 32],
        ..head
    };
    assert!(matches!(
        store.changes_after(other).await,
        Err(FollowError::Diverged { .. })
    ));
    let beyond = Head {
        seq: 99,
        hash: [7; 32],
    };
    assert!(matches!(
        store.changes_after(beyond).await,
        Err(FollowError::Diverged { .. })
    ));
    assert!(store.changes_after(head).await.unwrap().is_none());
}
