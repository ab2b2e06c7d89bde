//! Portal sessions: opened once, ended for good, and who may still act by one.

use keyway_core::actor::Actor;
use keyway_core::change::Change;
use keyway_core::management::Reach;
use keyway_core::portal::{PortalSession, PortalSessionState};
use keyway_store::Store;
use keyway_store::error::{ChangeError, Refusal};
use keyway_store::ledger::Committed;
use keyway_store::ledger::verify::LedgerState;
use keyway_store::links::LinkKind;
use keyway_token::digest::Digest;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    a_portal_session_reads_back_as_it_was_created
    a_portal_session_needs_its_organization_and_its_project
    a_portal_session_is_opened_once
    of_twenty_who_open_one_portal_link_one_wins
    a_portal_session_that_ended_opens_nothing
    revoking_a_portal_session_ends_its_cookies
    portal_sessions_come_newest_first_while_they_stand
    a_portal_session_that_ended_changes_nothing
}

async fn create(
    store: &Store,
    session: PortalSession,
    secret: &str,
) -> Result<Committed<PortalSession>, ChangeError> {
    let link = link(secret, LinkKind::Portal, session.id.as_str());
    store
        .create_portal_session(&system(), session, link, at(1))
        .await
}

async fn with_portal(store: &Store) -> PortalSession {
    with_acme(store).await;
    let made = create(store, portal_session("acme", "ps_1"), "secret").await;
    made.unwrap().into_parts().0
}

async fn find(store: &Store, session: &PortalSession) -> PortalSession {
    let found = store.find_portal_session(&own("acme"), &session.id).await;
    found.unwrap().unwrap()
}

async fn open(
    store: &Store,
    session: PortalSession,
    secret: &str,
    cookie: &str,
    secs: u32,
) -> Result<Committed<PortalSession>, ChangeError> {
    let (digest, cookie) = (Digest::of(secret), portal_cookie(cookie, &session));
    store
        .open_portal_session(&system(), session, &digest, opening(cookie), at(secs))
        .await
}

async fn a_portal_session_reads_back_as_it_was_created(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let patterns = ["keys.read", "keys.*", "*.read", "*", "docs.write"];
    let full = PortalSession {
        project: Some("alpha".parse().unwrap()),
        owner: Some("Kunde 1 & Söhne".parse().unwrap()),
        permissions: patterns.map(|it| it.parse().unwrap()).into(),
        return_url: Some("https://app.example.com/keys?a=1#b".to_owned()),
        ..portal_session("acme", "ps_1")
    };
    let made = create(&store, full.clone(), "secret").await.unwrap();
    assert_eq!((made.head().seq, &find(&store, &full).await), (3, &full));
    let other = store.find_portal_session(&own("other"), &full.id).await;
    assert_eq!(other.unwrap(), None);
    let bare = PortalSession {
        owner: None,
        permissions: Vec::new(),
        ..portal_session("acme", "ps_2")
    };
    let _made = create(&store, bare.clone(), "bare").await.unwrap();
    assert_eq!(find(&store, &bare).await, bare);
    let row = entries_after(&store, 2).await.remove(0);
    let expected = Change::PortalSessionCreated {
        organization: organization_id("acme"),
        id: full.id,
    };
    assert_eq!(row.change(), Some(expected));
    assert_eq!(
        serde_json::to_string(&(&row.detail, &row.personal)).unwrap(),
        r#"[{},{"actor":"Keyway","owner":"Kunde 1 & Söhne"}]"#
    );
}

