//! Ways in: links that work once, passwords, and the sessions they open.

use std::collections::HashSet;

use keyway_core::change::Change;
use keyway_core::management::Reach;
use keyway_core::member::Member;
use keyway_store::Store;
use keyway_store::error::Refusal;
use keyway_store::ledger::verify::LedgerState;
use keyway_store::members::MemberAt;
use keyway_store::sessions::{Link, LinkKind, Session};
use keyway_token::digest::Digest;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    a_sign_in_link_opens_one_session_and_writes_one_row
    a_link_that_is_spent_too_old_or_unknown_opens_nothing
    a_link_opens_nothing_but_what_it_was_made_for
    of_twenty_who_spend_one_link_one_wins
    who_signs_in_without_a_link_proved_it_otherwise
    a_session_is_noted_switched_and_ended_without_a_row
    a_password_ends_every_session_of_its_person
    a_removed_member_is_signed_out_everywhere
    signing_out_everywhere_ends_every_session_of_one_person
    a_removed_member_gets_no_way_in
    what_ended_is_forgotten
    the_ledger_holds_nothing_that_opens_anything
}

/// Ann in `acme` and `other`, Bob in `acme`, with a session each: `ann`, `ann-other`, `bob`.
async fn with_three_sessions(store: &Store) -> [Member; 3] {
    let ann = with_ann(store).await;
    with_organization(store, "other").await;
    let elsewhere = with_member(store, member("other", "ann2", "ANN@example.com")).await;
    let bob = with_member(store, member("acme", "bob", "bob@example.com")).await;
    let members = [ann, elsewhere, bob];
    for (member, cookie) in members.iter().zip(["ann", "ann-other", "bob"]) {
        let session = session(cookie, member);
        let opened = store.sign_in(&system(), member, None, session, at(2)).await;
        let _opened = opened.unwrap();
    }
    members
}

async fn open_cookies(store: &Store) -> Vec<&'static str> {
    let mut open = Vec::new();
    for cookie in ["ann", "ann-other", "bob"] {
        if opens(store, cookie).await {
            open.push(cookie);
        }
    }
    open
}

async fn make_link(store: &Store, member: &Member, link: Link) {
    let made = store
        .create_sign_in_link(&system(), member, link, at(1))
        .await;
    let _made = made.unwrap();
}

async fn find_link(store: &Store, secret: &str) -> Option<(LinkKind, String, i64, bool)> {
    let found = store.find_link(&Digest::of(secret)).await.unwrap()?;
    assert!(found.digest.same_as(&Digest::of(secret)));
    Some((
        found.kind,
        found.subject,
        found.expires_at.micros(),
        found.is_spent,
    ))
}

async fn a_sign_in_link_opens_one_session_and_writes_one_row(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    make_link(&store, &ann, sign_in_link("secret", &ann)).await;
    let fresh = (
        LinkKind::SignIn,
        "mem_ann".to_owned(),
        at(1_000).micros(),
        false,
    );
    assert_eq!(find_link(&store, "secret").await, Some(fresh.clone()));
    assert_eq!(find_link(&store, "other").await, None);
    let (digest, cookie) = (Digest::of("secret"), session("cookie", &ann));
    let opened = store
        .sign_in(&system(), &ann, Some(&digest), cookie, at(2))
        .await
        .unwrap();
    let found = store.find_session(&Digest::of("cookie")).await.unwrap();
    assert_eq!(
        format!("{:?}", found.unwrap()),
        format!("{:?}", opened.value())
    );
    assert!(!opens(&store, "secret").await);
    let spent = (fresh.0, fresh.1, fresh.2, true);
    assert_eq!(find_link(&store, "secret").await, Some(spent));
    let rows = entries_after(&store, 3).await;
    assert_eq!(opened.head().seq, 5);
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (&*row.action, &*row.target))
        .collect();
    let expected = [
        ("sign_in_link.created", "mem_ann"),
        ("member.signed_in", "mem_ann"),
    ];
    assert_eq!(seen, expected);
    assert_eq!(
        serde_json::to_string(&(&rows[1].detail, &rows[1].personal)).unwrap(),
        r#"[{"way":"link"},{"actor":"Keyway","email":"ann@example.com"}]"#
    );
}

