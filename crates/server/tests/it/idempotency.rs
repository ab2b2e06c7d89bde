//! `Idempotency-Key`

use http::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::caller::{Answer, Caller};
use crate::server::{Server, WriteLock};

const ORGANIZATIONS: &str = "/v1/organizations";

async fn post(caller: &Caller, path: &str, key: &str, body: &Value) -> Answer {
    let call = caller.call(Method::POST, path).json(body);
    call.header("idempotency-key", key).send().await
}

fn replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == "true"
}

#[tokio::test]
async fn s_idemp_01_a_string_and_a_bare_token_are_one_key_and_bad_syntax_is_400() {
    let server = Server::start().await;
    let body = json!({"name": "Acme"});
    let first = post(&server.root(), ORGANIZATIONS, "\"abc\"", &body).await;
    let second = post(&server.root(), ORGANIZATIONS, "abc", &body).await;
    assert_eq!(first.expect(201)["id"], second.expect(201)["id"]);
    assert!(replayed(&second) && !replayed(&first));
    let long = "x".repeat(256);
    for bad in [
        "", "\"\"", "\"abc", "abc\"", "a b", "\"a\\b\"", "\"é\"", &long,
    ] {
        let refused = post(&server.root(), ORGANIZATIONS, bad, &body).await;
        refused.refuses(400, "idempotency_key_invalid");
    }
    let root = server.root();
    let twice = root.call(Method::POST, ORGANIZATIONS).json(&body);
    let twice = twice
        .header("idempotency-key", "a")
        .header("idempotency-key", "a");
    twice.send().await.refuses(400, "idempotency_key_invalid");
    let longest = post(&server.root(), ORGANIZATIONS, &"x".repeat(255), &body).await;
    longest.expect(201);
}

#[tokio::test]
async fn s_idemp_02_what_makes_a_thing_takes_a_key_and_says_so() {
    let server = Server::start().await;
    server.organization("Own").await;
    let document = server.nobody().get("/openapi.json").await.expect(200);
    let mut takers = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(operation) = item.get("post") else {
            continue;
        };
        let parameters = operation["parameters"].as_array();
        let says_so =
            parameters.is_some_and(|all| all.iter().any(|it| it["name"] == "Idempotency-Key"));
        let call = path.replace("{id}", "nobody");
        let answer = post(&server.root(), &call, "a b", &json!({})).await;
        assert_eq!(
            answer.code() == "idempotency_key_invalid",
            says_so,
            "{path}: {}",
            answer.text()
        );
        if says_so {
            takers.push(path.as_str());
        }
    }
    let expected = [
        "/v1/invitations",
        "/v1/keys",
        "/v1/keys/{id}/rotate",
        "/v1/management-keys",
        "/v1/members",
        "/v1/organizations",
        "/v1/portal-sessions",
        "/v1/projects",
        "/v1/sign-in-links",
        "/v1/signing-keys",
    ];
    takers.sort_unstable();
    assert_eq!(takers, expected);
}

#[tokio::test]
async fn s_idemp_03_twenty_calls_are_one_thing_and_one_entry() {
    let server = Server::start().await;
    let entries = server.audit().await.len();
    let body = json!({"name": "Acme", "external_id": "acme"});
    let first = post(&server.root(), ORGANIZATIONS, "k", &body).await;
    let expected = first.expect(201);
    for _ in 0..19 {
        let again = post(&server.root(), ORGANIZATIONS, "k", &body).await;
        assert!(replayed(&again));
        assert_eq!(again.expect(201), expected);
    }
    assert_eq!(server.audit().await.len(), entries + 1);
    let own = expected["id"].as_str().unwrap();
    let project = json!({"organization": own, "name": "Alpha"});
    let first = post(&server.root(), "/v1/projects", "k", &project).await;
    let again = post(&server.root(), "/v1/projects", "k", &project).await;
    assert!(replayed(&again) && !replayed(&first));
    assert_eq!(again.expect(201), first.expect(201));
}

