//! Ways in: links that work once, passwords, and the sessions they open.

use std::collections::HashSet;

use keyway_core::change::Change;
use keyway_core::management::Reach;
use keyway_core::member::Member;
use keyway_store::Store;
use keyway_store::error::{ChangeError, Refusal};
use keyway_store::ledger::Committed;
use keyway_store::ledger::verify::LedgerState;
use keyway_store::links::{Link, LinkKind};
use keyway_store::members::MemberAt;
use keyway_store::sessions::{Earlier, Holder, Opening, Proof, Session};
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
    a_session_goes_to_no_membership_that_it_has_not_proved
    a_link_adds_its_membership_to_what_the_browser_has_proved
    a_session_never_holds_members_of_two_addresses
    what_ended_is_not_carried_over
    a_removed_member_is_taken_out_of_every_session
    signing_out_everywhere_leaves_what_was_proved_elsewhere
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
        sign_in(store, member, session(cookie, member)).await;
    }
    members
}

async fn open_cookies(store: &Store) -> Vec<&'static str> {
    let mut open = Vec::new();
    for cookie in ["ann", "ann-other", "both", "bob"] {
        if opens(store, cookie).await {
            open.push(cookie);
        }
    }
    open
}

/// The memberships that a cookie proves; none where it opens nothing.
async fn proved(store: &Store, cookie: &str) -> Vec<String> {
    let found = store.find_session(&Digest::of(cookie)).await.unwrap();
    match found.map(|it| it.holder) {
        Some(Holder::Person { members, .. }) => words(&members, |it| it.as_str()),
        Some(Holder::Portal(_)) | None => Vec::new(),
    }
}