async fn a_link_that_is_spent_too_old_or_unknown_opens_nothing(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    make_link(&store, &ann, sign_in_link("spent", &ann)).await;
    let short = Link {
        expires_at: at(10),
        ..sign_in_link("short", &ann)
    };
    make_link(&store, &ann, short).await;
    let by = system();
    let spend = |secret: &str, cookie: &str, secs| {
        let (digest, session) = (Digest::of(secret), session(cookie, &ann));
        let (store, by, ann) = (&store, &by, &ann);
        async move {
            store
                .sign_in(by, ann, Some(&digest), session, at(secs))
                .await
        }
    };
    let _first = spend("spent", "first", 2).await.unwrap();
    let head = head_seq(&store).await;
    assert_eq!(refusal(spend("spent", "again", 3).await), Refusal::LinkDead);
    assert_eq!(
        refusal(spend("short", "again", 10).await),
        Refusal::LinkDead
    );
    assert_eq!(
        refusal(spend("unknown", "again", 3).await),
        Refusal::LinkDead
    );
    assert!(opens(&store, "first").await && !opens(&store, "again").await);
    assert_eq!(head_seq(&store).await, head);
    // Until just before its end it works.
    let _last = spend("short", "last", 9).await.unwrap();
}

async fn a_link_opens_nothing_but_what_it_was_made_for(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let bob = with_member(&store, member("acme", "bob", "bob@example.com")).await;
    let portal = portal_session("acme", "ps_1");
    make_link(&store, &bob, sign_in_link("bobs", &bob)).await;
    let _made = store
        .create_portal_session(
            &system(),
            portal.clone(),
            link("portal", LinkKind::Portal, "ps_1"),
            at(1),
        )
        .await
        .unwrap();
    let head = head_seq(&store).await;
    for secret in ["bobs", "portal"] {
        let (digest, session) = (Digest::of(secret), session("cookie", &ann));
        let refused = store
            .sign_in(&system(), &ann, Some(&digest), session, at(2))
            .await;
        assert_eq!(refusal(refused), Refusal::LinkDead, "{secret}");
    }
    let (digest, cookie) = (Digest::of("bobs"), portal_cookie("cookie", &portal));
    let refused = store
        .open_portal_session(&system(), portal, &digest, cookie, at(2))
        .await;
    assert_eq!(refusal(refused), Refusal::LinkDead);
    assert!(!opens(&store, "cookie").await);
    assert_eq!(head_seq(&store).await, head);
}

async fn of_twenty_who_spend_one_link_one_wins(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let ann = with_ann(&stores[0]).await;
    make_link(&stores[0], &ann, sign_in_link("secret", &ann)).await;
    let mut tasks = Vec::new();
    for number in 0..20 {
        let (store, ann) = (stores[number % 2].clone(), ann.clone());
        tasks.push(tokio::spawn(async move {
            let cookie = format!("cookie-{number}");
            let (digest, session) = (Digest::of("secret"), session(&cookie, &ann));
            let spent = store
                .sign_in(&system(), &ann, Some(&digest), session, at(2))
                .await;
            match spent {
                Ok(_) => Some(cookie),
                Err(error) => {
                    assert_eq!(refusal::<()>(Err(error)), Refusal::LinkDead);
                    assert!(!opens(&store, &cookie).await);
                    None
                }
            }
        }));
    }
    let mut won = Vec::new();
    for task in tasks {
        won.extend(task.await.unwrap());
    }
    assert_eq!(won.len(), 1);
    assert!(opens(&stores[0], &won[0]).await);
    assert_eq!(head_seq(&stores[0]).await, 5);
}

