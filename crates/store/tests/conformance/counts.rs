//! What pages say about keys and people in numbers.

use keyway_core::id::{MemberId, ProjectId};
use keyway_core::key::{Key, Lifetime};
use keyway_core::management::Reach;
use keyway_core::member::Member;
use keyway_store::Store;
use keyway_store::error::Refusal;
use keyway_store::keys::change::KeyAt;
use keyway_store::members::MemberAt;
use keyway_store::profile::InForce;
use keyway_store::sign_ins::SignIns;
use keyway_token::digest::Digest;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    only_living_keys_of_the_organization_are_counted
    a_replaced_key_counts_against_no_limit
    an_organization_keeps_no_more_keys_than_its_limit
    leavers_are_the_removed_members_whose_keys_live
    who_has_a_password_and_when_they_were_seen_is_told_in_order
}

/// Of Ann: `live` in alpha by terraform, `off` inactive, `short` until the 50th second, `dead` revoked;
/// of the system: `own` in alpha; and in `other`, by an Ann of the same name there: `x`.
async fn with_keys(store: &Store) {
    with_acme(store).await;
    with_organization(store, "other").await;
    let anns = "member/mem_ann";
    let alpha: ProjectId = "alpha".parse().unwrap();
    let by = |key: Key, creator: &str| Key {
        created_by: creator.to_owned(),
        ..key
    };
    let live = Key {
        project: Some(alpha.clone()),
        managed_by: Some("terraform".parse().unwrap()),
        ..key("acme", "live")
    };
    let short = Key {
        lifetime: Lifetime::Until(at(50)),
        managed_by: Some("cron".parse().unwrap()),
        ..key("acme", "short")
    };
    let own_key = Key {
        project: Some(alpha),
        managed_by: Some("terraform".parse().unwrap()),
        ..key("acme", "own")
    };
    for key in [
        by(live, anns),
        by(key("acme", "off"), anns),
        by(short, anns),
        by(key("acme", "dead"), anns),
        own_key,
        by(key("other", "x"), anns),
    ] {
        let _made = store.create_key(&system(), key, OPEN, at(1)).await.unwrap();
    }
    let (reach, off, dead) = (own("acme"), key_id("off"), key_id("dead"));
    let at_key = |id| KeyAt {
        reach: &reach,
        id,
        expected: None,
    };
    let _off = store
        .deactivate_key(&system(), at_key(&off), at(2))
        .await
        .unwrap();
    let _dead = store
        .revoke_key(&system(), at_key(&dead), &revocation(2), at(2))
        .await
        .unwrap();
}

async fn only_living_keys_of_the_organization_are_counted(place: &Place) {
    let store = place.open().await;
    with_keys(&store).await;
    let acme = organization_id("acme");
    let creators = ["system", "member/mem_ann", "member/mem_nobody"].map(str::to_owned);
    for (secs, all, anns) in [(49, 4, 3), (50, 3, 2)] {
        let now = at(secs);
        assert_eq!(store.count_keys(&acme, now).await.unwrap(), all);
        let counted = store.count_keys_by_creator(&acme, &creators, now).await;
        assert_eq!(counted.unwrap(), [1, anns, 0]);
    }
    let none = store.count_keys_by_creator(&acme, &[], at(9)).await;
    assert!(none.unwrap().is_empty());
    let managers = store.count_keys_by_manager(&acme, at(49)).await.unwrap();
    let expected = [("cron".to_owned(), 1), ("terraform".to_owned(), 2)];
    assert_eq!(managers, expected);
    let managers = store.count_keys_by_manager(&acme, at(50)).await.unwrap();
    assert_eq!(managers, expected[1..]);
    let other = organization_id("other");
    assert_eq!(store.count_keys(&other, at(9)).await.unwrap(), 1);
    let managers = store.count_keys_by_manager(&other, at(9)).await.unwrap();
    assert_eq!(managers, []);
}

async fn a_replaced_key_counts_against_no_limit(place: &Place) {
    let store = place.open().await;
    with_keys(&store).await;
    let (acme, reach, id) = (organization_id("acme"), own("acme"), key_id("live"));
    let projects = ["alpha", "beta"].map(|it| it.parse::<ProjectId>().unwrap());
    let counted = store
        .count_limited_keys(&acme, &projects, None, at(9))
        .await;
    assert_eq!(counted.unwrap(), [2, 0]);
    let rotated = KeyAt {
        reach: &reach,
        id: &id,
        expected: None,
    };
    let _rotated = store
        .rotate_key(&system(), rotated, &rotation("fresh", "1h", 9), OPEN)
        .await
        .unwrap();
    // Both live, and the limit knows one.
    let counted = store
        .count_limited_keys(&acme, &projects, None, at(9))
        .await;
    assert_eq!(counted.unwrap(), [2, 0]);
    assert_eq!(store.count_keys(&acme, at(9)).await.unwrap(), 5);
    let none = store.count_limited_keys(&acme, &[], None, at(9)).await;
    assert!(none.unwrap().is_empty());
}

