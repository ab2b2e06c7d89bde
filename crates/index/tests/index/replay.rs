//! An index that follows the ledger ends in the right state: one test for each kind of change.

use keyway_core::change::Change;
use keyway_core::decide::{Ask, Reason};
use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::id::SigningKeyId;
use keyway_core::id::{KeyId, ManagementKeyId};
use keyway_core::key::{Key, Rotation};
use keyway_core::management::{ManagementKey, ManagementKeyState, Preset, Reach};
use keyway_core::organization::Project;
use keyway_core::registered_resource::RegisteredResource;
use keyway_core::resource::ResourcePath;
use keyway_core::signing_key::{SealedKey, SigningAlgorithm, SigningKey, SigningKeyState};
use keyway_store::keys::change::KeyEdit;
use keyway_store::organizations::OrganizationEdit;
use keyway_token::digest::Digest;

use crate::ledger::{Ledger, acme, any_version};
use crate::sample::{PROFILE, ask, at, grants, key, may_read, organization, reading, revocation};

const REVOKED: Result<(), Reason> = Err(Reason::Revoked);
const UNKNOWN: Result<(), Reason> = Err(Reason::Invalid);
const INACTIVE: Result<(), Reason> = Err(Reason::Inactive);

fn id(id: &str) -> KeyId {
    id.parse().unwrap()
}

/// Asks on behalf of an organization by the product's own id for it.
fn as_customer(external_id: &str) -> Ask {
    Ask {
        organization: Some(external_id.to_owned()),
        ..reading()
    }
}

fn lacks(word: &str) -> Result<(), Reason> {
    let missing = vec![word.parse().unwrap()];
    Err(Reason::InsufficientPermissions { missing })
}

fn management_key(id: &str, is_root: bool) -> ManagementKey {
    ManagementKey {
        id: id.parse().unwrap(),
        name: "Operator".parse().unwrap(),
        preset: Preset::Admin,
        reach: Reach::All,
        digest: Digest::of(id),
        display_prefix: "kw_mgmt_abcd".to_owned(),
        suffix: "wxyz".to_owned(),
        is_root,
        state: ManagementKeyState::Active,
        expires_at: None,
        created_at: at(0),
        created_by: "system".to_owned(),
        version: 1,
    }
}

fn stands(ledger: &Ledger, id: &str) -> Option<bool> {
    let found = ledger.index.find_management_key(&Digest::of(id));
    found.map(|key| key.stands(at(100)))
}

#[tokio::test]
async fn keys_of_a_created_organization_are_decided_about() {
    let mut ledger = Ledger::begin().await;
    let made = ledger
        .store
        .create_organization(&ledger.by, organization("other"), at(1));
    let _done = made.await.unwrap();
    let theirs = Key {
        organization: "other".parse().unwrap(),
        ..key("theirs")
    };
    let made = ledger
        .store
        .create_key(&ledger.by, theirs, ledger.in_force, at(1));
    let _done = made.await.unwrap();
    let created = Change::OrganizationCreated {
        id: "other".parse().unwrap(),
    };
    assert_eq!(ledger.follow().await[0], created);
    assert_eq!(may_read(&ledger.index, "theirs"), Ok(()));
}

#[tokio::test]
async fn an_updated_organization_is_known_by_its_other_name() {
    let mut ledger = Ledger::begin().await;
    ledger.create_key("k1").await;
    let edit = OrganizationEdit {
        external_id: Some(Some("customer_7".parse().unwrap())),
        ..OrganizationEdit::default()
    };
    let edited =
        ledger
            .store
            .update_organization(&ledger.by, &Reach::All, &ledger.acme, None, edit, at(2));
    let _done = edited.await.unwrap();
    let out_of_scope = Err(Reason::OutOfScope);
    assert_eq!(
        ask(&ledger.index, "k1", &as_customer("customer_7")),
        UNKNOWN
    );
    let changes = ledger.follow().await;
    assert_eq!(changes[1], Change::OrganizationUpdated { id: acme() });
    assert_eq!(ask(&ledger.index, "k1", &as_customer("customer_7")), Ok(()));
    assert_eq!(
        ask(&ledger.index, "k1", &as_customer("customer_8")),
        out_of_scope
    );
}

