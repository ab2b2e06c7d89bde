//! An administrator of one organization enters the address of somebody whom another organization knows,
//! and does whatever an administrator can do. None of it reaches the other organization.

use serde_json::json;

use crate::browser::Browser;
use crate::caller::Caller;
use crate::server::Server;

const ANN: &str = "ann@example.com";
const STRANGERS: &str = "the password of a stranger";
const ANNS: &str = "the password of ann herself";

/// Organization `mallory` and its administrator's key, and `acme`, which will know Ann.
struct Scene {
    server: Server,
    mallory: String,
    acme: String,
    by: Caller,
}

impl Scene {
    async fn set() -> Self {
        let server = Server::start().await;
        let (mallory, acme) = (
            server.organization("Mallory").await,
            server.organization("Acme").await,
        );
        let by = server.manager(&mallory, "admin").await.caller;
        // Somebody who stays wherever somebody is removed.
        for organization in [&mallory, &acme] {
            server.member(organization, "boss@example.com").await;
        }
        Self {
            server,
            mallory,
            acme,
            by,
        }
    }

    /// Mallory's browser, in which Ann's address is signed in, and the member it is there.
    async fn impostor(&self) -> (Browser, String) {
        let body = json!({"organization": self.mallory, "email": ANN, "name": "Ann",
            "role": "owner"});
        let made = self.by.post("/v1/members", body).await.expect(201);
        let member = made["id"].as_str().unwrap().to_owned();
        let link = self.server.sign_in_link(&self.by, &member).await;
        (Browser::at(&self.server, &link).await, member)
    }

    /// Ann's own browser, in Acme.
    async fn ann(&self) -> Browser {
        let link = self.server.invitation(&self.acme, ANN).await;
        Browser::at(&self.server, &link).await
    }

    async fn reached(&self, browser: &mut Browser) -> Vec<String> {
        browser.reaches(&[&self.mallory, &self.acme]).await
    }

    /// Where somebody comes who signs in with a password.
    async fn reached_with(&self, password: &str) -> Vec<String> {
        let mut browser = Browser::of(&self.server);
        browser.sign_in(ANN, password).await;
        self.reached(&mut browser).await
    }
}

#[tokio::test]
async fn a_session_reaches_no_organization_that_takes_the_person_in_later() {
    let scene = Scene::set().await;
    let (mut impostor, _) = scene.impostor().await;
    let mut ann = scene.ann().await;
    assert_eq!(scene.reached(&mut impostor).await, [&*scene.mallory]);
    assert_eq!(scene.reached(&mut ann).await, [&*scene.acme]);
    let keys = format!("/v1/keys?organization={}", scene.acme);
    impostor
        .get(&keys)
        .await
        .refuses(404, "organization_not_found");
    let page = impostor.get("/organizations").await;
    assert!(page.text().contains("Mallory") && !page.text().contains("Acme"));
}

#[tokio::test]
async fn a_password_opens_no_organization_that_takes_the_person_in_later() {
    let scene = Scene::set().await;
    let (mut impostor, _) = scene.impostor().await;
    assert_eq!(impostor.set_password("", STRANGERS).await, 303);
    let mut ann = scene.ann().await;
    assert_eq!(scene.reached_with(STRANGERS).await, [&*scene.mallory]);
    // It is not in Ann's way either: she has none yet, and sets one without knowing the stranger's.
    assert_eq!(ann.set_password("", ANNS).await, 303);
    assert_eq!(scene.reached_with(ANNS).await, [&*scene.acme]);
    assert_eq!(scene.reached_with(STRANGERS).await, [&*scene.mallory]);
    // Nor does a later one of the stranger's replace hers.
    assert_eq!(
        impostor.set_password(ANNS, "whatever else it is").await,
        422
    );
    assert_eq!(
        impostor
            .set_password(STRANGERS, "whatever else it is")
            .await,
        303
    );
    assert_eq!(scene.reached_with(ANNS).await, [&*scene.acme]);
}

#[tokio::test]
async fn a_cookie_that_was_planted_gets_nothing_of_what_is_opened_over_it() {
    let scene = Scene::set().await;
    let (impostor, _) = scene.impostor().await;
    // Mallory put the cookie of that session into Ann's browser, and Ann opens Acme's invitation.
    let mut ann = impostor.clone();
    ann.open(&scene.server.invitation(&scene.acme, ANN).await)
        .await;
    assert_ne!(ann.cookie, impostor.cookie);
    assert_eq!(impostor.is_in().await, None);
    let both = [scene.mallory.clone(), scene.acme.clone()];
    assert_eq!(scene.reached(&mut ann).await, both);
}

