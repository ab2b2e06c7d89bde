//! What tokens are signed with.

use keyway_core::change::Change;
use keyway_core::signing_key::{SealedKey, SigningAlgorithm, SigningKey, SigningKeyState};
use keyway_store::error::Refusal;
use keyway_store::ledger::Head;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    a_signing_key_is_kept_as_it_was_made_and_brought_to_whoever_follows
    a_revoked_signing_key_has_no_private_part_and_stays_revoked
    a_signing_key_of_the_same_id_is_refused
}

fn signing_key(id: &str, secs: u32) -> SigningKey {
    SigningKey {
        id: id.parse().unwrap(),
        algorithm: SigningAlgorithm::Es256,
        sealed: SealedKey(vec![0, 1, 255]),
        state: SigningKeyState::Active,
        signs_from: at(secs),
        created_at: at(1),
        created_by: "system".to_owned(),
        version: 1,
    }
}

async fn a_signing_key_is_kept_as_it_was_made_and_brought_to_whoever_follows(place: &Place) {
    let store = place.open().await;
    assert!(!store.has_made_signing_keys().await.unwrap());
    for key in [signing_key("sig_2", 20), signing_key("sig_1", 10)] {
        let _made = store
            .create_signing_key(&system(), key, at(1))
            .await
            .unwrap();
    }
    assert!(store.has_made_signing_keys().await.unwrap());
    let [first, second] = &store.list_signing_keys().await.unwrap()[..] else {
        panic!("two were made");
    };
    assert_eq!((first.id.as_str(), second.id.as_str()), ("sig_1", "sig_2"));
    assert_eq!(first.algorithm, SigningAlgorithm::Es256);
    assert_eq!(first.sealed, SealedKey(vec![0, 1, 255]));
    assert_eq!((first.signs_from, first.created_at), (at(10), at(1)));
    let batch = store.changes_after(Head::GENESIS).await.unwrap().unwrap();
    assert_eq!(batch.signing_keys.unwrap().len(), 2);
    let change = Change::SigningKeyCreated {
        id: "sig_2".parse().unwrap(),
    };
    assert_eq!(batch.entries[0].change, change);
    assert_eq!(store.load_snapshot().await.unwrap().signing_keys.len(), 2);
}

async fn a_revoked_signing_key_has_no_private_part_and_stays_revoked(place: &Place) {
    let store = place.open().await;
    let (by, id) = (system(), "sig_1".parse().unwrap());
    let missing = store.revoke_signing_key(&by, &id, at(1)).await;
    assert_eq!(refusal(missing), Refusal::SigningKeyNotFound);
    let key = signing_key("sig_1", 1);
    let _made = store.create_signing_key(&by, key, at(1)).await.unwrap();
    let revoked = store.revoke_signing_key(&by, &id, at(2)).await.unwrap();
    let again = store.revoke_signing_key(&by, &id, at(3)).await.unwrap();
    assert_eq!(again.head(), revoked.head());
    let [kept] = &store.list_signing_keys().await.unwrap()[..] else {
        panic!("one was made");
    };
    let state = SigningKeyState::Revoked {
        at: at(2),
        by: "system".to_owned(),
    };
    assert_eq!((&kept.state, kept.version), (&state, 2));
    assert_eq!(kept.sealed, SealedKey::default());
}

async fn a_signing_key_of_the_same_id_is_refused(place: &Place) {
    let store = place.open().await;
    let by = system();
    let key = signing_key("sig_1", 1);
    let _made = store
        .create_signing_key(&by, key.clone(), at(1))
        .await
        .unwrap();
    let again = store.create_signing_key(&by, key, at(2)).await;
    assert_eq!(refusal(again), Refusal::IdTaken);
}