async fn remove(store: &Store, id: &MemberId, secs: u32) -> Member {
    let reach = Reach::All;
    let place = MemberAt {
        reach: &reach,
        id,
        expected: None,
        kept: None,
    };
    let removed = store.remove_member(&system(), place, at(secs)).await;
    removed.unwrap().into_parts().0
}

async fn leavers_are_the_removed_members_whose_keys_live(place: &Place) {
    let store = place.open().await;
    with_keys(&store).await;
    let ann = with_member(&store, ann()).await;
    let bob = with_member(&store, member("acme", "bob", "bob@example.com")).await;
    let cat = with_member(&store, member("acme", "cat", "cat@example.com")).await;
    let bobs = Key {
        lifetime: Lifetime::Until(at(50)),
        created_by: "member/mem_bob".to_owned(),
        ..key("acme", "bobs")
    };
    let _made = store
        .create_key(&system(), bobs, OPEN, at(2))
        .await
        .unwrap();
    let acme = organization_id("acme");
    let leavers = |limit, secs| {
        let (store, acme) = (store.clone(), acme.clone());
        async move { store.list_leavers(&acme, limit, at(secs)).await.unwrap() }
    };
    assert_eq!(leavers(9, 3).await, [], "nobody left yet");
    let ann = remove(&store, &ann.id, 4).await;
    let bob = remove(&store, &bob.id, 5).await;
    let _cat = remove(&store, &cat.id, 6).await;
    assert_eq!(leavers(9, 49).await, [bob.clone(), ann.clone()]);
    assert_eq!(leavers(1, 49).await, [bob]);
    assert_eq!(leavers(9, 50).await, [ann]);
    let other = store
        .list_leavers(&organization_id("other"), 9, at(9))
        .await;
    assert_eq!(other.unwrap(), []);
}

async fn who_has_a_password_and_when_they_were_seen_is_told_in_order(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let bob = with_member(&store, member("acme", "bob", "bob@example.com")).await;
    with_organization(&store, "other").await;
    let elsewhere = with_member(&store, member("other", "ann2", "ann@example.com")).await;
    let set = set_password(&store, &[&ann], "hash", "set").await;
    let _set = set.unwrap();
    for cookie in ["one", "two"] {
        sign_in(&store, &ann, session(cookie, &ann)).await;
    }
    store
        .touch_session(&Digest::of("two"), at(60))
        .await
        .unwrap();
    let members = [bob, elsewhere, ann].map(|it| it.id);
    // What Ann does in one organization is nobody's business in another.
    let told = |seen_at| {
        let [bob, elsewhere, ann] = members.clone();
        let nothing = |member| SignIns {
            member,
            has_password: false,
            seen_at: None,
        };
        let ann = SignIns {
            member: ann,
            has_password: true,
            seen_at,
        };
        vec![nothing(bob), nothing(elsewhere), ann]
    };
    let list = |idle_since, now| store.list_sign_ins(&members, at(idle_since), at(now));
    assert_eq!(list(0, 61).await.unwrap(), told(Some(at(60))));
    // A session that is over, or was idle for too long, says nothing.
    assert_eq!(list(59, 1_999).await.unwrap(), told(Some(at(60))));
    assert_eq!(list(60, 1_999).await.unwrap(), told(None));
    assert_eq!(list(0, 2_000).await.unwrap(), told(None));
    let none = store.list_sign_ins(&[], at(0), at(1)).await.unwrap();
    assert_eq!(none, []);
}

async fn an_organization_keeps_no_more_keys_than_its_limit(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    with_organization(&store, "other").await;
    let two = InForce {
        keys_per_organization: Some(2),
        ..OPEN
    };
    let make = async |organization: &str, id: &str, secs| {
        let key = Key {
            lifetime: Lifetime::Until(at(5)),
            ..key(organization, id)
        };
        store.create_key(&system(), key, two, at(secs)).await
    };
    let (reach, off) = (own("acme"), key_id("off"));
    let off = KeyAt {
        reach: &reach,
        id: &off,
        expected: None,
    };
    let _made = make("acme", "off", 1).await.unwrap();
    let _off = store.deactivate_key(&system(), off, at(2)).await.unwrap();
    let _made = make("acme", "short", 3).await.unwrap();
    let full = make("acme", "more", 4).await;
    assert_eq!(refusal(full), Refusal::LimitReached);
    let _elsewhere = make("other", "x", 4).await.unwrap();
    // What has expired takes its place as before; what is deleted does not.
    let expired = make("acme", "more", 6).await;
    assert_eq!(refusal(expired), Refusal::LimitReached);
    let _gone = store.delete_key(&system(), off, at(7)).await.unwrap();
    let _made = make("acme", "more", 8).await.unwrap();
    let full = make("acme", "fourth", 9).await;
    assert_eq!(refusal(full), Refusal::LimitReached);
}
