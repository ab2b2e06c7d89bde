//! People in the ledger: an index that follows a store, change by change, knows and answers what one
//! does that has just loaded everything.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "replay_people/scene.rs"]
mod scene;

use keyway_core::change::Change;
use keyway_core::id::{InvitationId, MemberId, OrganizationId, PortalSessionId};
use keyway_core::management::Reach;
use keyway_core::member::Member;
use keyway_store::links::LinkKind;
use keyway_store::members::MemberEdit;
use keyway_store::passwords::{NewPassword, Password};
use keyway_store::sessions::{Holder, Proof};
use keyway_token::digest::Digest;

use scene::*;

#[tokio::test]
async fn an_index_follows_members_as_they_come_change_and_go() {
    let mut scene = Scene::set().await;
    let ann = scene.has_member("ann").await;
    let bob = scene.has_member("bob").await;
    assert!(scene.may("ann", "docs.read") && !scene.may("ann", "docs.write"));
    let edit = MemberEdit {
        name: None,
        bindings: Some(bindings("editor")),
    };
    let (reach, by) = (Reach::All, system());
    let edited = scene
        .store
        .update_member(&by, at(&reach, &ann.id), &edit, NOW)
        .await;
    let _edited = edited.unwrap();
    scene
        .brings(Change::MemberUpdated {
            organization: acme(),
            id: ann.id.clone(),
        })
        .await;
    assert!(scene.may("ann", "docs.write") && !scene.may("bob", "docs.write"));
    let removed = scene
        .store
        .remove_member(&by, at(&reach, &bob.id), NOW)
        .await;
    let _removed = removed.unwrap();
    scene
        .brings(Change::MemberRemoved {
            organization: acme(),
            id: bob.id,
        })
        .await;
    let gone = scene.follower.verdict("bob", "docs.read");
    assert!(gone.contains("Inactive"), "{gone}");
    let here = scene.follower.index.members_in(&acme());
    assert_eq!((here.len(), &here[0].id), (1, &ann.id));
}

#[tokio::test]
async fn an_index_follows_who_accepts_an_invitation() {
    let mut scene = Scene::set().await;
    let by = system();
    let ids: [InvitationId; 2] = ["inv_1", "inv_2"].map(|it| it.parse().unwrap());
    for id in &ids {
        let way = link(id.as_str(), LinkKind::Invitation, id.as_str());
        let made = scene
            .store
            .create_invitation(&by, invitation(id), way, NOW)
            .await;
        let _made = made.unwrap();
        scene
            .brings(Change::InvitationCreated {
                organization: acme(),
                id: id.clone(),
            })
            .await;
    }
    let [first, second] = ids;
    let withdrawn = scene
        .store
        .withdraw_invitation(&by, &Reach::All, &first, NOW)
        .await;
    let _withdrawn = withdrawn.unwrap();
    scene
        .brings(Change::InvitationWithdrawn {
            organization: acme(),
            id: first,
        })
        .await;
    let zoe = Member {
        bindings: bindings("editor"),
        ..member("zoe")
    };
    let (accepted, digest) = (
        invitation(&second).accept(NOW).unwrap(),
        Digest::of(second.as_str()),
    );
    let session = opening("cookie", holder(&zoe));
    let made = scene
        .store
        .accept_invitation(&by, accepted, zoe.clone(), &digest, session, NOW)
        .await;
    let _made = made.unwrap();
    scene
        .brings(Change::InvitationAccepted {
            organization: acme(),
            id: second,
            member: zoe.id.clone(),
        })
        .await;
    scene.has_key_of(&zoe, "zoe").await;
    assert!(scene.may("zoe", "docs.write"));
}

#[tokio::test]
async fn ways_in_change_nothing_in_an_index_but_its_head() {
    let mut scene = Scene::set().await;
    let ann = scene.has_member("ann").await;
    let (before, by) = (scene.follower.view(), system());
    let of_ann = |change: fn(OrganizationId, MemberId) -> Change| change(acme(), ann.id.clone());
    let way = link("secret", LinkKind::SignIn, ann.id.as_str());
    let made = scene.store.create_sign_in_link(&by, &ann, way, NOW).await;
    let _made = made.unwrap();
    scene
        .brings(of_ann(|organization, id| Change::SignInLinkCreated {
            organization,
            id,
        }))
        .await;
    let cookie = opening("cookie", holder(&ann));
    let digest = Digest::of("secret");
    let opened = scene
        .store
        .begin_session(&by, &ann, Proof::Link(digest), cookie, NOW)
        .await;
    let _opened = opened.unwrap();
    scene
        .brings(of_ann(|organization, id| Change::MemberSignedIn {
            organization,
            id,
        }))
        .await;
    let set = NewPassword {
        hash: "hash".to_owned(),
        replaced: vec![Password {
            member: ann.id.clone(),
            hash: None,
        }],
        opening: opening("another", holder(&ann)),
    };
    let set = scene.store.set_password(&by, &ann, set, NOW).await;
    let _set = set.unwrap();
    scene
        .brings(of_ann(|organization, id| Change::PasswordSet {
            organization,
            id,
        }))
        .await;
    let memberships = [ann.id.clone()];
    let ended = scene.store.end_sessions(&by, &ann, &memberships, NOW).await;
    let _ended = ended.unwrap();
    scene
        .brings(of_ann(|organization, id| Change::MemberSignedOut {
            organization,
            id,
        }))
        .await;
    assert_eq!(scene.follower.view(), before);
}

#[tokio::test]
async fn portal_sessions_change_nothing_in_an_index_but_its_head() {
    let mut scene = Scene::set().await;
    let _ann = scene.has_member("ann").await;
    let (before, by) = (scene.follower.view(), system());
    let id: PortalSessionId = "ps_1".parse().unwrap();
    let way = link("secret", LinkKind::Portal, id.as_str());
    let made = scene
        .store
        .create_portal_session(&by, portal(&id), way, NOW)
        .await;
    let _made = made.unwrap();
    scene
        .brings(Change::PortalSessionCreated {
            organization: acme(),
            id: id.clone(),
        })
        .await;
    let cookie = opening("cookie", Holder::Portal(id.clone()));
    let digest = Digest::of("secret");
    let opened = scene
        .store
        .open_portal_session(&by, portal(&id), &digest, cookie, NOW)
        .await;
    let _opened = opened.unwrap();
    scene
        .brings(Change::PortalSessionOpened {
            organization: acme(),
            id: id.clone(),
        })
        .await;
    let revoked = scene
        .store
        .revoke_portal_session(&by, &Reach::All, &id, NOW)
        .await;
    let _revoked = revoked.unwrap();
    scene
        .brings(Change::PortalSessionRevoked {
            organization: acme(),
            id,
        })
        .await;
    assert_eq!(scene.follower.view(), before);
}