#[tokio::test]
async fn s_idemp_04_another_request_under_the_same_key_is_refused() {
    let server = Server::start().await;
    let root = server.root();
    let send = async |body: &str| {
        let call = root
            .call(Method::POST, ORGANIZATIONS)
            .header("idempotency-key", "k");
        call.body("application/json", body.to_owned()).send().await
    };
    send(r#"{"name":"Acme","metadata":{"a":1,"b":2}}"#)
        .await
        .expect(201);
    let again = send("{ \"metadata\": {\"b\":2, \"a\":1},\n \"name\": \"Acme\" }").await;
    assert!(replayed(&again), "{}", again.text());
    for other in [
        r#"{"name":"Acme"}"#,
        r#"{"name":"Acme","metadata":{"a":1,"b":3}}"#,
        r#"{"name":"Acme","metadata":{"a":1,"b":"2"}}"#,
        r#"{"name":"Acme","metadata":{"a":1,"b":2},"external_id":"x"}"#,
    ] {
        send(other).await.refuses(422, "idempotency_key_reused");
    }
    let list = root.get(ORGANIZATIONS).await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s_idemp_05_while_the_first_call_runs_a_second_one_is_told_to_wait() {
    let server = Server::start().await;
    let lock = WriteLock::hold(&server);
    let (answers, mut answered) = mpsc::channel(2);
    for _ in 0..2 {
        let (root, answers) = (server.root(), answers.clone());
        tokio::spawn(async move {
            let answer = post(&root, ORGANIZATIONS, "k", &json!({"name": "Acme"})).await;
            answers.send(answer).await.unwrap();
        });
    }
    // One of them waits for the database, whichever it is; the other is answered.
    answered
        .recv()
        .await
        .unwrap()
        .refuses(409, "idempotency_in_progress");
    lock.release();
    answered.recv().await.unwrap().expect(201);
    let list = server.root().get(ORGANIZATIONS).await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_fifty_calls_at_once_one_is_made() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let calls = (0..50).map(|_| {
        let (root, body) = (server.root(), json!({"organization": own, "name": "a"}));
        tokio::spawn(async move { post(&root, "/v1/keys", "k", &body).await })
    });
    let mut made = 0;
    for call in calls.collect::<Vec<_>>() {
        let answer = call.await.unwrap();
        match (answer.status, answer.code().as_str()) {
            (201, _) => made += 1,
            (409, "idempotency_in_progress" | "secret_already_shown") => {}
            _ => panic!("{}", answer.text()),
        }
    }
    assert_eq!(made, 1);
    let keys = server.root().get("/v1/keys").await.expect(200);
    assert_eq!(keys["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn s_idemp_06_a_key_belongs_to_its_credential_and_route() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    let body = json!({"name": "a"});
    let mut ids = Vec::new();
    for organization in [&own, &own, &other] {
        let caller = server.manager(organization, "admin").await.caller;
        let made = post(&caller, "/v1/keys", "k", &body).await;
        assert!(!replayed(&made));
        let made = made.expect(201);
        assert_eq!(made["key"]["organization"], **organization);
        ids.push(made["key"]["id"].clone());
        post(&caller, "/v1/projects", "k", &body).await.expect(201);
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
    // The id in a path is part of the route.
    let (one, two) = (
        server.key(&own, json!({})).await,
        server.key(&own, json!({})).await,
    );
    for key in [one, two] {
        let path = format!("{}/rotate", key.path());
        post(&server.root(), &path, "k", &json!({}))
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn s_idemp_07_a_repeated_call_makes_no_second_secret_and_finds_none() {
    let mut server = Server::start().await;
    let own = server.organization("Own").await;
    let body = json!({"organization": own, "name": "a"});
    let made = post(&server.root(), "/v1/keys", "k", &body)
        .await
        .expect(201);
    let id = made["key"]["id"].as_str().unwrap().to_owned();
    let secret = made["secret"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let again = post(&server.root(), "/v1/keys", "k", &body).await;
        again.refuses(409, "secret_already_shown");
        assert_eq!(again.json()["detail"], format!("it belongs to {id}"));
        assert!(replayed(&again));
        let link = format!("<https://keys.example/v1/keys/{id}/rotate>; rel=\"rotate\"");
        assert_eq!(again.header("link"), link);
        assert!(!again.text().contains(&secret));
    }
    let path = format!("/v1/keys/{id}/rotate");
    let grace = json!({"grace": "1h"});
    let rotated = post(&server.root(), &path, "r", &grace).await.expect(200);
    let again = post(&server.root(), &path, "r", &grace).await;
    again.refuses(409, "secret_already_shown");
    let successor = rotated["key"]["id"].as_str().unwrap();
    assert_eq!(again.json()["detail"], format!("it belongs to {successor}"));
    let keys = server.root().get("/v1/keys").await.expect(200);
    assert_eq!(keys["data"].as_array().unwrap().len(), 2);

    let manager = json!({"name": "m", "preset": "admin", "organization": own});
    post(&server.root(), "/v1/management-keys", "m", &manager)
        .await
        .expect(201);
    let again = post(&server.root(), "/v1/management-keys", "m", &manager).await;
    again.refuses(409, "secret_already_shown");
    assert_eq!(again.header("link"), "");
    let own_keys = server.root().get("/v1/management-keys").await.expect(200);
    assert_eq!(own_keys["data"].as_array().unwrap().len(), 2);
    server.stop().await;
    let hidden = &secret[secret.len() - 30..secret.len() - 6];
    for entry in std::fs::read_dir(server.directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(
            !bytes
                .windows(hidden.len())
                .any(|it| it == hidden.as_bytes())
        );
    }
}

#[tokio::test]
async fn s_idemp_08_a_key_outlives_a_restart_and_ends_after_24_hours() {
    let mut server = Server::start().await;
    let body = json!({"name": "Acme"});
    let first = post(&server.root(), ORGANIZATIONS, "k", &body)
        .await
        .expect(201);
    server.restart().await;
    server.clock.advance(24 * 60 * 60 - 1);
    let again = post(&server.root(), ORGANIZATIONS, "k", &body).await;
    assert!(replayed(&again));
    assert_eq!(again.expect(201)["id"], first["id"]);
    server.clock.advance(1);
    let fresh = post(
        &server.root(),
        ORGANIZATIONS,
        "k",
        &json!({"name": "Another"}),
    )
    .await;
    assert!(!replayed(&fresh));
    assert_ne!(fresh.expect(201)["id"], first["id"]);
    let again = post(
        &server.root(),
        ORGANIZATIONS,
        "k",
        &json!({"name": "Another"}),
    )
    .await;
    assert!(replayed(&again));
}

#[tokio::test]
async fn s_idemp_09_what_was_refused_for_the_moment_runs_again() {
    let server = Server::start_under("noukai").await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    let mut last = None;
    for _ in 0..10 {
        last = Some(server.key(&own, json!({"project": "alpha"})).await);
    }
    let body = json!({"project": "alpha", "name": "a"});
    let full = post(&server.root(), "/v1/keys", "k", &body).await;
    full.refuses(429, "KEY_LIMIT_REACHED");
    let revoke = format!("{}/revoke", last.unwrap().path());
    server.root().post(&revoke, json!({})).await.expect(200);
    post(&server.root(), "/v1/keys", "k", &body)
        .await
        .expect(201);

    let acme = json!({"name": "Acme", "external_id": "acme"});
    let holder = post(&server.root(), ORGANIZATIONS, "1", &acme)
        .await
        .expect(201);
    let heir = json!({"name": "Heir", "external_id": "acme"});
    let taken = post(&server.root(), ORGANIZATIONS, "2", &heir).await;
    taken.refuses(409, "external_id_already_exists");
    let path = format!("{ORGANIZATIONS}/{}", holder["id"].as_str().unwrap());
    server
        .root()
        .patch(&path, json!({"external_id": null}))
        .await
        .expect(200);
    post(&server.root(), ORGANIZATIONS, "2", &heir)
        .await
        .expect(201);
}

#[tokio::test]
async fn s_idemp_09_what_was_refused_for_good_is_refused_again_as_it_was() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let lost = json!({"organization": own, "project": "alpha", "name": "a"});
    let first = post(&server.root(), "/v1/keys", "k", &lost).await;
    first.refuses(404, "project_not_found");
    server.project(&own, "alpha").await;
    let again = post(&server.root(), "/v1/keys", "k", &lost).await;
    assert!(replayed(&again) && !replayed(&first));
    again.refuses(404, "project_not_found");
    assert_eq!(again.json()["detail"], first.json()["detail"]);
    post(&server.root(), "/v1/keys", "other", &lost)
        .await
        .expect(201);

    let past = json!({"organization": own, "name": "a", "expires_at": "2020-01-01T00:00:00Z"});
    let first = post(&server.root(), "/v1/keys", "p", &past).await;
    let again = post(&server.root(), "/v1/keys", "p", &past).await;
    assert!(replayed(&again));
    assert_eq!(again.pointers(), first.pointers());
    let changed = json!({"organization": own, "name": "a"});
    let reused = post(&server.root(), "/v1/keys", "p", &changed).await;
    reused.refuses(422, "idempotency_key_reused");
    let keys = server.root().get("/v1/keys").await.expect(200);
    assert_eq!(keys["data"].as_array().unwrap().len(), 1);
}

/// Who was refused for the rights of the moment gets another answer when they have changed.
#[tokio::test]
async fn s_idemp_09_a_refusal_holds_no_secret_and_403_is_decided_anew() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let slip = json!({"organization": own, "name": "a", "environment": key.secret});
    let refused = post(&server.root(), "/v1/keys", "s", &slip).await;
    assert!(!refused.text().contains(&key.secret), "{}", refused.text());
    let again = post(&server.root(), "/v1/keys", "s", &slip).await;
    assert!(replayed(&again) && !again.text().contains(&key.secret));
    let admin = server.manager(&own, "admin").await;
    let wider = json!({"name": "w", "preset": "admin", "organization": "*"});
    for _ in 0..2 {
        let refused = post(&admin.caller, "/v1/management-keys", "w", &wider).await;
        refused.refuses(403, "permission_denied");
        assert!(!replayed(&refused));
    }
}

#[tokio::test]
async fn a_link_that_was_made_is_not_made_again() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let person = json!({"organization": own, "email": "ann@example.com", "role": "admin"});
    let portal = json!({"organization": own, "permissions": ["keys.read"]});
    for (path, body) in [("/v1/invitations", person), ("/v1/portal-sessions", portal)] {
        let made = post(&server.root(), path, "k", &body).await;
        let url = made.expect(201)["url"].as_str().unwrap().to_owned();
        let again = post(&server.root(), path, "k", &body).await;
        again.refuses(409, "secret_already_shown");
        assert!(replayed(&again) && !again.text().contains(&url));
        let list = server.root().get(path).await.expect(200);
        assert_eq!(list["data"].as_array().unwrap().len(), 1, "{path}");
    }
}

#[tokio::test]
async fn a_revoked_caller_learns_nothing_from_what_it_was_answered_before() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let manager = server.manager(&own, "admin").await;
    let body = json!({"name": "Alpha"});
    post(&manager.caller, "/v1/projects", "k", &body)
        .await
        .expect(201);
    let path = format!("/v1/management-keys/{}/revoke", manager.id);
    server.root().post(&path, json!({})).await.expect(200);
    post(&manager.caller, "/v1/projects", "k", &body)
        .await
        .refuses(401, "credential_revoked");
}
