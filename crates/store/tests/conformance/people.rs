//! Members: what a change does, what refuses it, who may still act.

use keyway_core::actor::Actor;
use keyway_core::change::Change;
use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::id::MemberId;
use keyway_core::key::Key;
use keyway_core::management::Reach;
use keyway_core::member::{Bindings, Member, MemberState};
use keyway_core::permission::PermissionSet;
use keyway_store::Store;
use keyway_store::error::Refusal;
use keyway_store::ledger::Head;
use keyway_store::members::{MemberAt, MemberEdit};

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    a_member_reads_back_as_it_was_created
    a_member_needs_an_organization_and_an_id_of_its_own
    an_address_is_taken_in_its_organization_whatever_its_case
    the_address_of_a_removed_member_is_free_again
    another_organization_changes_no_member
    an_edit_of_a_member_at_another_version_is_refused
    removing_again_finds_nobody
    members_come_newest_first_and_page_by_page
    a_member_who_changed_or_is_gone_changes_nothing
    a_removal_comes_through_any_number_of_edits
    a_follower_sees_every_change_of_a_member
    an_entry_about_a_member_keeps_the_person_apart
    a_key_that_inherits_reads_back_as_it_was_created
}

pub(crate) fn at_member<'a>(reach: &'a Reach, id: &'a MemberId) -> MemberAt<'a> {
    MemberAt {
        reach,
        id,
        expected: None,
        kept: None,
    }
}

fn named(name: &str) -> MemberEdit {
    MemberEdit {
        name: Some(name.parse().unwrap()),
        bindings: None,
    }
}

pub(crate) async fn remove(store: &Store, member: &Member, secs: u32) -> Member {
    let reach = Reach::All;
    let place = at_member(&reach, &member.id);
    let removed = store.remove_member(&system(), place, at(secs)).await;
    removed.unwrap().into_parts().0
}

async fn a_member_reads_back_as_it_was_created(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let roles = [("alpha", "admin"), ("beta", "viewer")];
    let roles = roles.map(|(project, role)| (project.parse().unwrap(), role.parse().unwrap()));
    let full = Member {
        name: "Änn \"O'Hara\"".parse().unwrap(),
        bindings: Bindings {
            organization: "developer".parse().unwrap(),
            projects: roles.into(),
        },
        created_by: "member/mem_boss".to_owned(),
        ..member("acme", "ann", "Ann.O'Hara+x@Example.com")
    };
    let made = store.create_member(&system(), full.clone(), at(1)).await;
    assert_eq!(made.unwrap().head().seq, 3);
    let found = store.find_member(&own("acme"), &full.id).await.unwrap();
    assert_eq!(found, Some(full.clone()));
    let found = store.find_member(&own("other"), &full.id).await.unwrap();
    assert_eq!(found, None);
}

async fn a_member_needs_an_organization_and_an_id_of_its_own(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let nowhere = member("nowhere", "bob", "bob@example.com");
    let nowhere = store.create_member(&system(), nowhere, at(2)).await;
    assert_eq!(refusal(nowhere), Refusal::OrganizationNotFound);
    let twin = Member {
        email: "bob@example.com".parse().unwrap(),
        ..ann.clone()
    };
    let twin = store.create_member(&system(), twin, at(2)).await;
    assert_eq!(refusal(twin), Refusal::IdTaken);
    // Nor is an id free in another organization.
    with_organization(&store, "other").await;
    let elsewhere = member("other", "ann", "bob@example.com");
    let elsewhere = store.create_member(&system(), elsewhere, at(2)).await;
    assert_eq!(refusal(elsewhere), Refusal::IdTaken);
    assert_eq!(head_seq(&store).await, 4);
    let found = store.find_member(&Reach::All, &ann.id).await.unwrap();
    assert_eq!(found, Some(ann));
}