async fn a_portal_session_needs_its_organization_and_its_project(place: &Place) {
    let store = place.open().await;
    let first = with_portal(&store).await;
    with_organization(&store, "other").await;
    let head = head_seq(&store).await;
    let nowhere = create(&store, portal_session("nowhere", "ps_2"), "x").await;
    assert_eq!(refusal(nowhere), Refusal::OrganizationNotFound);
    for (organization, project) in [("acme", "beta"), ("other", "alpha")] {
        let lost = PortalSession {
            project: Some(project.parse().unwrap()),
            ..portal_session(organization, "ps_2")
        };
        let refused = create(&store, lost, "x").await;
        assert_eq!(refusal(refused), Refusal::ProjectNotFound);
    }
    assert_eq!(refusal(create(&store, first, "x").await), Refusal::IdTaken);
    assert!(store.find_link(&Digest::of("x")).await.unwrap().is_none());
    assert_eq!(head_seq(&store).await, head);
}

async fn a_portal_session_is_opened_once(place: &Place) {
    let store = place.open().await;
    let made = with_portal(&store).await;
    let opened = open(&store, made.clone(), "secret", "cookie", 2).await;
    let opened = opened.unwrap();
    let expected = PortalSession {
        state: PortalSessionState::Open { since: at(2) },
        version: 2,
        ..made.clone()
    };
    assert_eq!((opened.head().seq, opened.value()), (4, &expected));
    assert_eq!(find(&store, &made).await, expected);
    let found = store.find_session(&Digest::of("cookie")).await.unwrap();
    let cookie = portal_cookie("cookie", &made);
    assert_eq!(format!("{:?}", found.unwrap()), format!("{cookie:?}"));
    for seen in [made, expected] {
        let again = open(&store, seen, "secret", "again", 3).await;
        assert_eq!(refusal(again), Refusal::LinkDead);
    }
    assert!(!opens(&store, "again").await);
    assert_eq!(store.read_head().await.unwrap(), opened.head());
}

async fn of_twenty_who_open_one_portal_link_one_wins(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let made = with_portal(&stores[0]).await;
    let mut tasks = Vec::new();
    for number in 0..20 {
        let (store, made) = (stores[number % 2].clone(), made.clone());
        tasks.push(tokio::spawn(async move {
            let cookie = format!("cookie-{number}");
            let opened = open(&store, made, "secret", &cookie, 2).await;
            let has_won = opened.is_ok();
            if !has_won {
                assert_eq!(refusal(opened), Refusal::LinkDead);
            }
            assert_eq!(opens(&store, &cookie).await, has_won);
            has_won
        }));
    }
    let mut won = 0;
    for task in tasks {
        won += u32::from(task.await.unwrap());
    }
    assert_eq!((won, head_seq(&stores[1]).await), (1, 4));
}

async fn a_portal_session_that_ended_opens_nothing(place: &Place) {
    let store = place.open().await;
    let made = with_portal(&store).await;
    let late = open(&store, made.clone(), "secret", "late", 1_000).await;
    assert_eq!(refusal(late), Refusal::LinkDead);
    let revoked = store
        .revoke_portal_session(&system(), &Reach::All, &made.id, at(2))
        .await
        .unwrap();
    // Whether it was read before it was revoked or after.
    for seen in [made, revoked.value().clone()] {
        let late = open(&store, seen, "secret", "late", 3).await;
        assert_eq!(refusal(late), Refusal::LinkDead);
    }
    assert!(!opens(&store, "late").await);
    assert_eq!(store.read_head().await.unwrap(), revoked.head());
}