#[tokio::test]
async fn keys_of_a_suspended_organization_stop_until_it_is_resumed() {
    let mut ledger = Ledger::begin().await;
    ledger.create_key("k1").await;
    let suspended = ledger
        .store
        .suspend_organization(&ledger.by, &Reach::All, &ledger.acme, at(2));
    let _done = suspended.await.unwrap();
    let changes = ledger.follow().await;
    assert_eq!(changes[1], Change::OrganizationSuspended { id: acme() });
    assert_eq!(may_read(&ledger.index, "k1"), INACTIVE);
    let resumed = ledger
        .store
        .resume_organization(&ledger.by, &Reach::All, &ledger.acme, at(3));
    let _done = resumed.await.unwrap();
    let changes = ledger.follow().await;
    assert_eq!(changes, [Change::OrganizationResumed { id: acme() }]);
    assert_eq!(may_read(&ledger.index, "k1"), Ok(()));
}

#[tokio::test]
async fn a_created_project_fixes_the_environment_of_its_keys() {
    let mut ledger = Ledger::begin().await;
    let project = Project {
        organization: acme(),
        id: "alpha".parse().unwrap(),
        name: "Alpha".parse().unwrap(),
        environment: Some("test".to_owned()),
        created_at: at(1),
        version: 1,
    };
    let made = ledger
        .store
        .create_project(&ledger.by, project.clone(), at(1));
    let _done = made.await.unwrap();
    let created = Change::ProjectCreated {
        organization: acme(),
        id: project.id.clone(),
    };
    assert_eq!(ledger.follow().await, [created]);
    let environment = |id: &str| {
        ledger
            .index
            .project_environment(&ledger.acme, &id.parse().unwrap())
    };
    assert_eq!(environment("alpha").as_deref(), Some("test"));
    assert_eq!(environment("beta"), None);
}

#[tokio::test]
async fn resources_change_nothing_in_an_index_but_its_head() {
    let mut ledger = Ledger::begin().await;
    let alpha = Project {
        organization: acme(),
        id: "alpha".parse().unwrap(),
        name: "Alpha".parse().unwrap(),
        environment: None,
        created_at: at(1),
        version: 1,
    };
    let _made = ledger.store.create_project(&ledger.by, alpha, at(1)).await;
    ledger.create_key("k1").await;
    ledger.follow().await;
    let path: ResourcePath = "project/alpha/workflow/w1".parse().unwrap();
    for name in ["Mail", "Post"] {
        let told = RegisteredResource {
            organization: acme(),
            path: path.clone(),
            name: name.parse().unwrap(),
            created_at: at(2),
            removed_at: None,
            version: 1,
        };
        let done = ledger.store.put_resource(&ledger.by, told, None, at(2));
        let _told = done.await.unwrap();
    }
    let gone = ledger
        .store
        .remove_resource(&ledger.by, &ledger.acme, &path, None, at(3));
    let _gone = gone.await.unwrap();
    let (organization, path) = (acme(), path);
    let changes = [
        Change::ResourceCreated {
            organization: organization.clone(),
            path: path.clone(),
        },
        Change::ResourceUpdated {
            organization: organization.clone(),
            path: path.clone(),
        },
        Change::ResourceDeleted { organization, path },
    ];
    assert_eq!(ledger.follow().await, changes);
    assert_eq!(may_read(&ledger.index, "k1"), Ok(()));
}

#[tokio::test]
async fn a_created_key_is_let_through() {
    let mut ledger = Ledger::begin().await;
    let k1 = ledger.create_key("k1").await;
    assert_eq!(may_read(&ledger.index, "k1"), UNKNOWN);
    let created = Change::KeyCreated {
        organization: acme(),
        id: k1,
    };
    assert_eq!(ledger.follow().await, [created]);
    assert_eq!(may_read(&ledger.index, "k1"), Ok(()));
}

#[tokio::test]
async fn an_updated_key_may_what_it_says_now() {
    let mut ledger = Ledger::begin().await;
    let k1 = ledger.create_key("k1").await;
    ledger.follow().await;
    let edit = KeyEdit {
        grants: Some(grants("write", "*")),
        ..KeyEdit::default()
    };
    let in_force = ledger.in_force;
    let edited = ledger
        .store
        .update_key(&ledger.by, any_version(&k1), &edit, in_force, at(2));
    let _done = edited.await.unwrap();
    let updated = Change::KeyUpdated {
        organization: acme(),
        id: k1.clone(),
    };
    assert_eq!(ledger.follow().await, [updated]);
    assert_eq!(may_read(&ledger.index, "k1"), lacks("read"));
}

