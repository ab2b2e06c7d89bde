//! An organization is never left without an administrator.

use keyway_core::id::MemberId;
use keyway_core::management::Reach;
use keyway_core::member::Member;
use keyway_store::Store;
use keyway_store::error::Refusal;
use keyway_store::members::{Administrators, MemberAt, MemberEdit};
use keyway_store::profile::InForce;

use crate::engines::Place;
use crate::people::{at_member, remove};
use crate::sample::*;

crate::conformance! {
    an_organization_keeps_one_administrator
    of_two_administrators_who_are_removed_at_once_one_stays
}

fn administrators() -> Administrators {
    Administrators {
        roles: ["owner", "admin"].map(|it| it.parse().unwrap()).to_vec(),
        in_force: OPEN,
    }
}

async fn with_role(store: &Store, organization: &str, name: &str, role: &str) -> Member {
    let member = Member {
        bindings: bindings(role),
        ..member(organization, name, &format!("{name}@example.com"))
    };
    with_member(store, member).await
}

fn keeping<'a>(id: &'a MemberId, kept: &'a Administrators) -> MemberAt<'a> {
    MemberAt {
        kept: Some(kept),
        ..at_member(&Reach::All, id)
    }
}

async fn an_organization_keeps_one_administrator(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    with_organization(&store, "other").await;
    let ann = with_role(&store, "acme", "ann", "owner").await;
    let bob = with_role(&store, "acme", "bob", "developer").await;
    let _elsewhere = with_role(&store, "other", "cat", "admin").await;
    let kept = administrators();
    let change = |role: &str| MemberEdit {
        name: None,
        bindings: Some(bindings(role)),
    };
    let head = store.read_head().await.unwrap();
    let place = keeping(&ann.id, &kept);
    let removed = store.remove_member(&system(), place, at(2)).await;
    assert_eq!(refusal(removed), Refusal::LastAdministrator);
    let edit = change("developer");
    let demoted = store.update_member(&system(), place, &edit, at(2)).await;
    assert_eq!(refusal(demoted), Refusal::LastAdministrator);
    assert_eq!(store.read_head().await.unwrap(), head);
    // One administering role for another, and whoever administers nothing.
    let edit = change("admin");
    let changed = store.update_member(&system(), place, &edit, at(2)).await;
    let _changed = changed.unwrap();
    let place = keeping(&bob.id, &kept);
    let _removed = store.remove_member(&system(), place, at(3)).await.unwrap();
    // With a second one the first may go; an organization without any has nobody to keep.
    let dan = with_role(&store, "acme", "dan", "owner").await;
    let place = keeping(&ann.id, &kept);
    let _removed = store.remove_member(&system(), place, at(4)).await.unwrap();
    remove(&store, &dan, 5).await;
    let eve = with_role(&store, "acme", "eve", "developer").await;
    let place = keeping(&eve.id, &kept);
    let _removed = store.remove_member(&system(), place, at(6)).await.unwrap();
    // By another profile other roles administer.
    let kept = Administrators {
        in_force: InForce {
            profile_version: 7,
            ..OPEN
        },
        ..kept
    };
    let fay = with_role(&store, "acme", "fay", "developer").await;
    let place = keeping(&fay.id, &kept);
    let removed = store.remove_member(&system(), place, at(7)).await;
    assert_eq!(refusal(removed), Refusal::ProfileMoved);
}

/// In one transaction or in two: whoever is decided about first leaves the other as the last.
async fn of_two_administrators_who_are_removed_at_once_one_stays(place: &Place) {
    let stores = [place.open().await, place.open().await];
    for round in 0..10 {
        let organization = format!("org-{round}");
        with_organization(&stores[0], &organization).await;
        let mut both = Vec::new();
        for name in ["ann", "bob"] {
            let name = format!("{name}{round}");
            both.push(with_role(&stores[0], &organization, &name, "owner").await);
        }
        let kept = administrators();
        let by = system();
        // In even rounds both go through one writer.
        let (first, second) = (&stores[0], &stores[round % 2]);
        let (one, other) = tokio::join!(
            first.remove_member(&by, keeping(&both[0].id, &kept), at(2)),
            second.remove_member(&by, keeping(&both[1].id, &kept), at(2)),
        );
        let refused = match (one, other) {
            (Ok(_), Err(error)) | (Err(error), Ok(_)) => refusal::<()>(Err(error)),
            both => panic!("round {round}: {both:?}"),
        };
        assert_eq!(refused, Refusal::LastAdministrator);
    }
}