async fn revoking_a_portal_session_ends_its_cookies(place: &Place) {
    let store = place.open().await;
    let made = with_portal(&store).await;
    let other = create(&store, portal_session("acme", "ps_2"), "other").await;
    let other = other.unwrap().into_parts().0;
    let _opened = open(&store, made.clone(), "secret", "cookie", 2).await;
    let _opened = open(&store, other, "other", "other-cookie", 2).await;
    let foreign = store
        .revoke_portal_session(&system(), &own("other"), &made.id, at(3))
        .await;
    assert_eq!(refusal(foreign), Refusal::PortalSessionNotFound);
    assert!(opens(&store, "cookie").await);
    let acme = own("acme");
    let revoked = store
        .revoke_portal_session(&system(), &acme, &made.id, at(3))
        .await
        .unwrap();
    let state = PortalSessionState::Revoked {
        at: at(3),
        by: "system".to_owned(),
    };
    assert_eq!((revoked.head().seq, &revoked.value().state), (7, &state));
    assert_eq!(find(&store, &made).await, *revoked.value());
    assert!(!opens(&store, "cookie").await && opens(&store, "other-cookie").await);
    let again = store
        .revoke_portal_session(&system(), &acme, &made.id, at(4))
        .await
        .unwrap();
    assert_eq!(
        (again.head(), again.value()),
        (revoked.head(), revoked.value())
    );
    let actions = entries_after(&store, 4).await;
    assert_eq!(
        words(&actions, |row| &row.action),
        [
            "portal_session.opened",
            "portal_session.opened",
            "portal_session.revoked"
        ]
    );
    let whole = store.verify_ledger(None).await.unwrap();
    assert_eq!(whole, LedgerState::Whole(revoked.head()));
}

async fn portal_sessions_come_newest_first_while_they_stand(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    with_organization(&store, "other").await;
    let all = [("a", 1, 99), ("b", 2, 99), ("c", 2, 99), ("d", 3, 99)];
    for (id, secs, ends) in all.into_iter().chain([("old", 1, 50), ("ended", 4, 99)]) {
        let made = PortalSession {
            created_at: at(secs),
            expires_at: at(ends),
            ..portal_session("acme", id)
        };
        let _made = create(&store, made, id).await.unwrap();
    }
    let foreign = create(&store, portal_session("other", "x"), "x").await;
    let foreign = foreign.unwrap().into_parts().0;
    let ended = "ended".parse().unwrap();
    let _ended = store
        .revoke_portal_session(&system(), &own("acme"), &ended, at(5))
        .await
        .unwrap();
    let mut cursor = None;
    let mut seen = Vec::new();
    loop {
        let page = store
            .list_portal_sessions(&own("acme"), None, cursor.as_ref(), 3, at(50))
            .await
            .unwrap();
        seen.push(words(&page.rows, |it| it.id.as_str()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [vec!["d", "c", "b"], vec!["a"]]);
    let before = store
        .list_portal_sessions(&own("acme"), None, None, 9, at(49))
        .await;
    assert_eq!(before.unwrap().rows.len(), 5);
    let other = organization_id("other");
    let of_other = store
        .list_portal_sessions(&Reach::All, Some(&other), None, 9, at(50))
        .await;
    assert_eq!(of_other.unwrap().rows, [foreign]);
    let none = store
        .list_portal_sessions(&own("acme"), Some(&other), None, 9, at(50))
        .await;
    assert_eq!(none.unwrap().rows, []);
}

async fn a_portal_session_that_ended_changes_nothing(place: &Place) {
    let store = place.open().await;
    let made = with_portal(&store).await;
    let short = PortalSession {
        expires_at: at(10),
        ..portal_session("acme", "ps_2")
    };
    let short = create(&store, short, "short").await.unwrap();
    let call = by(Actor::PortalSession(made.id.clone()));
    let short = by(Actor::PortalSession(short.value().id.clone()));
    let nobody = by(Actor::PortalSession("ps_nobody".parse().unwrap()));
    let allowed = [(&call, "k1", 2), (&short, "k2", 9)];
    for (by, id, secs) in allowed {
        let made = store.create_key(by, key("acme", id), OPEN, at(secs)).await;
        let _made = made.unwrap();
    }
    let revoked = store
        .revoke_portal_session(&system(), &own("acme"), &made.id, at(11))
        .await
        .unwrap();
    for (by, secs) in [(&call, 12), (&short, 10), (&nobody, 2)] {
        let refused = store
            .create_key(by, key("acme", "k3"), OPEN, at(secs))
            .await;
        assert_eq!(refusal(refused), Refusal::ActorGone);
    }
    assert_eq!(store.read_head().await.unwrap(), revoked.head());
    assert_eq!(
        entries_after(&store, 4).await[0].actor,
        "portal_session/ps_1"
    );
}