async fn an_address_is_taken_in_its_organization_whatever_its_case(place: &Place) {
    let store = place.open().await;
    let _ann = with_ann(&store).await;
    with_organization(&store, "other").await;
    let head = head_seq(&store).await;
    for email in ["ann@example.com", "ANN@EXAMPLE.COM", "Ann@example.Com"] {
        let twin = member("acme", "twin", email);
        let refused = store.create_member(&system(), twin, at(2)).await;
        assert_eq!(refusal(refused), Refusal::EmailTaken, "{email}");
    }
    assert_eq!(head_seq(&store).await, head);
    let _elsewhere = with_member(&store, member("other", "ann2", "ANN@example.com")).await;
    let _near = with_member(&store, member("acme", "ann3", "ann@example.co")).await;
}

async fn the_address_of_a_removed_member_is_free_again(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let removed = remove(&store, &ann, 2).await;
    let state = MemberState::Removed {
        at: at(2),
        by: "system".to_owned(),
    };
    assert_eq!((&removed.state, removed.version), (&state, 2));
    let acme = own("acme");
    assert_eq!(store.find_member(&acme, &ann.id).await.unwrap(), None);
    let again = member("acme", "again", "ANN@example.com");
    let again = with_member(&store, again).await;
    let listed = store.list_members(&acme, None, None, 9).await.unwrap();
    assert_eq!(listed.rows, [again]);
    // The id stays taken, for the ledger and the keys that name it.
    let same = Member {
        email: "else@example.com".parse().unwrap(),
        ..ann
    };
    let refused = store.create_member(&system(), same, at(3)).await;
    assert_eq!(refusal(refused), Refusal::IdTaken);
}

async fn another_organization_changes_no_member(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    with_organization(&store, "other").await;
    let (other, head) = (own("other"), head_seq(&store).await);
    let foreign = at_member(&other, &ann.id);
    let edited = store
        .update_member(&system(), foreign, &named("Mallory"), at(2))
        .await;
    assert_eq!(refusal(edited), Refusal::MemberNotFound);
    let removed = store.remove_member(&system(), foreign, at(2)).await;
    assert_eq!(refusal(removed), Refusal::MemberNotFound);
    assert_eq!(head_seq(&store).await, head);
    let acme = organization_id("acme");
    let listed = store.list_members(&other, Some(&acme), None, 9).await;
    assert_eq!(listed.unwrap().rows, []);
    let found = store.find_member(&own("acme"), &ann.id).await.unwrap();
    assert_eq!(found, Some(ann));
}

async fn an_edit_of_a_member_at_another_version_is_refused(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let acme = own("acme");
    let first = MemberAt {
        expected: Some(1),
        kept: None,
        ..at_member(&acme, &ann.id)
    };
    let edit = MemberEdit {
        name: Some("Ann B.".parse().unwrap()),
        bindings: Some(bindings("admin")),
    };
    let edited = store.update_member(&system(), first, &edit, at(2)).await;
    let edited = edited.unwrap();
    let expected = Member {
        name: "Ann B.".parse().unwrap(),
        bindings: bindings("admin"),
        version: 2,
        ..ann.clone()
    };
    assert_eq!((edited.head().seq, edited.value()), (4, &expected));
    let found = store.find_member(&acme, &ann.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&expected));
    for stale in [Some(1), Some(3)] {
        let place = MemberAt {
            expected: stale,
            kept: None,
            ..first
        };
        let edited = store
            .update_member(&system(), place, &named("X"), at(3))
            .await;
        assert_eq!(refusal(edited), Refusal::VersionMoved);
        let removed = store.remove_member(&system(), place, at(3)).await;
        assert_eq!(refusal(removed), Refusal::VersionMoved);
    }
    let same = store
        .update_member(&system(), at_member(&acme, &ann.id), &edit, at(3))
        .await
        .unwrap();
    assert_eq!((same.head(), same.value()), (edited.head(), &expected));
}

