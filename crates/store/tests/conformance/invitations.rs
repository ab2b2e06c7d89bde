//! Invitations: who may be invited, and what opening one makes.

use keyway_core::change::Change;
use keyway_core::invitation::{Invitation, InvitationState};
use keyway_core::management::Reach;
use keyway_core::member::Member;
use keyway_store::Store;
use keyway_store::error::{ChangeError, Refusal};
use keyway_store::ledger::Committed;
use keyway_store::ledger::verify::LedgerState;
use keyway_store::links::{Link, LinkKind};
use keyway_token::digest::Digest;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    an_invitation_reads_back_as_it_was_created
    an_invitation_needs_an_organization_and_an_id_of_its_own
    a_member_is_not_invited_again
    a_person_who_becomes_a_member_meanwhile_is_not_invited
    invitations_come_newest_first_while_they_are_open
    a_withdrawn_invitation_opens_nothing
    another_organization_withdraws_no_invitation
    an_accepted_invitation_makes_a_member_and_a_session_in_one_row
    an_invitation_is_accepted_once
    a_dead_link_makes_no_member
    an_invitation_of_somebody_who_is_a_member_by_now_makes_no_second
    of_twenty_who_accept_one_invitation_one_becomes_a_member
}

fn zoe() -> Invitation {
    invitation("acme", "inv_1", "Zoe@Example.com")
}

/// Whom accepting Zoe's invitation makes a member.
fn member_zoe(name: &str) -> Member {
    Member {
        bindings: zoe().bindings,
        ..member("acme", name, "zoe@example.com")
    }
}

async fn invite(store: &Store, invitation: Invitation, secret: &str) -> Invitation {
    let link = Link {
        expires_at: invitation.expires_at,
        ..link(secret, LinkKind::Invitation, invitation.id.as_str())
    };
    let made = store
        .create_invitation(&system(), invitation, link, at(1))
        .await;
    made.unwrap().into_parts().0
}

async fn with_zoe_invited(store: &Store) -> Invitation {
    with_acme(store).await;
    invite(store, zoe(), "secret").await
}

async fn find(store: &Store, invitation: &Invitation) -> Invitation {
    let found = store.find_invitation(&own("acme"), &invitation.id).await;
    found.unwrap().unwrap()
}

/// Accepts as the person who holds the link would; the member is `mem_NAME`, the cookie `NAME`.
async fn accept(
    store: &Store,
    found: Invitation,
    secret: &str,
    name: &str,
    secs: u32,
) -> Result<Committed<Member>, ChangeError> {
    let (member, digest) = (member_zoe(name), Digest::of(secret));
    let opening = opening(session(name, &member));
    let accepted = found.accept(at(secs)).unwrap();
    store
        .accept_invitation(&system(), accepted, member, &digest, opening, at(secs))
        .await
}

async fn an_invitation_reads_back_as_it_was_created(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let mut full = zoe();
    let role = ("alpha".parse().unwrap(), "admin".parse().unwrap());
    full.bindings.projects = [role].into();
    let made = invite(&store, full.clone(), "secret").await;
    assert_eq!((&made, &find(&store, &made).await), (&full, &full));
    let other = store.find_invitation(&own("other"), &full.id).await;
    assert_eq!(other.unwrap(), None);
    let link = store.find_link(&Digest::of("secret")).await.unwrap();
    let link = link.unwrap();
    assert_eq!((link.kind, &*link.subject), (LinkKind::Invitation, "inv_1"));
    let row = entries_after(&store, 2).await.remove(0);
    let expected = Change::InvitationCreated {
        organization: organization_id("acme"),
        id: full.id,
    };
    assert_eq!(row.change(), Some(expected));
    assert_eq!(
        serde_json::to_string(&(&row.detail, &row.personal)).unwrap(),
        r#"[{"role":"developer"},{"actor":"Keyway","email":"Zoe@Example.com"}]"#
    );
}

