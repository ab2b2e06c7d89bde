//! The ledger: exact entries, the chain, and what breaks it.

use std::collections::HashSet;

use keyway_core::management::Reach;
use keyway_store::Store;
use keyway_store::keys::change::KeyAt;
use keyway_store::ledger::Head;
use keyway_store::ledger::entry::{Entry, EntryFilter, Walk};
use keyway_store::ledger::verify::{Fault, LedgerState};
use keyway_store::links::LinkKind;
use keyway_store::members::{MemberAt, MemberEdit};
use keyway_store::sessions::Proof;
use keyway_token::digest::Digest;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    the_same_calls_write_the_same_ledger
    the_same_calls_about_people_write_the_same_ledger
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

/// One change of each kind that is about people.
async fn some_history_of_people(store: &Store) {
    let (by, reach) = (system(), own("acme"));
    let ann = with_ann(store).await;
    let at_ann = MemberAt {
        reach: &reach,
        id: &ann.id,
        expected: None,
        kept: None,
    };
    let edit = MemberEdit {
        name: None,
        bindings: Some(bindings("admin")),
    };
    let edited = store.update_member(&by, at_ann, &edit, at(2)).await;
    let ann = edited.unwrap().into_parts().0;
    let way = sign_in_link("sign-in", &ann);
    let _made = store
        .create_sign_in_link(&by, &ann, way, at(3))
        .await
        .unwrap();
    let (digest, cookie) = (Digest::of("sign-in"), session("ann", &ann));
    let opened = store
        .begin_session(&by, &ann, Proof::Link(digest), opening(cookie), at(4))
        .await;
    let _opened = opened.unwrap();
    let by_ann = by_member(&ann);
    let set = first_password(&[&ann], "hash", "ann-2");
    let set = store.set_password(&by_ann, &ann, set, at(5)).await;
    let _set = set.unwrap();
    let memberships = [ann.id.clone()];
    let ended = store.end_sessions(&by_ann, &ann, &memberships, at(6)).await;
    let _ended = ended.unwrap();
    let invited = ["inv_1", "inv_2"].map(|id| invitation("acme", id, "zoe@example.com"));
    for it in &invited {
        let way = link(it.id.as_str(), LinkKind::Invitation, it.id.as_str());
        let made = store
            .create_invitation(&by_ann, it.clone(), way, at(7))
            .await;
        let _made = made.unwrap();
    }
    let [first, second] = invited;
    let withdrawn = store
        .withdraw_invitation(&by_ann, &reach, &first.id, at(8))
        .await;
    let _withdrawn = withdrawn.unwrap();
    let zoe = member("acme", "zoe", "zoe@example.com");
    let (digest, cookie) = (Digest::of("inv_2"), session("zoe", &zoe));
    let accepted = second.accept(at(9)).unwrap();
    let made = store
        .accept_invitation(&by, accepted, zoe, &digest, opening(cookie), at(9))
        .await;
    let _made = made.unwrap();
    let portal = portal_session("acme", "ps_1");
    let way = link("portal", LinkKind::Portal, "ps_1");
    let made = store
        .create_portal_session(&by_ann, portal, way, at(10))
        .await;
    let portal = made.unwrap().into_parts().0;
    let (digest, cookie) = (Digest::of("portal"), portal_cookie("portal", &portal));
    let opened = store
        .open_portal_session(&by, portal, &digest, opening(cookie), at(11))
        .await;
    let id = opened.unwrap().into_parts().0.id;
    let revoked = store
        .revoke_portal_session(&by_ann, &reach, &id, at(12))
        .await;
    let _revoked = revoked.unwrap();
    let _removed = store.remove_member(&by, at_ann, at(13)).await.unwrap();
}

/// The hash stands for every byte of sixteen entries, on both engines.
async fn the_same_calls_about_people_write_the_same_ledger(place: &Place) {
    let store = place.open().await;
    some_history_of_people(&store).await;
    let entries = entries(&store).await;
    let actions: HashSet<&str> = entries.iter().map(|entry| &*entry.action).collect();
    assert_eq!((entries.len(), actions.len()), (16, 15));
    let changes = store.changes_after(Head::GENESIS).await.unwrap().unwrap();
    let followed = changes.entries.into_iter().map(|entry| Some(entry.change));
    assert!(followed.eq(entries.iter().map(Entry::change)));
    let head = store.read_head().await.unwrap();
    assert_eq!(
        head.hash_hex(),
        "4d0b6623865356f86c34fcdf1fb21763b88a6d5a6bcfbee6df424d2ca14361cd"
    );
    let whole = store.verify_ledger(None).await.unwrap();
    assert_eq!(whole, LedgerState::Whole(head));
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