#[tokio::test]
async fn who_has_proved_both_is_signed_out_of_the_other_by_nobody() {
    let scene = Scene::set().await;
    let (mut impostor, member) = scene.impostor().await;
    let mut ann = scene.ann().await;
    // Ann is in both, by a link that Mallory sent her.
    ann.open(&scene.server.sign_in_link(&scene.by, &member).await)
        .await;
    let both = [scene.mallory.clone(), scene.acme.clone()];
    assert_eq!(scene.reached(&mut ann).await, both);
    // A password that is set, signing out everywhere, and removal end what is Mallory's to end.
    assert_eq!(impostor.set_password("", STRANGERS).await, 303);
    assert_eq!(scene.reached(&mut ann).await, [&*scene.acme]);
    ann.open(&scene.server.sign_in_link(&scene.by, &member).await)
        .await;
    assert_eq!(impostor.post("/sign-out-everywhere", &[]).await.status, 303);
    assert_eq!(scene.reached(&mut ann).await, [&*scene.acme]);
    ann.open(&scene.server.sign_in_link(&scene.by, &member).await)
        .await;
    let removed = scene.by.delete(&format!("/v1/members/{member}")).await;
    removed.expect(200);
    assert_eq!(scene.reached(&mut ann).await, [&*scene.acme]);
}

#[tokio::test]
async fn no_link_is_made_for_a_member_of_another_organization_and_none_is_blocked_there() {
    let scene = Scene::set().await;
    let own = scene.server.member(&scene.acme, ANN).await;
    let body = json!({"member": own});
    let refused = scene.by.post("/v1/sign-in-links", body).await;
    refused.refuses(404, "member_not_found");
    // Before and after Mallory enters the same address, Acme's administrator makes links for Ann.
    let by = scene.server.manager(&scene.acme, "admin").await.caller;
    let mut ann = Browser::at(&scene.server, &scene.server.sign_in_link(&by, &own).await).await;
    let (_impostor, _) = scene.impostor().await;
    let mut later = Browser::at(&scene.server, &scene.server.sign_in_link(&by, &own).await).await;
    assert_eq!(scene.reached(&mut ann).await, [&*scene.acme]);
    assert_eq!(scene.reached(&mut later).await, [&*scene.acme]);
}

#[tokio::test]
async fn an_open_browser_and_one_password_give_no_other_membership_a_password() {
    let scene = Scene::set().await;
    let (mut impostor, member) = scene.impostor().await;
    assert_eq!(impostor.set_password("", STRANGERS).await, 303);
    let mut ann = scene.ann().await;
    assert_eq!(ann.set_password("", ANNS).await, 303);
    ann.open(&scene.server.sign_in_link(&scene.by, &member).await)
        .await;
    // Mallory sits down at Ann's browser, and knows the password of Mallory's own organization.
    assert_eq!(
        ann.set_password(STRANGERS, "a third one to get in").await,
        303
    );
    let third = scene.reached_with("a third one to get in").await;
    assert_eq!(third, [&*scene.mallory]);
    assert_eq!(scene.reached_with(ANNS).await, [&*scene.acme]);
}

#[tokio::test]
async fn a_right_password_of_ones_own_gives_no_more_tries_at_another_one() {
    let scene = Scene::set().await;
    let (mut impostor, _) = scene.impostor().await;
    assert_eq!(impostor.set_password("", STRANGERS).await, 303);
    let mut ann = scene.ann().await;
    assert_eq!(ann.set_password("", ANNS).await, 303);
    let mut statuses = Vec::new();
    for number in 0..8 {
        let guess = format!("guess number {number} of many");
        statuses.push(Browser::of(&scene.server).sign_in(ANN, &guess).await);
        statuses.push(Browser::of(&scene.server).sign_in(ANN, STRANGERS).await);
    }
    assert_eq!(statuses[..4], [401, 303, 401, 303]);
    assert_eq!(statuses[10..], [429; 6]);
}

#[tokio::test]
async fn who_was_removed_and_comes_again_has_nothing_of_before() {
    let scene = Scene::set().await;
    let first = scene.server.member(&scene.acme, ANN).await;
    let root = scene.server.root();
    let mut ann = Browser::at(
        &scene.server,
        &scene.server.sign_in_link(&root, &first).await,
    )
    .await;
    assert_eq!(ann.set_password("", ANNS).await, 303);
    let unspent = scene.server.sign_in_link(&root, &first).await;
    root.delete(&format!("/v1/members/{first}"))
        .await
        .expect(200);
    assert_eq!(ann.is_in().await, None);
    scene.server.member(&scene.acme, ANN).await;
    assert_eq!(ann.is_in().await, None);
    assert_eq!(Browser::of(&scene.server).sign_in(ANN, ANNS).await, 401);
    let path = unspent.strip_prefix(crate::browser::ORIGIN).unwrap();
    let spent = Browser::of(&scene.server).post(path, &[]).await;
    assert_eq!(spent.status, 410);
}