async fn an_invitation_needs_an_organization_and_an_id_of_its_own(place: &Place) {
    let store = place.open().await;
    let _zoe = with_zoe_invited(&store).await;
    let to = |organization: &str, id: &str| {
        let store = store.clone();
        let invitation = invitation(organization, id, "yan@example.com");
        let link = link("other", LinkKind::Invitation, id);
        async move {
            store
                .create_invitation(&system(), invitation, link, at(2))
                .await
        }
    };
    let nowhere = to("nowhere", "inv_2").await;
    assert_eq!(refusal(nowhere), Refusal::OrganizationNotFound);
    assert_eq!(refusal(to("acme", "inv_1").await), Refusal::IdTaken);
    assert!(
        store
            .find_link(&Digest::of("other"))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(head_seq(&store).await, 3);
}

async fn a_member_is_not_invited_again(place: &Place) {
    let store = place.open().await;
    let ann = with_ann(&store).await;
    with_organization(&store, "other").await;
    let twin = invitation("acme", "inv_1", "ANN@example.com");
    let way = link("secret", LinkKind::Invitation, "inv_1");
    let refused = store.create_invitation(&system(), twin, way, at(2)).await;
    assert_eq!(refusal(refused), Refusal::EmailTaken);
    assert!(
        store
            .find_link(&Digest::of("secret"))
            .await
            .unwrap()
            .is_none()
    );
    let elsewhere = invitation("other", "inv_2", ann.email.as_str());
    let _made = invite(&store, elsewhere, "elsewhere").await;
}

/// Whoever comes first is decided by the ledger, also when both come in one transaction.
async fn a_person_who_becomes_a_member_meanwhile_is_not_invited(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let mut pairs = Vec::new();
    for number in 0..40 {
        let email = format!("p{number}@example.com");
        let person = member("acme", &format!("p{number}"), &email);
        let invited = invitation("acme", &format!("inv_{number}"), &email);
        let way = link(&email, LinkKind::Invitation, invited.id.as_str());
        let (one, other) = (store.clone(), store.clone());
        let joining = tokio::spawn(async move {
            let made = one.create_member(&system(), person, at(1)).await;
            made.unwrap().head().seq
        });
        let inviting = tokio::spawn(async move {
            other
                .create_invitation(&system(), invited, way, at(1))
                .await
        });
        pairs.push((joining, inviting));
    }
    for (joining, inviting) in pairs {
        let joined = joining.await.unwrap();
        match inviting.await.unwrap() {
            Ok(invited) => assert!(invited.head().seq < joined),
            Err(error) => assert_eq!(refusal::<()>(Err(error)), Refusal::EmailTaken),
        }
    }
}

async fn invitations_come_newest_first_while_they_are_open(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    with_organization(&store, "other").await;
    for (id, secs) in [("a", 1), ("b", 2), ("c", 2), ("d", 3), ("withdrawn", 4)] {
        let made = Invitation {
            created_at: at(secs),
            ..invitation("acme", id, &format!("{id}@example.com"))
        };
        let _made = invite(&store, made, id).await;
    }
    let old = Invitation {
        expires_at: at(50),
        ..invitation("acme", "old", "old@example.com")
    };
    let _made = invite(&store, old, "old").await;
    let foreign = invitation("other", "x", "x@example.com");
    let foreign = invite(&store, foreign, "x").await;
    let withdrawn = "withdrawn".parse().unwrap();
    let _done = store
        .withdraw_invitation(&system(), &own("acme"), &withdrawn, at(5))
        .await
        .unwrap();
    let ids = |rows: &[Invitation]| words(rows, |it| it.id.as_str());
    let mut cursor = None;
    let mut seen = Vec::new();
    loop {
        let page = store
            .list_invitations(&own("acme"), None, cursor.as_ref(), 3, at(50))
            .await
            .unwrap();
        seen.push(ids(&page.rows));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [vec!["d", "c", "b"], vec!["a"]]);
    let before = store
        .list_invitations(&own("acme"), None, None, 9, at(49))
        .await
        .unwrap();
    assert_eq!(ids(&before.rows), ["d", "c", "b", "old", "a"]);
    let other = organization_id("other");
    let of_other = store
        .list_invitations(&Reach::All, Some(&other), None, 9, at(50))
        .await;
    assert_eq!(of_other.unwrap().rows, [foreign]);
    let none = store
        .list_invitations(&own("acme"), Some(&other), None, 9, at(50))
        .await;
    assert_eq!(none.unwrap().rows, []);
}

async fn a_withdrawn_invitation_opens_nothing(place: &Place) {
    let store = place.open().await;
    let invited = with_zoe_invited(&store).await;
    let acme = own("acme");
    let withdrawn = store
        .withdraw_invitation(&system(), &acme, &invited.id, at(2))
        .await
        .unwrap();
    let state = InvitationState::Withdrawn { at: at(2) };
    assert_eq!(
        (withdrawn.head().seq, &withdrawn.value().state),
        (4, &state)
    );
    assert_eq!(find(&store, &invited).await, *withdrawn.value());
    let again = store
        .withdraw_invitation(&system(), &acme, &invited.id, at(3))
        .await
        .unwrap();
    assert_eq!(again.head(), withdrawn.head());
    assert_eq!(again.value(), withdrawn.value());
    // Who read it before it was withdrawn comes too late.
    let late = accept(&store, invited, "secret", "zoe", 4).await;
    assert_eq!(refusal(late), Refusal::LinkDead);
    assert!(!opens(&store, "zoe").await);
    assert_eq!(store.read_head().await.unwrap(), withdrawn.head());
}

async fn another_organization_withdraws_no_invitation(place: &Place) {
    let store = place.open().await;
    let invited = with_zoe_invited(&store).await;
    let refused = store
        .withdraw_invitation(&system(), &own("other"), &invited.id, at(2))
        .await;
    assert_eq!(refusal(refused), Refusal::InvitationNotFound);
    let nobody = "nobody".parse().unwrap();
    let refused = store
        .withdraw_invitation(&system(), &Reach::All, &nobody, at(2))
        .await;
    assert_eq!(refusal(refused), Refusal::InvitationNotFound);
    assert_eq!(find(&store, &invited).await, invited);
    assert_eq!(head_seq(&store).await, 3);
}

async fn an_accepted_invitation_makes_a_member_and_a_session_in_one_row(place: &Place) {
    let store = place.open().await;
    let invited = with_zoe_invited(&store).await;
    let head = store.read_head().await.unwrap();
    let made = accept(&store, invited.clone(), "secret", "zoe", 2).await;
    let made = made.unwrap();
    assert_eq!((made.head().seq, made.value()), (4, &member_zoe("zoe")));
    let acme = own("acme");
    let found = store.find_member(&acme, &made.value().id).await.unwrap();
    assert_eq!(found.as_ref(), Some(made.value()));
    let accepted = find(&store, &invited).await;
    let state = InvitationState::Accepted { at: at(2) };
    assert_eq!((accepted.state, accepted.version), (state, 2));
    let link = store.find_link(&Digest::of("secret")).await.unwrap();
    assert!(link.unwrap().is_spent);
    let found = store.find_session(&Digest::of("zoe")).await.unwrap();
    let holder = session("zoe", made.value()).holder;
    assert_eq!(found.unwrap().holder, holder);
    let batch = store.changes_after(head).await.unwrap().unwrap();
    let expected = Change::InvitationAccepted {
        organization: organization_id("acme"),
        id: invited.id,
        member: made.value().id.clone(),
    };
    assert_eq!(
        (batch.entries.len(), &batch.entries[0].change),
        (1, &expected)
    );
    assert_eq!(batch.members, [made.value().clone()]);
    let row = entries_after(&store, 3).await.remove(0);
    assert_eq!(
        serde_json::to_string(&(&row.target, &row.detail)).unwrap(),
        r#"["inv_1",{"member":"mem_zoe","role":"developer"}]"#
    );
    let whole = store.verify_ledger(None).await.unwrap();
    assert_eq!(whole, LedgerState::Whole(made.head()));
}

async fn an_invitation_is_accepted_once(place: &Place) {
    let store = place.open().await;
    let invited = with_zoe_invited(&store).await;
    let made = accept(&store, invited.clone(), "secret", "zoe", 2).await;
    let head = made.unwrap().head();
    let again = accept(&store, invited.clone(), "secret", "zoe2", 3).await;
    assert_eq!(refusal(again), Refusal::LinkDead);
    assert!(!opens(&store, "zoe2").await);
    // Nor is it withdrawn any more: what it made stays.
    let late = store
        .withdraw_invitation(&system(), &own("acme"), &invited.id, at(4))
        .await
        .unwrap();
    let state = InvitationState::Accepted { at: at(2) };
    assert_eq!((late.head(), &late.value().state), (head, &state));
}

async fn a_dead_link_makes_no_member(place: &Place) {
    let store = place.open().await;
    with_acme(&store).await;
    let short = Invitation {
        expires_at: at(10),
        ..zoe()
    };
    let short = invite(&store, short, "short").await;
    let later = Invitation {
        expires_at: at(99),
        ..short.clone()
    };
    for (secret, secs) in [("short", 10), ("unknown", 2)] {
        let refused = accept(&store, later.clone(), secret, "zoe", secs).await;
        assert_eq!(refusal(refused), Refusal::LinkDead, "{secret}");
    }
    // Nor does the link of another invitation.
    let yan = invitation("acme", "inv_2", "yan@example.com");
    let _yan = invite(&store, yan, "yans").await;
    let refused = accept(&store, short.clone(), "yans", "zoe", 2).await;
    assert_eq!(refusal(refused), Refusal::LinkDead);
    assert!(!opens(&store, "zoe").await);
    assert_eq!(find(&store, &short).await, short);
    let members = store.list_members(&own("acme"), None, None, 9).await;
    assert_eq!(members.unwrap().rows, []);
    assert_eq!(head_seq(&store).await, 4);
}

async fn an_invitation_of_somebody_who_is_a_member_by_now_makes_no_second(place: &Place) {
    let store = place.open().await;
    let first = with_zoe_invited(&store).await;
    let second = invitation("acme", "inv_2", "zoe@example.com");
    let second = invite(&store, second, "second").await;
    let _zoe = accept(&store, first, "secret", "zoe", 2).await.unwrap();
    let head = head_seq(&store).await;
    let again = accept(&store, second.clone(), "second", "zoe2", 3).await;
    assert_eq!(refusal(again), Refusal::EmailTaken);
    assert!(!opens(&store, "zoe2").await);
    assert_eq!(find(&store, &second).await, second);
    let link = store.find_link(&Digest::of("second")).await.unwrap();
    assert!(!link.unwrap().is_spent);
    assert_eq!(head_seq(&store).await, head);
}

async fn of_twenty_who_accept_one_invitation_one_becomes_a_member(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let invited = with_zoe_invited(&stores[0]).await;
    let mut tasks = Vec::new();
    for number in 0..20 {
        let (store, invited) = (stores[number % 2].clone(), invited.clone());
        tasks.push(tokio::spawn(async move {
            let name = format!("zoe{number}");
            match accept(&store, invited, "secret", &name, 2).await {
                Ok(made) => Some(made.into_parts().0),
                Err(error) => {
                    assert_eq!(refusal::<()>(Err(error)), Refusal::LinkDead);
                    assert!(!opens(&store, &name).await);
                    None
                }
            }
        }));
    }
    let mut won = Vec::new();
    for task in tasks {
        won.extend(task.await.unwrap());
    }
    let members = stores[1].list_members(&own("acme"), None, None, 9).await;
    assert_eq!((won.len(), members.unwrap().rows), (1, won));
    assert_eq!(head_seq(&stores[0]).await, 4);
}