#[tokio::test]
async fn a_deactivated_key_is_refused_until_it_is_activated() {
    let mut ledger = Ledger::begin().await;
    let k1 = ledger.create_key("k1").await;
    ledger.follow().await;
    let off = ledger
        .store
        .deactivate_key(&ledger.by, any_version(&k1), at(2));
    let _done = off.await.unwrap();
    let deactivated = Change::KeyDeactivated {
        organization: acme(),
        id: k1.clone(),
    };
    assert_eq!(ledger.follow().await, [deactivated]);
    assert_eq!(may_read(&ledger.index, "k1"), INACTIVE);
    let on = ledger
        .store
        .activate_key(&ledger.by, any_version(&k1), at(3));
    let _done = on.await.unwrap();
    let activated = Change::KeyActivated {
        organization: acme(),
        id: k1.clone(),
    };
    assert_eq!(ledger.follow().await, [activated]);
    assert_eq!(may_read(&ledger.index, "k1"), Ok(()));
}

#[tokio::test]
async fn a_revoked_key_is_refused_for_good() {
    let (mut ledger, leaked) = (Ledger::begin().await, revocation(2));
    let k1 = ledger.create_key("k1").await;
    ledger.follow().await;
    let revoked = ledger
        .store
        .revoke_key(&ledger.by, any_version(&k1), &leaked, at(2));
    let _done = revoked.await.unwrap();
    let revoked = Change::KeyRevoked {
        organization: acme(),
        id: k1.clone(),
    };
    assert_eq!(ledger.follow().await, [revoked]);
    assert_eq!(may_read(&ledger.index, "k1"), REVOKED);
    let again = ledger
        .store
        .activate_key(&ledger.by, any_version(&k1), at(3));
    assert!(again.await.is_err());
    ledger.follow().await;
    assert_eq!(may_read(&ledger.index, "k1"), REVOKED);
    assert_eq!(may_read(&ledger.replayed().await, "k1"), REVOKED);
    assert_eq!(may_read(&ledger.loaded().await, "k1"), REVOKED);
}

#[tokio::test]
async fn a_rotated_key_has_a_successor_and_lives_for_its_grace() {
    let mut ledger = Ledger::begin().await;
    let k1 = ledger.create_key("k1").await;
    ledger.follow().await;
    let rotation = |id: &str, grace: &str| Rotation {
        id: id.parse().unwrap(),
        digest: Digest::of(id),
        display_prefix: format!("sk_{id}"),
        suffix: "wxyz".to_owned(),
        grace: grace.parse().unwrap(),
        by: "system".to_owned(),
        now: at(50),
    };
    let in_force = ledger.in_force;
    // The tests' present is 50 seconds later.
    let slow = rotation("k2", "60s");
    let rotated = ledger
        .store
        .rotate_key(&ledger.by, any_version(&k1), &slow, in_force);
    let _done = rotated.await.unwrap();
    let change = Change::KeyRotated {
        organization: acme(),
        outgoing: k1,
        fresh: id("k2"),
    };
    assert_eq!(ledger.follow().await, [change]);
    assert_eq!(may_read(&ledger.index, "k1"), Ok(()));
    let (k2, short) = (id("k2"), rotation("k3", "40s"));
    let rotated = ledger
        .store
        .rotate_key(&ledger.by, any_version(&k2), &short, in_force);
    let _done = rotated.await.unwrap();
    let (k3, none) = (id("k3"), rotation("k4", "0s"));
    let rotated = ledger
        .store
        .rotate_key(&ledger.by, any_version(&k3), &none, in_force);
    let _done = rotated.await.unwrap();
    ledger.follow().await;
    assert_eq!(may_read(&ledger.index, "k2"), Err(Reason::Expired));
    assert_eq!(may_read(&ledger.index, "k3"), REVOKED);
    assert_eq!(may_read(&ledger.index, "k4"), Ok(()));
}

#[tokio::test]
async fn a_deleted_key_is_unknown() {
    let mut ledger = Ledger::begin().await;
    let k1 = ledger.create_key("k1").await;
    ledger.follow().await;
    let deleted = ledger.store.delete_key(&ledger.by, any_version(&k1), at(2));
    let _done = deleted.await.unwrap();
    let deleted = Change::KeyDeleted {
        organization: acme(),
        id: k1.clone(),
    };
    assert_eq!(ledger.follow().await, [deleted]);
    assert_eq!(may_read(&ledger.index, "k1"), UNKNOWN);
    assert_eq!(ledger.index.key_count(), 0);
}

