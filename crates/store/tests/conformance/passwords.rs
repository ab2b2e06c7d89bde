//! Passwords: whose they are, what they open, and what a change of them ends.

use keyway_core::management::Reach;
use keyway_core::member::Member;
use keyway_store::Store;
use keyway_store::error::Refusal;
use keyway_store::members::MemberAt;
use keyway_store::passwords::{NewPassword, Password};
use keyway_store::sessions::{Earlier, Holder, Opening, Proof};
use keyway_token::digest::Digest;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    a_password_belongs_to_the_memberships_for_which_it_was_set
    a_password_signs_every_other_session_out_of_its_memberships
    a_password_is_not_set_over_one_that_nobody_knew_of
    a_password_is_not_set_in_a_session_that_ended
    who_tried_an_earlier_password_does_not_come_in
    of_a_new_password_and_a_sign_in_with_the_earlier_one_no_session_is_left
    a_removed_member_leaves_no_password
}

/// Ann in `acme` and in `other`.
async fn with_two_anns(store: &Store) -> [Member; 2] {
    let ann = with_ann(store).await;
    with_organization(store, "other").await;
    let elsewhere = with_member(store, member("other", "ann2", "ANN@example.com")).await;
    [ann, elsewhere]
}

async fn passwords(store: &Store, members: &[Member; 2]) -> [Option<String>; 2] {
    let ids = members.each_ref().map(|it| it.id.clone());
    let found = store.find_passwords(&ids).await.unwrap();
    let hashes: Vec<Option<String>> = found.into_iter().map(|it| it.hash).collect();
    hashes.try_into().unwrap()
}

async fn a_password_belongs_to_the_memberships_for_which_it_was_set(place: &Place) {
    let store = place.open().await;
    let both = with_two_anns(&store).await;
    let [ann, elsewhere] = &both;
    assert_eq!(passwords(&store, &both).await, [None, None]);
    let head = head_seq(&store).await;
    let set = set_password(&store, &[ann], "hash-1", "one").await;
    assert_eq!(set.unwrap().head().seq, head + 1);
    let row = entries_after(&store, head).await.remove(0);
    assert_eq!((&*row.action, &*row.target), ("password.set", "mem_ann"));
    // The same address in another organization has none, whoever entered it there.
    let hash = |hash: &str| Some(hash.to_owned());
    assert_eq!(passwords(&store, &both).await, [hash("hash-1"), None]);
    let set = NewPassword {
        hash: "hash-2".to_owned(),
        replaced: vec![known(ann, Some("hash-1")), known(elsewhere, None)],
        opening: opening(session_of("two", &[ann, elsewhere])),
    };
    let set = store.set_password(&system(), ann, set, at(4)).await;
    let _set = set.unwrap();
    let expected = [hash("hash-2"), hash("hash-2")];
    assert_eq!(passwords(&store, &both).await, expected);
    assert_eq!(store.find_passwords(&[]).await.unwrap(), []);
}

async fn a_password_signs_every_other_session_out_of_its_memberships(place: &Place) {
    let store = place.open().await;
    let [ann, elsewhere] = with_two_anns(&store).await;
    for cookie in ["one", "two"] {
        sign_in(&store, &ann, session(cookie, &ann)).await;
    }
    sign_in(&store, &elsewhere, session("other", &elsewhere)).await;
    let both = session_of("both", &[&ann, &elsewhere]);
    sign_in(&store, &ann, both.clone()).await;
    let set = NewPassword {
        hash: "hash".to_owned(),
        replaced: vec![known(&ann, None)],
        opening: Opening {
            session: session("fresh", &ann),
            earlier: Earlier::GoesOn(Digest::of("one")),
        },
    };
    let set = store.set_password(&system(), &ann, set, at(3)).await;
    let _set = set.unwrap();
    for ended in ["one", "two"] {
        assert!(!opens(&store, ended).await, "{ended}");
    }
    for stays in ["fresh", "other"] {
        assert!(opens(&store, stays).await, "{stays}");
    }
    // What was proved of another membership stays.
    let found = store.find_session(&both.digest).await.unwrap().unwrap();
    let expected = Holder::Person {
        here: ann.id,
        members: vec![elsewhere.id],
    };
    assert_eq!(found.holder, expected);
}

