//! Keys that take another one's place, and how many there may be.

use std::time::Duration;

use keyway_core::key::{Key, Lifetime, TransitionError};
use keyway_store::error::Refusal;
use keyway_store::keys::change::KeyEdit;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    a_rotation_makes_two_rows_and_one_entry
    a_replaced_key_gets_no_longer_life
    a_limit_is_exact_and_the_overlap_of_a_rotation_is_free
    a_revoke_makes_room_for_a_key_in_the_same_transaction
}

async fn a_rotation_makes_two_rows_and_one_entry(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let _made = store
        .create_key(&system(), full_key(), OPEN, at(1))
        .await
        .unwrap();
    let (reach, id) = (own("acme"), key_id("k1"));
    let rotated = store
        .rotate_key(
            &system(),
            at_key(&reach, &id),
            &rotation("k2", "30s", 10),
            OPEN,
        )
        .await
        .unwrap();
    assert_eq!(rotated.head().seq, 4);
    let old = store.find_key(&reach, &id).await.unwrap().unwrap();
    assert_eq!(
        (old.lifetime, old.successor),
        (Lifetime::Until(at(40)), Some(key_id("k2")))
    );
    let fresh = store
        .find_key(&reach, &key_id("k2"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((fresh.grants, fresh.version), (full_key().grants, 1));
    let twice = store
        .rotate_key(
            &system(),
            at_key(&reach, &id),
            &rotation("k3", "30s", 11),
            OPEN,
        )
        .await;
    assert_eq!(
        refusal(twice),
        Refusal::Transition(TransitionError::HasSuccessor)
    );
}

/// It no longer counts against a limit, and its end was promised.
async fn a_replaced_key_gets_no_longer_life(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let _made = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    let (reach, id) = (own("acme"), key_id("k1"));
    let rotated = store
        .rotate_key(
            &system(),
            at_key(&reach, &id),
            &rotation("k2", "30s", 10),
            OPEN,
        )
        .await
        .unwrap();
    let by = system();
    let live = |lifetime| {
        let edit = KeyEdit {
            name: Some("Renamed".parse().unwrap()),
            lifetime: Some(lifetime),
            ..KeyEdit::default()
        };
        let (store, by, key) = (&store, &by, at_key(&reach, &id));
        async move { store.update_key(by, key, &edit, OPEN, at(11)).await }
    };
    for longer in [Lifetime::Forever, Lifetime::Until(at(41))] {
        assert_eq!(
            refusal(live(longer).await),
            Refusal::Transition(TransitionError::HasSuccessor)
        );
    }
    assert_eq!(store.read_head().await.unwrap(), rotated.head());
    let shorter = live(Lifetime::Until(at(39))).await.unwrap();
    assert_eq!(shorter.value().lifetime, Lifetime::Until(at(39)));
}

async fn a_limit_is_exact_and_the_overlap_of_a_rotation_is_free(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let in_alpha = |id: &str| Key {
        project: Some("alpha".parse().unwrap()),
        ..key("acme", id)
    };
    for id in ["k1", "k2"] {
        let _made = store
            .create_key(&system(), in_alpha(id), limited(2), at(1))
            .await
            .unwrap();
    }
    let third = store
        .create_key(&system(), in_alpha("k3"), limited(2), at(1))
        .await;
    assert_eq!(refusal(third), Refusal::LimitReached);
    let outside = store
        .create_key(&system(), key("acme", "k4"), limited(2), at(1))
        .await;
    assert_eq!(outside.unwrap().value().project, None);
    let (reach, id) = (own("acme"), key_id("k1"));
    let rotated = store
        .rotate_key(
            &system(),
            at_key(&reach, &id),
            &rotation("k5", "30s", 2),
            limited(2),
        )
        .await
        .unwrap();
    assert_eq!(rotated.value().fresh.id, key_id("k5"));
    let still = store
        .create_key(&system(), in_alpha("k3"), limited(2), at(3))
        .await;
    assert_eq!(refusal(still), Refusal::LimitReached);
    let second = key_id("k2");
    let _made = store
        .revoke_key(&system(), at_key(&reach, &second), &revocation(4), at(4))
        .await
        .unwrap();
    let free = store
        .create_key(&system(), in_alpha("k3"), limited(2), at(5))
        .await;
    assert_eq!(free.unwrap().value().id, key_id("k3"));
}

/// Both wait for the head lock together and share the transaction that follows.
async fn a_revoke_makes_room_for_a_key_in_the_same_transaction(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let in_alpha = |id: &str| Key {
        project: Some("alpha".parse().unwrap()),
        ..key("acme", id)
    };
    let _made = store
        .create_key(&system(), in_alpha("k1"), limited(1), at(1))
        .await
        .unwrap();
    let held = place.hold_head().await;
    let pause = || tokio::time::sleep(Duration::from_millis(100));
    let other = store.clone();
    let first = tokio::spawn(async move {
        let beta = project("acme", "beta");
        other.create_project(&system(), beta, at(2)).await
    });
    pause().await;
    let other = store.clone();
    let revoked = tokio::spawn(async move {
        let (reach, id) = (own("acme"), key_id("k1"));
        let key = at_key(&reach, &id);
        other
            .revoke_key(&system(), key, &revocation(2), at(2))
            .await
    });
    pause().await;
    let (other, second) = (store.clone(), in_alpha("k2"));
    let made =
        tokio::spawn(async move { other.create_key(&system(), second, limited(1), at(2)).await });
    pause().await;
    held.release().await;
    assert_eq!(first.await.unwrap().unwrap().head().seq, 4);
    assert_eq!(revoked.await.unwrap().unwrap().head().seq, 5);
    assert_eq!(made.await.unwrap().unwrap().head().seq, 6);
}
