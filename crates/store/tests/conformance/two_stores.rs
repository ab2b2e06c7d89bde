//! Two stores on one database: the head lock makes them one.

use std::collections::HashSet;
use std::sync::LazyLock;

use keyway_core::id::KeyId;
use keyway_core::key::{Key, TransitionError};
use keyway_core::management::Reach;
use keyway_core::organization::OrganizationState;
use keyway_store::error::{ChangeError, Refusal};
use keyway_store::keys::change::{KeyAt, KeyEdit};
use keyway_store::ledger::Head;
use keyway_store::ledger::verify::LedgerState;
use keyway_store::location::OpenError;
use keyway_store::organizations::OrganizationEdit;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    two_stores_lose_no_row_and_leave_no_gap
    two_stores_never_exceed_a_limit
    of_racing_changes_to_one_key_each_sees_the_one_before
    a_revoke_comes_through_any_number_of_edits
    a_suspension_comes_through_any_number_of_edits
    a_second_server_is_refused_until_the_first_ends
}

async fn two_stores_lose_no_row_and_leave_no_gap(place: &Place) {
    let stores = [place.open().await, place.open().await];
    with_acme(&stores[0]).await;
    let mut tasks = Vec::new();
    for number in 0..400 {
        let store = stores[number % 2].clone();
        tasks.push(tokio::spawn(async move {
            let key = key("acme", &format!("k{number}"));
            store
                .create_key(&system(), key, OPEN, at(1))
                .await
                .unwrap()
                .head()
        }));
    }
    let mut heads = HashSet::new();
    for task in tasks {
        assert!(heads.insert(task.await.unwrap()));
    }
    let seqs: HashSet<i64> = heads.iter().map(|head| head.seq).collect();
    assert_eq!(seqs, (3..=402).collect());
    for store in &stores {
        let head = store.read_head().await.unwrap();
        assert_eq!(
            store.verify_ledger(None).await.unwrap(),
            LedgerState::Whole(head)
        );
        let batch = store.changes_after(Head::GENESIS).await.unwrap().unwrap();
        assert_eq!((batch.head.seq, batch.keys.len()), (402, 400));
        let followed: HashSet<Head> = batch.entries.iter().map(|entry| entry.head).collect();
        assert!(heads.is_subset(&followed));
    }
}

async fn two_stores_never_exceed_a_limit(place: &Place) {
    let stores = [place.open().await, place.open().await];
    with_acme(&stores[0]).await;
    let in_alpha = |id: String| Key {
        project: Some("alpha".parse().unwrap()),
        ..key("acme", &id)
    };
    for number in 0..9 {
        let key = in_alpha(format!("first{number}"));
        let _made = stores[0]
            .create_key(&system(), key, limited(10), at(1))
            .await
            .unwrap();
    }
    let mut tasks = Vec::new();
    for number in 0..40 {
        let store = stores[number % 2].clone();
        let key = in_alpha(format!("k{number}"));
        tasks.push(tokio::spawn(async move {
            store.create_key(&system(), key, limited(10), at(1)).await
        }));
    }
    let mut made = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => made += 1,
            Err(ChangeError::Refused { refusal, .. }) => {
                assert_eq!(refusal, Refusal::LimitReached);
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(made, 1);
    assert_eq!(stores[1].read_head().await.unwrap().seq, 12);
}

async fn of_racing_changes_to_one_key_each_sees_the_one_before(place: &Place) {
    let stores = [place.open().await, place.open().await];
    with_acme(&stores[0]).await;
    let _made = stores[0]
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    let mut tasks = Vec::new();
    for number in 0..8 {
        let store = stores[number % 2].clone();
        tasks.push(tokio::spawn(async move {
            let (reach, id) = (Reach::All, key_id("k1"));
            let at_key = KeyAt {
                reach: &reach,
                id: &id,
                expected: None,
            };
            store
                .revoke_key(&system(), at_key, &revocation(2), at(2))
                .await
                .unwrap()
                .head()
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap().seq, 4);
    }
    let found = stores[1]
        .find_key(&Reach::All, &key_id("k1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.version, 2);
}

/// Each edit moves the version that a revoke was made for; trying again must not be a lottery.
async fn a_revoke_comes_through_any_number_of_edits(place: &Place) {
    let stores = [place.open().await, place.open().await];
    with_acme(&stores[0]).await;
    let _made = stores[0]
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    let mut editors = Vec::new();
    for number in 0..100 {
        let store = stores[number % 2].clone();
        editors.push(tokio::spawn(async move {
            for turn in 0.. {
                let edit = KeyEdit {
                    name: Some(format!("Edited {number} {turn}").parse().unwrap()),
                    ..KeyEdit::default()
                };
                match store.update_key(&system(), k1(), &edit, OPEN, at(2)).await {
                    Ok(_) => {}
                    Err(error) => return (turn, error),
                }
            }
            panic!("an editor never ends by itself");
        }));
    }
    while stores[0].read_head().await.unwrap().seq < 50 {
        tokio::task::yield_now().await;
    }
    let revoked = stores[0]
        .revoke_key(&system(), k1(), &revocation(3), at(3))
        .await
        .unwrap();
    for editor in editors {
        let (_, error) = editor.await.unwrap();
        let dead = Refusal::Transition(TransitionError::Revoked);
        assert!(
            matches!(&error, ChangeError::Refused { refusal, head }
                if *refusal == dead && *head == revoked.head()),
            "{error}"
        );
    }
}

async fn a_suspension_comes_through_any_number_of_edits(place: &Place) {
    let stores = [place.open().await, place.open().await];
    with_acme(&stores[0]).await;
    let mut editors = Vec::new();
    for number in 0..100 {
        let store = stores[number % 2].clone();
        editors.push(tokio::spawn(async move {
            for turn in 0..5 {
                let edit = OrganizationEdit {
                    name: Some(format!("Edited {number} {turn}").parse().unwrap()),
                    ..OrganizationEdit::default()
                };
                let (reach, id) = (Reach::All, organization_id("acme"));
                let _edited = store
                    .update_organization(&system(), &reach, &id, None, edit, at(2))
                    .await
                    .unwrap();
            }
        }));
    }
    while stores[0].read_head().await.unwrap().seq < 50 {
        tokio::task::yield_now().await;
    }
    let (reach, id) = (Reach::All, organization_id("acme"));
    let suspended = stores[0]
        .suspend_organization(&system(), &reach, &id, at(3))
        .await
        .unwrap();
    let state = OrganizationState::Suspended { since: at(3) };
    assert_eq!(suspended.value().state, state);
    for editor in editors {
        editor.await.unwrap();
    }
    let found = stores[1].find_organization(&reach, &id).await.unwrap();
    let found = found.unwrap();
    // No edit was lost, and none took the suspension back.
    assert_eq!((found.state, found.version), (state, 502));
    assert_eq!(stores[1].read_head().await.unwrap().seq, 503);
}

async fn a_second_server_is_refused_until_the_first_ends(place: &Place) {
    let first = place.try_open(true).await.unwrap();
    assert!(first.lock_is_held());
    let second = place.try_open(true).await;
    assert!(matches!(second, Err(OpenError::InUse { .. })), "{second:?}");
    first.close().await;
    drop(first);
    let third = place.try_open(true).await.unwrap();
    assert!(third.lock_is_held());
}

fn k1() -> KeyAt<'static> {
    static ID: LazyLock<KeyId> = LazyLock::new(|| key_id("k1"));
    KeyAt {
        reach: &Reach::All,
        id: &ID,
        expected: None,
    }
}