async fn who_signs_in_without_a_link_proved_it_otherwise(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    let opened = store
        .sign_in(&by_member(&ann), &ann, None, session("cookie", &ann), at(2))
        .await
        .unwrap();
    assert_eq!(opened.head().seq, 4);
    let row = entries_after(&store, 3).await.remove(0);
    let expected = Change::MemberSignedIn {
        organization: organization_id("acme"),
        id: ann.id.clone(),
    };
    assert_eq!(
        (row.change(), &*row.actor),
        (Some(expected), "member/mem_ann")
    );
    let way = serde_json::to_string(&row.detail).unwrap();
    assert_eq!(way, r#"{"way":"credential"}"#);
}

async fn a_session_is_noted_switched_and_ended_without_a_row(place: &Place) {
    let store = place.open().await;
    let [ann, elsewhere, _] = with_three_sessions(&store).await;
    let (head, digest) = (store.read_head().await.unwrap(), Digest::of("ann"));
    store.touch_session(&digest, at(60)).await.unwrap();
    store
        .switch_session(&digest, &elsewhere.organization)
        .await
        .unwrap();
    let expected = Session {
        organization: elsewhere.organization,
        seen_at: at(60),
        ..session("ann", &ann)
    };
    let found = store.find_session(&digest).await.unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    store.end_session(&digest).await.unwrap();
    assert_eq!(open_cookies(&store).await, ["ann-other", "bob"]);
    // What ended does not come back by being used.
    store.touch_session(&digest, at(61)).await.unwrap();
    store.end_session(&digest).await.unwrap();
    assert_eq!(open_cookies(&store).await, ["ann-other", "bob"]);
    assert_eq!(store.read_head().await.unwrap(), head);
}

async fn a_password_ends_every_session_of_its_person(place: &Place) {
    let store = place.open().await;
    let [ann, elsewhere, _] = with_three_sessions(&store).await;
    let hash = |store: &Store, person: &str| {
        let (store, person) = (store.clone(), person.to_owned());
        async move { store.find_password(&person).await.unwrap() }
    };
    assert_eq!(hash(&store, "ann@example.com").await, None);
    let set = store.set_password(&system(), &ann, "hash-1", at(3)).await;
    let row = entries_after(&store, set.unwrap().head().seq - 1).await;
    assert_eq!((row.len(), &*row[0].action), (1, "password.set"));
    assert_eq!(open_cookies(&store).await, ["bob"]);
    // It is the person's, whichever membership it was set by, and in any case of the address.
    let set = store
        .set_password(&system(), &elsewhere, "hash-2", at(4))
        .await;
    let _set = set.unwrap();
    let found = hash(&store, "ann@example.com").await;
    assert_eq!(found.as_deref(), Some("hash-2"));
    assert_eq!(hash(&store, "ANN@example.com").await, None);
    assert_eq!(hash(&store, "bob@example.com").await, None);
}

async fn a_removed_member_is_signed_out_everywhere(place: &Place) {
    let store = place.open().await;
    let [ann, ..] = with_three_sessions(&store).await;
    let (acme, head) = (own("acme"), head_seq(&store).await);
    let place = MemberAt {
        reach: &acme,
        id: &ann.id,
        expected: None,
    };
    let removed = store.remove_member(&system(), place, at(3)).await.unwrap();
    assert_eq!(open_cookies(&store).await, ["bob"]);
    assert_eq!(removed.head().seq, head + 1);
}

async fn signing_out_everywhere_ends_every_session_of_one_person(place: &Place) {
    let store = place.open().await;
    let [ann, ..] = with_three_sessions(&store).await;
    let head = head_seq(&store).await;
    let ended = store.end_sessions(&by_member(&ann), &ann, at(3)).await;
    assert_eq!(ended.unwrap().head().seq, head + 1);
    assert_eq!(open_cookies(&store).await, ["bob"]);
    let row = entries_after(&store, head).await.remove(0);
    assert_eq!(
        (&*row.action, &*row.target),
        ("member.signed_out", "mem_ann")
    );
}

/// A link, a session or a password that comes a moment after the removal would outlive it.
async fn a_removed_member_gets_no_way_in(place: &Place) {
    let store = place.open().await;
    let [ann, ..] = with_three_sessions(&store).await;
    make_link(&store, &ann, sign_in_link("early", &ann)).await;
    let reach = Reach::All;
    let place = MemberAt {
        reach: &reach,
        id: &ann.id,
        expected: None,
    };
    let removed = store.remove_member(&system(), place, at(3)).await.unwrap();
    for way in [None, Some(&Digest::of("early"))] {
        let session = session("ann", &ann);
        let refused = store.sign_in(&system(), &ann, way, session, at(4)).await;
        assert_eq!(refusal(refused), Refusal::MemberNotFound);
    }
    let late = sign_in_link("late", &ann);
    let refused = store
        .create_sign_in_link(&system(), &ann, late, at(4))
        .await;
    assert_eq!(refusal(refused), Refusal::MemberNotFound);
    let refused = store.set_password(&system(), &ann, "hash", at(4)).await;
    assert_eq!(refusal(refused), Refusal::MemberNotFound);
    assert_eq!(find_link(&store, "late").await, None);
    assert_eq!(store.find_password("ann@example.com").await.unwrap(), None);
    assert_eq!(open_cookies(&store).await, ["bob"]);
    assert_eq!(store.read_head().await.unwrap(), removed.head());
}

async fn what_ended_is_forgotten(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    for (secret, secs) in [("short", 10), ("long", 20)] {
        let made = Link {
            expires_at: at(secs),
            ..sign_in_link(secret, &ann)
        };
        make_link(&store, &ann, made).await;
        let opened = Session {
            expires_at: at(secs),
            ..session(secret, &ann)
        };
        let opened = store.sign_in(&system(), &ann, None, opened, at(2)).await;
        let _opened = opened.unwrap();
    }
    let head = head_seq(&store).await;
    store.delete_ended_before(at(10)).await.unwrap();
    assert!(opens(&store, "short").await);
    store.delete_ended_before(at(11)).await.unwrap();
    assert!(!opens(&store, "short").await && opens(&store, "long").await);
    assert_eq!(find_link(&store, "short").await, None);
    assert!(find_link(&store, "long").await.is_some());
    assert_eq!(head_seq(&store).await, head);
}

async fn the_ledger_holds_nothing_that_opens_anything(place: &Place) {
    let store = place.open().await;
    let [ann, _, bob] = with_three_sessions(&store).await;
    make_link(&store, &ann, sign_in_link("secret", &ann)).await;
    let digest = Digest::of("secret");
    let opened = session("cookie", &ann);
    let opened = store
        .sign_in(&system(), &ann, Some(&digest), opened, at(3))
        .await;
    let _opened = opened.unwrap();
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
    let set = store.set_password(&system(), &bob, hash, at(4)).await;
    assert_eq!(set.unwrap().head().seq, 12);
    let rows = entries_after(&store, 0).await;
    let texts = format!("{rows:?}");
    let of = |secret: &str| Digest::of(secret).to_hex();
    for found in [hash, "argon2", "c2FsdA", "secret", "cookie"] {
        assert!(!texts.contains(found), "{found}");
    }
    for secret in ["secret", "cookie", "ann", "bob"] {
        assert!(!texts.contains(&of(secret)), "{secret}");
        let bytes = format!("{:?}", Digest::of(secret).as_bytes());
        let bytes = bytes.trim_matches(['[', ']']);
        assert!(!texts.contains(bytes), "{secret}");
    }
    let actions: HashSet<&str> = rows.iter().map(|row| &*row.action).collect();
    assert!(actions.contains("password.set") && actions.contains("member.signed_in"));
    let head = store.read_head().await.unwrap();
    let whole = store.verify_ledger(None).await.unwrap();
    assert_eq!(whole, LedgerState::Whole(head));
}