#[tokio::test]
async fn imported_keys_are_let_through() {
    let mut ledger = Ledger::begin().await;
    let in_force = ledger.in_force;
    let keys = vec![key("k1"), key("k2")];
    let imported = ledger
        .store
        .import_keys(&ledger.by, &ledger.acme, keys, in_force, at(2));
    let _done = imported.await.unwrap();
    let imported = Change::KeysImported {
        organization: acme(),
        ids: vec![id("k1"), id("k2")],
    };
    assert_eq!(ledger.follow().await, [imported]);
    assert_eq!(may_read(&ledger.index, "k1"), Ok(()));
    assert_eq!(may_read(&ledger.index, "k2"), Ok(()));
}

#[tokio::test]
async fn a_management_key_stands_until_it_is_revoked() {
    let mut ledger = Ledger::begin().await;
    let mk: ManagementKeyId = "mk_1".parse().unwrap();
    let made = ledger
        .store
        .create_management_key(&ledger.by, management_key("mk_1", false), at(1));
    let _done = made.await.unwrap();
    assert_eq!(stands(&ledger, "mk_1"), None);
    let created = Change::ManagementKeyCreated {
        id: mk.clone(),
        organization: None,
    };
    assert_eq!(ledger.follow().await, [created]);
    assert_eq!(stands(&ledger, "mk_1"), Some(true));
    let revoked = ledger
        .store
        .revoke_management_key(&ledger.by, &Reach::All, &mk, at(2));
    let _done = revoked.await.unwrap();
    let revoked = Change::ManagementKeyRevoked {
        id: mk,
        organization: None,
    };
    assert_eq!(ledger.follow().await, [revoked]);
    assert_eq!(stands(&ledger, "mk_1"), Some(false));
}

#[tokio::test]
async fn a_root_key_ends_with_the_next_one() {
    let mut ledger = Ledger::begin().await;
    for root in ["mk_1", "mk_2"] {
        let set = ledger
            .store
            .set_root_key(&ledger.by, management_key(root, true), at(1));
        let _done = set.await.unwrap();
    }
    let first = Change::RootKeySet {
        id: "mk_1".parse().unwrap(),
        replaced: None,
    };
    let second = Change::RootKeySet {
        id: "mk_2".parse().unwrap(),
        replaced: Some("mk_1".parse().unwrap()),
    };
    assert_eq!(ledger.follow().await, [first, second]);
    assert_eq!(stands(&ledger, "mk_1"), Some(false));
    assert_eq!(stands(&ledger, "mk_2"), Some(true));
}

#[tokio::test]
async fn an_applied_profile_changes_what_a_role_holds() {
    let mut ledger = Ledger::begin().await;
    let grant = Grant {
        right: Right::Role("editor".parse().unwrap()),
        resource: "*".parse().unwrap(),
    };
    let editor = Key {
        grants: Grants::parse(vec![grant]).unwrap(),
        ..key("k1")
    };
    let made = ledger
        .store
        .create_key(&ledger.by, editor, ledger.in_force, at(1));
    let _done = made.await.unwrap();
    ledger.follow().await;
    assert_eq!(may_read(&ledger.index, "k1"), Ok(()));
    let narrower = PROFILE.replace(r#"["read", "write"]"#, r#"["write"]"#);
    ledger.apply_profile(&narrower).await;
    let applied = Change::ProfileApplied {
        name: "sample".to_owned(),
        version: 2,
    };
    assert_eq!(ledger.follow().await, [applied]);
    assert_eq!(may_read(&ledger.index, "k1"), lacks("read"));
}

#[tokio::test]
async fn signing_keys_come_whole_and_change_nothing_about_keys() {
    let mut ledger = Ledger::begin().await;
    ledger.create_key("k1").await;
    ledger.follow().await;
    let id: SigningKeyId = "sig_1".parse().unwrap();
    let signing_key = SigningKey {
        id: id.clone(),
        algorithm: SigningAlgorithm::EdDsa,
        sealed: SealedKey(vec![1]),
        state: SigningKeyState::Active,
        signs_from: at(1),
        created_at: at(1),
        created_by: "system".to_owned(),
        version: 1,
    };
    let made = ledger
        .store
        .create_signing_key(&ledger.by, signing_key, at(1));
    let _made = made.await.unwrap();
    let gone = ledger.store.revoke_signing_key(&ledger.by, &id, at(2));
    let _gone = gone.await.unwrap();
    let changes = [
        Change::SigningKeyCreated { id: id.clone() },
        Change::SigningKeyRevoked { id },
    ];
    assert_eq!(ledger.follow().await, changes);
    assert_eq!(may_read(&ledger.index, "k1"), Ok(()));
}