async fn a_password_is_not_set_over_one_that_nobody_knew_of(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let set = set_password(&store, &[&ann], "hash-1", "one").await;
    let head = set.unwrap().head();
    let late = set_password(&store, &[&ann], "hash-2", "late").await;
    assert_eq!(refusal(late), Refusal::PasswordMoved);
    assert!(opens(&store, "one").await && !opens(&store, "late").await);
    assert_eq!(store.read_head().await.unwrap(), head);
}

async fn a_password_is_not_set_in_a_session_that_ended(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    sign_in(&store, &ann, session("ended", &ann)).await;
    let digest = Digest::of("ended");
    store.end_session(&digest).await.unwrap();
    let set = NewPassword {
        hash: "hash".to_owned(),
        replaced: vec![known(&ann, None)],
        opening: Opening {
            session: session("fresh", &ann),
            earlier: Earlier::GoesOn(digest),
        },
    };
    let refused = store.set_password(&system(), &ann, set, at(3)).await;
    assert_eq!(refusal(refused), Refusal::ActorGone);
    let found = store
        .find_passwords(std::slice::from_ref(&ann.id))
        .await
        .unwrap();
    assert_eq!(found, [known(&ann, None)]);
    assert!(!opens(&store, "fresh").await);
}

/// Trying a password takes long, and it may be replaced meanwhile.
async fn who_tried_an_earlier_password_does_not_come_in(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let set = set_password(&store, &[&ann], "hash-1", "one").await;
    let _set = set.unwrap();
    let come = |hash: Option<&str>, cookie: &str| {
        let proof = Proof::Passwords(vec![known(&ann, hash)]);
        let opening = opening(session(cookie, &ann));
        let (store, ann) = (store.clone(), ann.clone());
        async move {
            store
                .begin_session(&system(), &ann, proof, opening, at(4))
                .await
        }
    };
    let _came = come(Some("hash-1"), "early").await.unwrap();
    let set = NewPassword {
        hash: "hash-2".to_owned(),
        replaced: vec![known(&ann, Some("hash-1"))],
        opening: opening(session("two", &ann)),
    };
    let set = store.set_password(&system(), &ann, set, at(5)).await;
    let head = set.unwrap().head();
    for hash in [Some("hash-1"), None] {
        let refused = come(hash, "late").await;
        assert_eq!(refusal(refused), Refusal::PasswordMoved);
    }
    assert!(!opens(&store, "early").await && !opens(&store, "late").await);
    assert_eq!(store.read_head().await.unwrap(), head);
}

/// Both at once, often: whichever is first, the session of the earlier password is over.
async fn of_a_new_password_and_a_sign_in_with_the_earlier_one_no_session_is_left(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let set = set_password(&store, &[&ann], "hash-0", "0").await;
    let _set = set.unwrap();
    for number in 1..=20 {
        let (before, after) = (format!("hash-{}", number - 1), format!("hash-{number}"));
        let cookie = format!("with the earlier {number}");
        let proof = Proof::Passwords(vec![known(&ann, Some(&before))]);
        let came = opening(session(&cookie, &ann));
        let set = NewPassword {
            hash: after.clone(),
            replaced: vec![Password {
                member: ann.id.clone(),
                hash: Some(before),
            }],
            opening: opening(session(&after, &ann)),
        };
        let by = system();
        let (set, _came) = tokio::join!(
            store.set_password(&by, &ann, set, at(4)),
            store.begin_session(&by, &ann, proof, came, at(4)),
        );
        let _set = set.unwrap();
        assert!(!opens(&store, &cookie).await, "{number}");
        assert!(opens(&store, &after).await, "{number}");
    }
}

async fn a_removed_member_leaves_no_password(place: &Place) {
    let store = place.open().await;
    let both = with_two_anns(&store).await;
    let [ann, elsewhere] = &both;
    let set = set_password(&store, &[ann, elsewhere], "hash", "both").await;
    let _set = set.unwrap();
    let place = MemberAt {
        reach: &Reach::All,
        id: &ann.id,
        expected: None,
        kept: None,
    };
    let _removed = store.remove_member(&system(), place, at(4)).await.unwrap();
    let expected = [None, Some("hash".to_owned())];
    assert_eq!(passwords(&store, &both).await, expected);
    // Added again, nothing of before opens anything.
    let again = with_member(&store, member("acme", "again", "ann@example.com")).await;
    let found = store
        .find_passwords(std::slice::from_ref(&again.id))
        .await
        .unwrap();
    assert_eq!(found, [known(&again, None)]);
}
