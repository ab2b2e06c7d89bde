//! What a change does, what refuses it, and that a refusal leaves nothing behind.

use std::time::Duration;

use keyway_core::actor::{Actor, Origin};
use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::key::{Key, KeyState, KeyStatus, Lifetime, TransitionError};
use keyway_core::management::{ManagementKeyState, Reach};
use keyway_core::network::IpRules;
use keyway_core::organization::OrganizationState;
use keyway_core::permission::PermissionSet;
use keyway_store::call::{Call, Claim};
use keyway_store::error::{ChangeError, Refusal, StoreError};
use keyway_store::keys::change::{KeyAt, KeyEdit};
use keyway_store::keys::list::KeyFilter;
use keyway_store::organizations::OrganizationEdit;
use keyway_store::profile::InForce;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    a_key_reads_back_as_it_was_created
    an_organization_is_edited_suspended_and_resumed
    a_taken_id_digest_or_external_id_refuses_and_leaves_no_row
    a_key_needs_its_organization_and_its_project
    another_organization_finds_nothing
    a_key_is_switched_off_and_on_revoked_and_deleted
    revoking_again_keeps_the_first_time
    an_edit_at_another_version_is_refused
    a_rotation_makes_two_rows_and_one_entry
    a_replaced_key_gets_no_longer_life
    a_limit_is_exact_and_the_overlap_of_a_rotation_is_free
    a_revoke_makes_room_for_a_key_in_the_same_transaction
    an_actor_that_was_revoked_changes_nothing
    a_root_key_is_replaced_and_its_old_value_never_returns
    a_profile_that_moved_refuses_the_change
    an_import_leaves_out_what_is_wrong_with_one_key
    a_statement_that_fails_leaves_nothing_and_fails_no_neighbour
    an_idempotency_key_is_kept_with_its_change
    a_refusal_is_kept_under_its_idempotency_key_and_takes_none_over
    many_keys_are_revoked_at_once
}

fn at_key<'a>(reach: &'a Reach, id: &'a keyway_core::id::KeyId) -> KeyAt<'a> {
    KeyAt {
        reach,
        id,
        expected: None,
    }
}

fn full_key() -> Key {
    let grants = Grants::parse(vec![
        Grant {
            right: Right::Permissions(PermissionSet::of(vec!["read".parse().unwrap()])),
            resource: "project/alpha".parse().unwrap(),
        },
        Grant {
            right: Right::Role("editor".parse().unwrap()),
            resource: "*".parse().unwrap(),
        },
    ]);
    Key {
        project: Some("alpha".parse().unwrap()),
        name: "Ångström 'quoted' \"key\"".parse().unwrap(),
        description: Some("two\nlines".parse().unwrap()),
        owner: Some("u_1".parse().unwrap()),
        managed_by: Some("terraform".parse().unwrap()),
        grants: grants.unwrap(),
        ip_rules: IpRules::parse(&["203.0.113.0/24", "2001:db8::1"]).unwrap(),
        metadata: "{\"a\":[1,\"é\"]}".parse().unwrap(),
        lifetime: Lifetime::Until(at(1_000)),
        ..key("acme", "k1")
    }
}

