//! What a change does, what refuses it, and that a refusal leaves nothing behind.

use std::time::Duration;

use keyway_core::key::{Key, KeyState, KeyStatus, Lifetime, TransitionError};
use keyway_core::management::Reach;
use keyway_core::organization::OrganizationState;
use keyway_store::error::{ChangeError, Refusal, StoreError};
use keyway_store::keys::change::{KeyAt, KeyEdit};
use keyway_store::keys::list::KeyFilter;
use keyway_store::organizations::OrganizationEdit;

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
    an_import_leaves_out_what_is_wrong_with_one_key
    a_statement_that_fails_leaves_nothing_and_fails_no_neighbour
    many_keys_are_revoked_at_once
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
