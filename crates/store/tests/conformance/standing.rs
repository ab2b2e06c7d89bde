//! What a change rests on is looked at again inside the commit: its actor, the profile, what was asked before.

use keyway_core::actor::{Actor, Origin};
use keyway_core::management::{ManagementKeyState, Reach};
use keyway_store::call::{Call, Claim};
use keyway_store::error::Refusal;
use keyway_store::profile::InForce;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    an_actor_that_was_revoked_changes_nothing
    a_key_acts_as_it_was_when_it_was_let_through
    a_root_key_is_replaced_and_its_old_value_never_returns
    a_profile_that_moved_refuses_the_change
    an_idempotency_key_is_kept_with_its_change
    a_refusal_is_kept_under_its_idempotency_key_and_takes_none_over
}

async fn an_actor_that_was_revoked_changes_nothing(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let operator = management_key("mk_1", false);
    let _made = store
        .create_management_key(&system(), operator.clone(), at(1))
        .await
        .unwrap();
    let by = Call::from(Origin {
        actor: Actor::ManagementKey(operator.id.clone()),
        ..system().origin
    });
    let made = store
        .create_key(&by, key("acme", "k1"), OPEN, at(2))
        .await
        .unwrap();
    let revoked = store
        .revoke_management_key(&system(), &Reach::All, &operator.id, at(3))
        .await
        .unwrap();
    assert_ne!(revoked.value().state, ManagementKeyState::Active);
    let refused = store.create_key(&by, key("acme", "k2"), OPEN, at(4)).await;
    assert_eq!(refusal(refused), Refusal::ActorGone);
    assert_eq!(store.read_head().await.unwrap().seq, made.head().seq + 1);
    // A key that acts on itself stands as long as it is alive.
    let itself = Call::from(Origin {
        actor: Actor::Key(key_id("k1")),
        ..system().origin
    });
    let (reach, id) = (own("acme"), key_id("k1"));
    let dead = store
        .revoke_key(&itself, at_key(&reach, &id), &revocation(5), at(5))
        .await
        .unwrap();
    assert_eq!(dead.value().version, 2);
    let refused = store
        .create_key(&itself, key("acme", "k3"), OPEN, at(6))
        .await;
    assert_eq!(refusal(refused), Refusal::ActorGone);
}

async fn a_key_acts_as_it_was_when_it_was_let_through(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let (reach, id) = (own("acme"), key_id("k1"));
    let _made = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    let acting = |version| {
        Call::from(Origin {
            actor: Actor::ActingKey {
                id: key_id("k1"),
                version,
                organization: organization_id("acme"),
            },
            ..system().origin
        })
    };
    let make = async |version: i64, name: &str, now: u32| {
        let key = key("acme", name);
        store.create_key(&acting(version), key, OPEN, at(now)).await
    };
    let _let_through = make(1, "k2", 2).await.unwrap();

    // Switched off and on again it may hold less than it was let through with.
    for (version, now) in [(2, 3), (3, 4)] {
        let place = at_key(&reach, &id);
        let changed = if version == 2 {
            store.deactivate_key(&system(), place, at(now)).await
        } else {
            store.activate_key(&system(), place, at(now)).await
        };
        assert_eq!(changed.unwrap().value().version, version);
        assert_eq!(refusal(make(1, "k3", now).await), Refusal::ActorGone);
    }
    let _once_more = make(3, "k3", 5).await.unwrap();

    let acme = organization_id("acme");
    let _suspended = store
        .suspend_organization(&system(), &reach, &acme, at(6))
        .await
        .unwrap();
    assert_eq!(refusal(make(3, "k4", 7).await), Refusal::ActorGone);
}

async fn a_root_key_is_replaced_and_its_old_value_never_returns(place: &Place) {
    let store = place.open().await;
    let first = store
        .set_root_key(&system(), management_key("mk_1", true), at(1))
        .await
        .unwrap();
    let mut same = management_key("mk_2", true);
    same.digest = management_key("mk_1", true).digest;
    let again = store
        .set_root_key(&system(), same.clone(), at(2))
        .await
        .unwrap();
    assert_eq!(
        (again.head(), &again.value().id),
        (first.head(), &first.value().id)
    );
    let second = store
        .set_root_key(&system(), management_key("mk_3", true), at(3))
        .await
        .unwrap();
    assert_eq!(second.head().seq, 2);
    let old = store
        .find_management_key(&Reach::All, &first.value().id)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(old.state, ManagementKeyState::Active);
    let back = store.set_root_key(&system(), same, at(4)).await;
    assert_eq!(refusal(back), Refusal::RootKeyRevoked);
    let listed = store
        .list_management_keys(&Reach::All, None, 10)
        .await
        .unwrap();
    assert_eq!(listed.rows.len(), 2);
}

async fn a_profile_that_moved_refuses_the_change(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let applied = store
        .apply_profile(&system(), "keyway", "a = 1", 0, at(1))
        .await
        .unwrap();
    assert_eq!(
        store.find_profile().await.unwrap().as_ref(),
        Some(applied.value())
    );
    let stale = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(2))
        .await;
    assert_eq!(refusal(stale), Refusal::ProfileMoved);
    let again = store
        .apply_profile(&system(), "keyway", "a = 2", 0, at(2))
        .await;
    assert_eq!(refusal(again), Refusal::ProfileMoved);
    let in_force = InForce {
        profile_version: 1,
        active_keys_per_project: None,
        keys_per_organization: None,
    };
    let made = store
        .create_key(&system(), key("acme", "k1"), in_force, at(2))
        .await
        .unwrap();
    assert_eq!(made.head().seq, 4);
}

async fn an_idempotency_key_is_kept_with_its_change(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let claim = Claim {
        scope: "mk_1 POST /v1/keys".to_owned(),
        key: "abc".to_owned(),
        fingerprint: vec![1, 2, 3],
        status: 201,
        body: Some("{}".to_owned()),
    };
    let by = Call {
        idempotency: Some(claim.clone()),
        ..system()
    };
    let made = store
        .create_key(&by, key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    let kept = store
        .find_claim(&claim.scope, "abc")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((kept.claim, kept.seq), (claim.clone(), made.head().seq));
    let again = store.create_key(&by, key("acme", "k2"), OPEN, at(2)).await;
    assert_eq!(refusal(again), Refusal::IdempotencyKeyTaken);
    assert_eq!(
        store.find_claim("mk_2 POST /v1/keys", "abc").await.unwrap(),
        None
    );
    assert_eq!(store.delete_claims_before(at(5)).await.unwrap(), 1);
}

async fn a_refusal_is_kept_under_its_idempotency_key_and_takes_none_over(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let refusal = Claim {
        scope: "mk_1 POST /v1/keys".to_owned(),
        key: "abc".to_owned(),
        fingerprint: vec![1],
        status: 404,
        body: Some("{}".to_owned()),
    };
    let head = store.read_head().await.unwrap();
    store.keep_refusal(&refusal, at(1)).await.unwrap();
    let other = Claim {
        status: 422,
        ..refusal.clone()
    };
    store.keep_refusal(&other, at(2)).await.unwrap();
    let found = store.find_claim(&refusal.scope, "abc").await.unwrap();
    let kept = found.unwrap();
    assert_eq!((kept.claim, kept.seq), (refusal.clone(), 0));
    assert_eq!(store.read_head().await.unwrap(), head);
    let by = Call {
        idempotency: Some(refusal),
        ..system()
    };
    let made = store.create_key(&by, key("acme", "k1"), OPEN, at(3)).await;
    assert_eq!(self::refusal(made), Refusal::IdempotencyKeyTaken);
}