async fn a_key_reads_back_as_it_was_created(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let created = store
        .create_key(&system(), full_key(), OPEN, at(1))
        .await
        .unwrap();
    assert_eq!(created.head().seq, 3);
    let found = store
        .find_key(&own("acme"), &key_id("k1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(format!("{found:?}"), format!("{:?}", full_key()));
    assert!(found.digest.same_as(&full_key().digest));
}

async fn an_organization_is_edited_suspended_and_resumed(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let (reach, id) = (Reach::All, organization_id("acme"));
    let edit = OrganizationEdit {
        external_id: Some(None),
        ..OrganizationEdit::default()
    };
    let edited = store
        .update_organization(&system(), &reach, &id, Some(1), edit, at(2))
        .await;
    assert_eq!(edited.unwrap().value().external_id, None);
    let suspended = store
        .suspend_organization(&system(), &reach, &id, at(3))
        .await
        .unwrap();
    assert_eq!(
        suspended.value().state,
        OrganizationState::Suspended { since: at(3) }
    );
    let again = store
        .suspend_organization(&system(), &reach, &id, at(4))
        .await
        .unwrap();
    assert_eq!((again.head().seq, again.value()), (4, suspended.value()));
    let resumed = store
        .resume_organization(&system(), &reach, &id, at(5))
        .await
        .unwrap();
    assert_eq!(
        store.find_organization(&reach, &id).await.unwrap().as_ref(),
        Some(resumed.value())
    );
    assert_eq!(resumed.value().version, 4);
    assert_eq!(
        store.find_organization(&own("other"), &id).await.unwrap(),
        None
    );
}

async fn a_taken_id_digest_or_external_id_refuses_and_leaves_no_row(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let _made = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    let head = store.read_head().await.unwrap();
    let same_digest = Key {
        digest: key("acme", "k1").digest,
        ..key("acme", "k2")
    };
    let same_id = Key {
        digest: key("acme", "k2").digest,
        ..key("acme", "k1")
    };
    let by = system();
    let create = |key| store.create_key(&by, key, OPEN, at(1));
    assert_eq!(refusal(create(same_digest).await), Refusal::DigestTaken);
    assert_eq!(refusal(create(same_id).await), Refusal::IdTaken);
    let mut twin = organization("twin");
    twin.external_id = organization("acme").external_id;
    let twin = store.create_organization(&system(), twin, at(1)).await;
    assert_eq!(refusal(twin), Refusal::ExternalIdTaken);
    let again = store
        .create_project(&system(), project("acme", "alpha"), at(1))
        .await;
    assert_eq!(refusal(again), Refusal::IdTaken);
    assert_eq!(store.read_head().await.unwrap(), head);
}

async fn a_key_needs_its_organization_and_its_project(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let nowhere = store
        .create_key(&system(), key("nowhere", "k1"), OPEN, at(1))
        .await;
    assert_eq!(refusal(nowhere), Refusal::OrganizationNotFound);
    let beta = Key {
        project: Some("beta".parse().unwrap()),
        ..key("acme", "k1")
    };
    let unknown = store.create_key(&system(), beta, OPEN, at(1)).await;
    assert_eq!(refusal(unknown), Refusal::ProjectNotFound);
    assert_eq!(
        store
            .find_key(&Reach::All, &key_id("k1"))
            .await
            .unwrap()
            .map(|key| key.id),
        None
    );
}

async fn another_organization_finds_nothing(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let _made = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    let (other, id) = (own("other"), key_id("k1"));
    let outcome = store
        .deactivate_key(&system(), at_key(&other, &id), at(2))
        .await;
    assert_eq!(refusal(outcome), Refusal::KeyNotFound);
    let outcome = store
        .revoke_key(&system(), at_key(&other, &id), &revocation(2), at(2))
        .await;
    assert_eq!(refusal(outcome), Refusal::KeyNotFound);
    assert_eq!(store.read_head().await.unwrap().seq, 3);
}

async fn a_key_is_switched_off_and_on_revoked_and_deleted(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let _made = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    let (reach, id) = (own("acme"), key_id("k1"));
    let off = store
        .deactivate_key(&system(), at_key(&reach, &id), at(2))
        .await
        .unwrap();
    assert_eq!(off.value().state, KeyState::Inactive { since: at(2) });
    let on = store
        .activate_key(&system(), at_key(&reach, &id), at(3))
        .await
        .unwrap();
    assert_eq!(on.value().status(at(3)), KeyStatus::Active);
    let dead = store
        .revoke_key(&system(), at_key(&reach, &id), &revocation(4), at(4))
        .await
        .unwrap();
    assert_eq!(dead.value().state, KeyState::Revoked(revocation(4)));
    let refused = store
        .activate_key(&system(), at_key(&reach, &id), at(5))
        .await;
    assert_eq!(
        refusal(refused),
        Refusal::Transition(TransitionError::Revoked)
    );
    let gone = store
        .delete_key(&system(), at_key(&reach, &id), at(6))
        .await
        .unwrap();
    assert_eq!((gone.head().seq, gone.value().version), (7, 5));
    assert!(store.find_key(&reach, &id).await.unwrap().is_none());
    let again = store
        .delete_key(&system(), at_key(&reach, &id), at(7))
        .await;
    assert_eq!(refusal(again), Refusal::KeyNotFound);
}

async fn revoking_again_keeps_the_first_time(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let _made = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    let (reach, id) = (own("acme"), key_id("k1"));
    let first = store
        .revoke_key(&system(), at_key(&reach, &id), &revocation(2), at(2))
        .await
        .unwrap();
    let again = store
        .revoke_key(&system(), at_key(&reach, &id), &revocation(3), at(3))
        .await
        .unwrap();
    assert_eq!(again.value().state, KeyState::Revoked(revocation(2)));
    assert_eq!(again.head(), first.head());
}

async fn an_edit_at_another_version_is_refused(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let _made = store
        .create_key(&system(), full_key(), OPEN, at(1))
        .await
        .unwrap();
    let (reach, id) = (own("acme"), key_id("k1"));
    let edit = KeyEdit {
        name: Some("Renamed".parse().unwrap()),
        owner: Some(None),
        lifetime: Some(Lifetime::Forever),
        ..KeyEdit::default()
    };
    let place_1 = KeyAt {
        reach: &reach,
        id: &id,
        expected: Some(1),
    };
    let edited = store
        .update_key(&system(), place_1, &edit, OPEN, at(2))
        .await
        .unwrap();
    assert_eq!(
        (edited.value().version, edited.value().name.as_str()),
        (2, "Renamed")
    );
    let stale = store
        .update_key(&system(), place_1, &edit, OPEN, at(3))
        .await;
    assert_eq!(refusal(stale), Refusal::VersionMoved);
    let same = store
        .update_key(&system(), at_key(&reach, &id), &edit, OPEN, at(3))
        .await
        .unwrap();
    assert_eq!((same.value().version, same.head()), (2, edited.head()));
    let found = store.find_key(&reach, &id).await.unwrap().unwrap();
    assert_eq!((found.owner, found.lifetime), (None, Lifetime::Forever));
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
    };
    let made = store
        .create_key(&system(), key("acme", "k1"), in_force, at(2))
        .await
        .unwrap();
    assert_eq!(made.head().seq, 4);
}

async fn an_import_leaves_out_what_is_wrong_with_one_key(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let _made = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    let twin = |id: &str, of: &str| Key {
        digest: key("acme", of).digest,
        ..key("acme", id)
    };
    let lost = Key {
        project: Some("beta".parse().unwrap()),
        ..key("acme", "k5")
    };
    let chunk = vec![
        key("acme", "k2"),
        twin("k3", "k1"),
        lost,
        twin("k4", "k2"),
        key("acme", "k6"),
    ];
    let acme = organization_id("acme");
    let imported = store
        .import_keys(&system(), &acme, chunk.clone(), OPEN, at(2))
        .await
        .unwrap();
    assert_eq!(imported.value().count, 2);
    let refused = [
        (1, Refusal::DigestTaken),
        (2, Refusal::ProjectNotFound),
        (3, Refusal::DigestTaken),
    ];
    assert_eq!(imported.value().refused, refused);
    let again = store
        .import_keys(&system(), &acme, chunk, OPEN, at(3))
        .await
        .unwrap();
    assert_eq!((again.value().count, again.head()), (0, imported.head()));
    assert!(
        store
            .find_key(&own("acme"), &key_id("k6"))
            .await
            .unwrap()
            .is_some()
    );
}

/// Something that the guards know nothing of refuses the second of two rows.
async fn a_statement_that_fails_leaves_nothing_and_fails_no_neighbour(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    place
        .tamper("CREATE UNIQUE INDEX nobody_twice ON keys (owner)")
        .await;
    let of = |owner: &str, id: &str| Key {
        owner: Some(owner.parse().unwrap()),
        ..key("acme", id)
    };
    let acme = organization_id("acme");
    let chunk = vec![of("u_1", "k1"), of("u_1", "k2")];
    let imported = store
        .import_keys(&system(), &acme, chunk, OPEN, at(1))
        .await;
    assert!(
        matches!(
            imported,
            Err(ChangeError::Store(StoreError::NotWritten { .. }))
        ),
        "{imported:?}"
    );
    assert_eq!(store.read_head().await.unwrap().seq, 2);
    let held = place.hold_head().await;
    let mut tasks = Vec::new();
    for (owner, id) in [("u_1", "k1"), ("u_1", "k2"), ("u_2", "k3")] {
        let (store, key) = (store.clone(), of(owner, id));
        let create = async move { store.create_key(&system(), key, OPEN, at(2)).await };
        tasks.push(tokio::spawn(create));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    held.release().await;
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap().map(|made| made.head().seq).ok());
    }
    assert_eq!(outcomes, [Some(3), None, Some(4)]);
    let filter = KeyFilter::default();
    let page = store
        .list_keys(&own("acme"), &filter, None, 9, at(3))
        .await
        .unwrap();
    let ids: Vec<&str> = page.rows.iter().map(|key| key.id.as_str()).collect();
    assert_eq!(ids, ["k3", "k1"]);
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

async fn many_keys_are_revoked_at_once(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    for id in ["k1", "k2", "k3"] {
        let _made = store
            .create_key(&system(), key("acme", id), OPEN, at(1))
            .await
            .unwrap();
    }
    let ids = [key_id("k1"), key_id("nobody"), key_id("k3"), key_id("k1")];
    let answers = store
        .revoke_keys(&system(), &own("acme"), &ids, &revocation(2), at(2))
        .await
        .unwrap();
    let states: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(states, [true, false, true, true]);
    assert_eq!(store.read_head().await.unwrap().seq, 7);
    let digests = [key("acme", "k2").digest, key("acme", "nobody").digest];
    let found = store
        .find_keys_by_digest(&own("acme"), &digests)
        .await
        .unwrap();
    let found: Vec<_> = found.into_iter().map(|key| key.map(|key| key.id)).collect();
    assert_eq!(found, [Some(key_id("k2")), None]);
}