async fn removing_again_finds_nobody(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let removed = remove(&store, &ann, 2).await;
    let acme = own("acme");
    let place = at_member(&acme, &ann.id);
    let again = store.remove_member(&system(), place, at(3)).await;
    assert_eq!(refusal(again), Refusal::MemberNotFound);
    let edited = store
        .update_member(&system(), place, &named("Ghost"), at(3))
        .await;
    assert_eq!(refusal(edited), Refusal::MemberNotFound);
    let snapshot = store.load_snapshot().await.unwrap();
    assert_eq!((snapshot.head.seq, snapshot.members), (4, vec![removed]));
}

async fn members_come_newest_first_and_page_by_page(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    with_organization(&store, "other").await;
    for (name, secs) in [("a", 1), ("b", 2), ("c", 2), ("d", 3), ("gone", 4)] {
        let made = Member {
            created_at: at(secs),
            ..member("acme", name, &format!("{name}@example.com"))
        };
        let _made = with_member(&store, made).await;
    }
    let foreign = with_member(&store, member("other", "x", "a@example.com")).await;
    let gone = member("acme", "gone", "gone@example.com");
    let _gone = remove(&store, &gone, 5).await;
    let mut cursor = None;
    let mut seen = Vec::new();
    loop {
        let page = store
            .list_members(&own("acme"), None, cursor.as_ref(), 3)
            .await
            .unwrap();
        seen.push(words(&page.rows, |it| it.id.as_str()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [vec!["mem_d", "mem_c", "mem_b"], vec!["mem_a"]]);
    let other = organization_id("other");
    let of_other = store.list_members(&Reach::All, Some(&other), None, 9).await;
    assert_eq!(of_other.unwrap().rows, [foreign]);
    let all = store.list_members(&Reach::All, None, None, 9).await;
    assert_eq!(all.unwrap().rows.len(), 5);
}

async fn a_member_who_changed_or_is_gone_changes_nothing(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let first = by_member(&ann);
    let made = store
        .create_key(&first, key("acme", "k1"), OPEN, at(2))
        .await;
    assert_eq!(made.unwrap().head().seq, 4);
    let acme = own("acme");
    let place = at_member(&acme, &ann.id);
    let edited = store
        .update_member(&first, place, &named("Ann B."), at(3))
        .await;
    let edited = edited.unwrap().into_parts().0;
    // What was authorized for the version before may be more than she may now.
    let late = store
        .create_key(&first, key("acme", "k2"), OPEN, at(4))
        .await;
    assert_eq!(refusal(late), Refusal::ActorGone);
    let second = by_member(&edited);
    let removed = store.remove_member(&second, place, at(5)).await.unwrap();
    let state = MemberState::Removed {
        at: at(5),
        by: "member/mem_ann".to_owned(),
    };
    assert_eq!(removed.value().state, state);
    let gone = by_member(removed.value());
    let nobody = by(Actor::Member {
        id: "mem_nobody".parse().unwrap(),
        version: 1,
    });
    for caller in [&first, &second, &gone, &nobody] {
        let refused = store
            .create_key(caller, key("acme", "k3"), OPEN, at(6))
            .await;
        assert_eq!(refusal(refused), Refusal::ActorGone);
    }
    assert_eq!(store.read_head().await.unwrap(), removed.head());
    assert_eq!(entries_after(&store, 5).await[0].actor, "member/mem_ann");
}

/// Each edit moves the version that a removal was made for; who is removed must not be able to
/// prevent it by being busy.
async fn a_removal_comes_through_any_number_of_edits(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let ann = with_ann(&stores[0]).await;
    let mut editors = Vec::new();
    for number in 0..50 {
        let (store, id) = (stores[number % 2].clone(), ann.id.clone());
        editors.push(tokio::spawn(async move {
            for turn in 0.. {
                let edit = named(&format!("Edited {number} {turn}"));
                let place = at_member(&Reach::All, &id);
                match store.update_member(&system(), place, &edit, at(2)).await {
                    Ok(_) => {}
                    Err(error) => return refusal::<()>(Err(error)),
                }
            }
            panic!("an editor never ends by itself");
        }));
    }
    while head_seq(&stores[0]).await < 50 {
        tokio::task::yield_now().await;
    }
    let removed = remove(&stores[0], &ann, 3).await;
    for editor in editors {
        assert_eq!(editor.await.unwrap(), Refusal::MemberNotFound);
    }
    assert_eq!(head_seq(&stores[1]).await, removed.version + 2);
}

async fn a_follower_sees_every_change_of_a_member(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let bob = with_member(&store, member("acme", "bob", "bob@example.com")).await;
    let head = store.read_head().await.unwrap();
    let acme = own("acme");
    let edited = store
        .update_member(&system(), at_member(&acme, &bob.id), &named("Rob"), at(2))
        .await
        .unwrap();
    let removed = remove(&store, &ann, 3).await;
    let batch = store.changes_after(head).await.unwrap().unwrap();
    let changes: Vec<Change> = batch.entries.into_iter().map(|it| it.change).collect();
    let organization = organization_id("acme");
    let expected = [
        Change::MemberUpdated {
            organization: organization.clone(),
            id: bob.id.clone(),
        },
        Change::MemberRemoved {
            organization,
            id: ann.id.clone(),
        },
    ];
    assert_eq!(changes, expected);
    let now = vec![removed, edited.value().clone()];
    assert_eq!(batch.members, now);
    let all = store.changes_after(Head::GENESIS).await.unwrap().unwrap();
    let actions: Vec<&str> = all.entries.iter().map(|it| it.change.action()).collect();
    let expected = [
        "organization.created",
        "project.created",
        "member.created",
        "member.created",
        "member.updated",
        "member.removed",
    ];
    assert_eq!(
        (actions.as_slice(), all.members),
        (&expected[..], now.clone())
    );
    assert_eq!(store.load_snapshot().await.unwrap().members, now);
}

async fn an_entry_about_a_member_keeps_the_person_apart(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let acme = own("acme");
    let edit = named("Ann B.");
    let _edited = store
        .update_member(&system(), at_member(&acme, &ann.id), &edit, at(2))
        .await
        .unwrap();
    let last = entries_after(&store, 3).await.remove(0);
    assert_eq!(
        (&*last.action, &*last.target),
        ("member.updated", "mem_ann")
    );
    assert_eq!(
        serde_json::to_string(&(&last.detail, &last.personal)).unwrap(),
        r#"[{"role":"viewer"},{"actor":"Keyway","email":"ann@example.com","name":"Ann B."}]"#
    );
}

async fn a_key_that_inherits_reads_back_as_it_was_created(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let words = vec!["write".parse().unwrap(), "read".parse().unwrap()];
    let rights = [
        (Right::Inherit(None), "*"),
        (
            Right::Inherit(Some(PermissionSet::of(words))),
            "project/alpha",
        ),
        (
            Right::Inherit(Some(PermissionSet::All)),
            "project/alpha/doc/1",
        ),
        (Right::Inherit(Some(PermissionSet::of(Vec::new()))), "*"),
    ];
    let grants = rights.map(|(right, resource)| Grant {
        right,
        resource: resource.parse().unwrap(),
    });
    let inheriting = Key {
        grants: Grants::parse(grants.into()).unwrap(),
        created_by: "member/mem_ann".to_owned(),
        ..key("acme", "k1")
    };
    let made = store
        .create_key(&by_member(&ann), inheriting.clone(), OPEN, at(2))
        .await;
    let head = made.unwrap().head();
    let found = store.find_key(&own("acme"), &key_id("k1")).await.unwrap();
    assert_eq!(format!("{:?}", found.unwrap()), format!("{inheriting:?}"));
    let before = Head::GENESIS;
    let batch = store.changes_after(before).await.unwrap().unwrap();
    assert_eq!(
        (batch.head, &batch.keys[0].grants),
        (head, &inheriting.grants)
    );
}
