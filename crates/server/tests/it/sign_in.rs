//! Ways in and out: what a session covers, and when it ends.

use crate::browser::Browser;
use crate::server::Server;

const ANN: &str = "ann@example.com";
const PASSWORD: &str = "correct horse battery staple";
const HOUR: i64 = 60 * 60;

/// Ann in two organizations.
async fn with_two(server: &Server) -> [(String, String); 2] {
    let mut both = Vec::new();
    for name in ["Acme", "Globex"] {
        let organization = server.organization(name).await;
        let member = server.member(&organization, ANN).await;
        both.push((organization, member));
    }
    both.try_into().unwrap()
}

#[tokio::test]
async fn a_session_that_is_idle_for_too_long_is_over() {
    let server = Server::start().await;
    let [(acme, member), _] = with_two(&server).await;
    let link = server.sign_in_link(&server.root(), &member).await;
    let ann = Browser::at(&server, &link).await;
    server.clock.advance(12 * HOUR - 1);
    assert_eq!(ann.is_in().await, Some(acme.clone()));
    server.clock.advance(12 * HOUR - 1);
    assert_eq!(ann.is_in().await, Some(acme), "use is noted");
    server.clock.advance(12 * HOUR);
    assert_eq!(ann.is_in().await, None);
    // It does not come back.
    server.clock.advance(-HOUR);
    assert_eq!(ann.is_in().await, None);
}

#[tokio::test]
async fn a_session_ends_after_a_week_however_much_it_is_used_and_whatever_is_added() {
    let server = Server::start().await;
    let [(acme, member), (globex, elsewhere)] = with_two(&server).await;
    let link = server.sign_in_link(&server.root(), &member).await;
    let mut ann = Browser::at(&server, &link).await;
    for _ in 0..15 {
        server.clock.advance(11 * HOUR);
        assert_eq!(ann.is_in().await, Some(acme.clone()));
    }
    // A link for one membership makes the proof of another one last no longer, and neither does a
    // password.
    let link = server.sign_in_link(&server.root(), &elsewhere).await;
    ann.open(&link).await;
    assert_eq!(ann.set_password("", PASSWORD).await, 303);
    assert_eq!(ann.reaches(&[&acme, &globex]).await, [acme, globex]);
    server.clock.advance(3 * HOUR);
    assert_eq!(ann.is_in().await, None);
}

#[tokio::test]
async fn every_sign_in_has_a_cookie_of_its_own_and_ends_the_one_before() {
    let server = Server::start().await;
    let [(_, member), (_, elsewhere)] = with_two(&server).await;
    let mut ann = Browser::of(&server);
    ann.cookie = Some("A".repeat(43));
    let mut before = vec![ann.clone()];
    for id in [&member, &member, &elsewhere] {
        ann.open(&server.sign_in_link(&server.root(), id).await)
            .await;
        before.push(ann.clone());
    }
    assert_eq!(ann.set_password("", PASSWORD).await, 303);
    before.push(ann.clone());
    assert_eq!(ann.sign_in(ANN, PASSWORD).await, 303);
    for earlier in &before {
        assert_ne!(earlier.cookie, ann.cookie);
        assert_eq!(earlier.is_in().await, None);
    }
    assert!(ann.is_in().await.is_some());
}

#[tokio::test]
async fn a_password_covers_the_memberships_of_the_session_that_set_it() {
    let server = Server::start().await;
    let [(acme, member), (globex, elsewhere)] = with_two(&server).await;
    let link = server.sign_in_link(&server.root(), &member).await;
    let mut ann = Browser::at(&server, &link).await;
    assert_eq!(ann.set_password("", PASSWORD).await, 303);
    let mut other = Browser::of(&server);
    assert_eq!(other.sign_in("ANN@Example.com", PASSWORD).await, 303);
    assert_eq!(other.reaches(&[&acme, &globex]).await, [&*acme]);
    let link = server.sign_in_link(&server.root(), &elsewhere).await;
    ann.open(&link).await;
    assert_eq!(
        ann.set_password("not the present one", "another, and for both")
            .await,
        422
    );
    assert_eq!(
        ann.set_password(PASSWORD, "another, and for both").await,
        303
    );
    assert_eq!(other.is_in().await, None, "the earlier password's session");
    assert_eq!(other.sign_in(ANN, PASSWORD).await, 401);
    assert_eq!(other.sign_in(ANN, "another, and for both").await, 303);
    assert_eq!(other.reaches(&[&acme, &globex]).await, [acme, globex]);
}

#[tokio::test]
async fn signing_out_everywhere_ends_the_sessions_of_every_machine() {
    let server = Server::start().await;
    let [(_, member), _] = with_two(&server).await;
    let mut machines = Vec::new();
    for _ in 0..3 {
        let link = server.sign_in_link(&server.root(), &member).await;
        machines.push(Browser::at(&server, &link).await);
    }
    let [here, there, left] = machines.try_into().unwrap();
    let (mut here, mut left) = (here, left);
    assert_eq!(left.post("/sign-out", &[]).await.status, 303);
    assert_eq!((left.cookie, there.is_in().await.is_some()), (None, true));
    let before = here.clone();
    assert_eq!(here.post("/sign-out-everywhere", &[]).await.status, 303);
    assert_eq!(here.cookie, None);
    assert_eq!((before.is_in().await, there.is_in().await), (None, None));
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_by_a_page() {
    let server = Server::start().await;
    let [(_, member), _] = with_two(&server).await;
    let link = server.sign_in_link(&server.root(), &member).await;
    let path = link.strip_prefix(crate::browser::ORIGIN).unwrap();
    let fields = [("email", ANN), ("password", PASSWORD)];
    let mut nobody = Browser::of(&server);
    for path in ["/sign-in", path] {
        let refused = nobody
            .post_from("https://evil.example", path, &fields)
            .await;
        assert_is_page(&refused, 403, "cross_origin");
        assert_eq!(nobody.cookie, None);
    }
    // The link is not spent.
    let mut ann = Browser::at(&server, &link).await;
    for path in [
        "/settings/password",
        "/sign-out",
        "/sign-out-everywhere",
        "/organizations",
    ] {
        let refused = ann.post_from("https://evil.example", path, &fields).await;
        assert_is_page(&refused, 403, "cross_origin");
    }
    assert!(ann.is_in().await.is_some());
}

fn assert_is_page(answer: &crate::caller::Answer, status: u16, code: &str) {
    let kind = answer.header("content-type");
    assert_eq!(
        (answer.status, &*kind),
        (status, "text/html; charset=utf-8")
    );
    assert!(answer.text().contains(code), "{}", answer.text());
}
