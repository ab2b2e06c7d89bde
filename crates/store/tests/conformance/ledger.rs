//! The ledger: exact entries, the chain, and what breaks it.

use keyway_core::management::Reach;
use keyway_store::Store;
use keyway_store::keys::change::KeyAt;
use keyway_store::ledger::Head;
use keyway_store::ledger::entry::{Entry, EntryFilter, Walk};
use keyway_store::ledger::verify::{Fault, LedgerState};

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    the_same_calls_write_the_same_ledger
    an_entry_tells_who_did_what
    an_edited_entry_is_named
    a_missing_entry_is_named
    exchanged_entries_are_named
    personal_fields_can_be_erased_and_not_changed
    a_ledger_that_was_cut_short_is_known_by_an_earlier_head
}

async fn some_history(store: &Store) {
    with_acme(store).await;
    for id in ["k1", "k2", "k3"] {
        let _made = store
            .create_key(&system(), key("acme", id), OPEN, at(1))
            .await
            .unwrap();
    }
    let (reach, id) = (Reach::All, key_id("k2"));
    let at_key = KeyAt {
        reach: &reach,
        id: &id,
        expected: None,
    };
    let _made = store
        .revoke_key(&system(), at_key, &revocation(2), at(2))
        .await
        .unwrap();
}

async fn entries(store: &Store) -> Vec<Entry> {
    let filter = EntryFilter::default();
    store
        .list_entries(&Reach::All, &filter, Walk::After(0), 100)
        .await
        .unwrap()
}

/// The hash stands for every byte of six entries, on both engines.
async fn the_same_calls_write_the_same_ledger(place: &Place) {
    let store = place.open().await;
    some_history(&store).await;
    let head = store.read_head().await.unwrap();
    assert_eq!(head.seq, 6);
    assert_eq!(
        head.hash_hex(),
        "d98aca633732d75ccdc97d54ebe59592af6558999b9db95ee3d19b4c907d049e"
    );
}

async fn an_entry_tells_who_did_what(place: &Place) {
    let store = place.open().await;
    some_history(&store).await;
    let last = entries(&store).await.pop().unwrap();
    assert_eq!(
        (last.seq, &*last.actor, &*last.action, &*last.target),
        (6, "system", "key.revoked", "k2")
    );
    assert_eq!(
        serde_json::to_string(&last.detail).unwrap(),
        r#"{"reason_code":"leaked"}"#
    );
    assert_eq!(
        serde_json::to_string(&last.personal).unwrap(),
        r#"{"actor":"Keyway","reason":"it leaked"}"#
    );
    let filter = EntryFilter {
        action: Some("key.created".to_owned()),
        ..EntryFilter::default()
    };
    let page = store
        .list_entries(&own("acme"), &filter, Walk::Before(Some(5)), 10)
        .await
        .unwrap();
    assert_eq!(
        page.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        [4, 3]
    );
    let other = store
        .list_entries(&own("other"), &filter, Walk::After(0), 10)
        .await
        .unwrap();
    assert!(other.is_empty());
    let whole = store.verify_ledger(None).await.unwrap();
    assert_eq!(whole, LedgerState::Whole(store.read_head().await.unwrap()));
}

async fn state_after(place: &Place, tampering: &[&str]) -> LedgerState {
    let store = place.open().await;
    some_history(&store).await;
    for sql in tampering {
        place.tamper(sql).await;
    }
    store.verify_ledger(None).await.unwrap()
}

async fn an_edited_entry_is_named(place: &Place) {
    let state = state_after(place, &["UPDATE ledger SET actor = 'nobody' WHERE seq = 3"]).await;
    assert_eq!(
        state,
        LedgerState::Broken {
            seq: 3,
            fault: Fault::Altered
        }
    );
}

async fn a_missing_entry_is_named(place: &Place) {
    let state = state_after(place, &["DELETE FROM ledger WHERE seq = 4"]).await;
    assert_eq!(
        state,
        LedgerState::Broken {
            seq: 4,
            fault: Fault::Missing
        }
    );
}

async fn exchanged_entries_are_named(place: &Place) {
    let exchange = [
        "UPDATE ledger SET seq = 99 WHERE seq = 4",
        "UPDATE ledger SET seq = 4 WHERE seq = 5",
        "UPDATE ledger SET seq = 5 WHERE seq = 99",
    ];
    let state = state_after(place, &exchange).await;
    assert_eq!(
        state,
        LedgerState::Broken {
            seq: 4,
            fault: Fault::Altered
        }
    );
}

async fn personal_fields_can_be_erased_and_not_changed(place: &Place) {
    let store = place.open().await;
    some_history(&store).await;
    place
        .tamper("DELETE FROM ledger_personal WHERE seq = 3")
        .await;
    let whole = store.verify_ledger(None).await.unwrap();
    assert_eq!(whole, LedgerState::Whole(store.read_head().await.unwrap()));
    assert_eq!(entries(&store).await[2].personal, None);
    place
        .tamper("UPDATE ledger_personal SET fields = '{}' WHERE seq = 5")
        .await;
    let state = store.verify_ledger(None).await.unwrap();
    assert_eq!(
        state,
        LedgerState::Broken {
            seq: 5,
            fault: Fault::PersonalAltered
        }
    );
}

async fn a_ledger_that_was_cut_short_is_known_by_an_earlier_head(place: &Place) {
    let store = place.open().await;
    some_history(&store).await;
    let noted = store.read_head().await.unwrap();
    place.tamper("DELETE FROM ledger WHERE seq = 6").await;
    let before = entries(&store).await.pop().unwrap();
    assert_eq!(before.seq, 5);
    place
        .tamper("UPDATE ledger_head SET seq = 5, hash = (SELECT hash FROM ledger WHERE seq = 5)")
        .await;
    let alone = store.verify_ledger(None).await.unwrap();
    assert_eq!(
        alone,
        LedgerState::Whole(Head {
            seq: 5,
            hash: before.hash
        })
    );
    let known = store.verify_ledger(Some(noted)).await.unwrap();
    assert_eq!(
        known,
        LedgerState::Broken {
            seq: 6,
            fault: Fault::Missing
        }
    );
}