/// Spends a link for a member in a browser that has a session.
async fn spend(
    store: &Store,
    member: &Member,
    link: &str,
    cookie: &str,
    earlier: Earlier,
) -> Result<Committed<()>, ChangeError> {
    let opening = Opening {
        session: session(cookie, member),
        earlier,
    };
    let proof = Proof::Link(Digest::of(link));
    store
        .begin_session(&system(), member, proof, opening, at(4))
        .await
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
    let proof = Proof::Link(digest);
    let opened = store
        .begin_session(&system(), &ann, proof, opening(cookie), at(2))
        .await
        .unwrap();
    let found = store.find_session(&Digest::of("cookie")).await.unwrap();
    assert_eq!(
        format!("{:?}", found.unwrap()),
        format!("{:?}", session("cookie", &ann))
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
        let proof = Proof::Link(Digest::of(secret));
        let opening = opening(session(cookie, &ann));
        let (store, by, ann) = (&store, &by, &ann);
        async move { store.begin_session(by, ann, proof, opening, at(secs)).await }
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
        let refused = spend(&store, &ann, secret, "cookie", Earlier::Nothing).await;
        assert_eq!(refusal(refused), Refusal::LinkDead, "{secret}");
    }
    let digest = Digest::of("bobs");
    let cookie = opening(portal_cookie("cookie", &portal));
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
            let spent = spend(&store, &ann, "secret", &cookie, Earlier::Nothing).await;
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
    for (proof, expected) in [
        (Proof::Address, r#"{"way":"address"}"#),
        (Proof::Passwords(Vec::new()), r#"{"way":"password"}"#),
    ] {
        let (head, cookie) = (head_seq(&store).await, session(expected, &ann));
        let opened = store
            .begin_session(&by_member(&ann), &ann, proof, opening(cookie), at(2))
            .await
            .unwrap();
        assert_eq!(opened.head().seq, head + 1);
        let row = entries_after(&store, head).await.remove(0);
        let change = Change::MemberSignedIn {
            organization: organization_id("acme"),
            id: ann.id.clone(),
        };
        assert_eq!(
            (row.change(), &*row.actor),
            (Some(change), "member/mem_ann")
        );
        assert_eq!(serde_json::to_string(&row.detail).unwrap(), expected);
    }
}

async fn a_session_is_noted_switched_and_ended_without_a_row(place: &Place) {
    let store = place.open().await;
    let [ann, elsewhere, _] = with_three_sessions(&store).await;
    sign_in(&store, &ann, session_of("both", &[&ann, &elsewhere])).await;
    let (head, digest) = (store.read_head().await.unwrap(), Digest::of("both"));
    store.touch_session(&digest, at(60)).await.unwrap();
    store.switch_session(&digest, &elsewhere.id).await.unwrap();
    let expected = Session {
        holder: Holder::Person {
            here: elsewhere.id.clone(),
            members: vec![ann.id.clone(), elsewhere.id.clone()],
        },
        seen_at: at(60),
        ..session("both", &ann)
    };
    let found = store.find_session(&digest).await.unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    store.end_session(&digest).await.unwrap();
    assert_eq!(open_cookies(&store).await, ["ann", "ann-other", "bob"]);
    // What ended does not come back by being used.
    store.touch_session(&digest, at(61)).await.unwrap();
    store.end_session(&digest).await.unwrap();
    assert_eq!(open_cookies(&store).await, ["ann", "ann-other", "bob"]);
    assert_eq!(store.read_head().await.unwrap(), head);
}

async fn a_session_goes_to_no_membership_that_it_has_not_proved(place: &Place) {
    let store = place.open().await;
    let [ann, elsewhere, bob] = with_three_sessions(&store).await;
    for other in [&elsewhere, &bob] {
        let digest = Digest::of("ann");
        store.switch_session(&digest, &other.id).await.unwrap();
        let found = store.find_session(&digest).await.unwrap().unwrap();
        assert_eq!(found.holder, session("ann", &ann).holder);
    }
}

async fn a_link_adds_its_membership_to_what_the_browser_has_proved(place: &Place) {
    let store = place.open().await;
    let [_, elsewhere, _] = with_three_sessions(&store).await;
    make_link(&store, &elsewhere, sign_in_link("secret", &elsewhere)).await;
    let earlier = Earlier::GoesOn(Digest::of("ann"));
    let begun = spend(&store, &elsewhere, "secret", "both", earlier).await;
    let _begun = begun.unwrap();
    assert_eq!(proved(&store, "both").await, ["mem_ann", "mem_ann2"]);
    // Nobody who knew the cookie before has what was added.
    assert_eq!(open_cookies(&store).await, ["ann-other", "both", "bob"]);
    // A proof that stands alone ends what was there, and keeps nothing of it.
    make_link(&store, &elsewhere, sign_in_link("again", &elsewhere)).await;
    let earlier = Earlier::Ends(Digest::of("both"));
    let begun = spend(&store, &elsewhere, "again", "alone", earlier).await;
    let _begun = begun.unwrap();
    assert_eq!(proved(&store, "alone").await, ["mem_ann2"]);
    assert_eq!(open_cookies(&store).await, ["ann-other", "bob"]);
}

async fn a_session_never_holds_members_of_two_addresses(place: &Place) {
    let store = place.open().await;
    let [_, elsewhere, _] = with_three_sessions(&store).await;
    make_link(&store, &elsewhere, sign_in_link("secret", &elsewhere)).await;
    let earlier = Earlier::GoesOn(Digest::of("bob"));
    let begun = spend(&store, &elsewhere, "secret", "both", earlier).await;
    let _begun = begun.unwrap();
    assert_eq!(proved(&store, "both").await, ["mem_ann2"]);
    assert_eq!(open_cookies(&store).await, ["ann", "ann-other", "both"]);
}

/// A link that is spent while somebody signs out must not bring back what they signed out of.
async fn what_ended_is_not_carried_over(place: &Place) {
    let store = place.open().await;
    let [ann, elsewhere, _] = with_three_sessions(&store).await;
    for (link, cookie) in [("first", "after"), ("second", "behind")] {
        make_link(&store, &elsewhere, sign_in_link(link, &elsewhere)).await;
        let digest = Digest::of("ann");
        store.end_session(&digest).await.unwrap();
        let begun = spend(&store, &elsewhere, link, cookie, Earlier::GoesOn(digest)).await;
        let _begun = begun.unwrap();
        assert_eq!(proved(&store, cookie).await, ["mem_ann2"]);
        sign_in(&store, &ann, session("ann", &ann)).await;
        let signed_out = [ann.id.clone()];
        let ended = store
            .end_sessions(&system(), &ann, &signed_out, at(3))
            .await;
        let _ended = ended.unwrap();
    }
}

async fn a_removed_member_is_taken_out_of_every_session(place: &Place) {
    let store = place.open().await;
    let [ann, elsewhere, _] = with_three_sessions(&store).await;
    sign_in(&store, &ann, session_of("both", &[&ann, &elsewhere])).await;
    let (acme, head) = (own("acme"), head_seq(&store).await);
    let place = MemberAt {
        reach: &acme,
        id: &ann.id,
        expected: None,
        kept: None,
    };
    let removed = store.remove_member(&system(), place, at(3)).await.unwrap();
    // What she is elsewhere is not for this organization to end.
    assert_eq!(open_cookies(&store).await, ["ann-other", "both", "bob"]);
    assert_eq!(proved(&store, "both").await, ["mem_ann2"]);
    assert_eq!(removed.head().seq, head + 1);
}

async fn signing_out_everywhere_leaves_what_was_proved_elsewhere(place: &Place) {
    let store = place.open().await;
    let [ann, elsewhere, _] = with_three_sessions(&store).await;
    sign_in(&store, &ann, session_of("both", &[&ann, &elsewhere])).await;
    let head = head_seq(&store).await;
    let signed_out = [ann.id.clone()];
    let ended = store
        .end_sessions(&by_member(&ann), &ann, &signed_out, at(3))
        .await;
    assert_eq!(ended.unwrap().head().seq, head + 1);
    assert_eq!(open_cookies(&store).await, ["ann-other", "both", "bob"]);
    assert_eq!(proved(&store, "both").await, ["mem_ann2"]);
    let row = entries_after(&store, head).await.remove(0);
    assert_eq!(
        (&*row.action, &*row.target),
        ("member.signed_out", "mem_ann")
    );
    // Whoever has proved both signs out of both.
    let signed_out = [ann.id.clone(), elsewhere.id.clone()];
    let ended = store
        .end_sessions(&by_member(&ann), &ann, &signed_out, at(4))
        .await;
    let _ended = ended.unwrap();
    assert_eq!(open_cookies(&store).await, ["bob"]);
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
        kept: None,
    };
    let removed = store.remove_member(&system(), place, at(3)).await.unwrap();
    for proof in [Proof::Address, Proof::Link(Digest::of("early"))] {
        let opening = opening(session("ann", &ann));
        let refused = store
            .begin_session(&system(), &ann, proof, opening, at(4))
            .await;
        assert_eq!(refusal(refused), Refusal::MemberNotFound);
    }
    let late = sign_in_link("late", &ann);
    let refused = store
        .create_sign_in_link(&system(), &ann, late, at(4))
        .await;
    assert_eq!(refusal(refused), Refusal::MemberNotFound);
    let refused = set_password(&store, &[&ann], "hash", "set").await;
    assert_eq!(refusal(refused), Refusal::MemberNotFound);
    assert_eq!(find_link(&store, "late").await, None);
    let found = store.find_passwords(std::slice::from_ref(&ann.id)).await;
    assert_eq!(found.unwrap(), [known(&ann, None)]);
    assert_eq!(open_cookies(&store).await, ["ann-other", "bob"]);
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
        sign_in(&store, &ann, opened).await;
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
    let opened = opening(session("cookie", &ann));
    let opened = store
        .begin_session(&system(), &ann, Proof::Link(digest), opened, at(3))
        .await;
    let _opened = opened.unwrap();
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
    let set = set_password(&store, &[&bob], hash, "bobs").await;
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
