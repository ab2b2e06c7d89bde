//! `/v1/organizations`

use http::Method;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::server::Server;

#[tokio::test]
async fn creating_answers_201_with_the_object_itself() {
    let server = Server::start().await;
    let body = json!({"name": "Acme", "external_id": "acme", "metadata": {"plan": "pro"}});
    let made = server.root().post("/v1/organizations", body).await;
    let now = server.clock.text();
    let expected = json!({
        "id": made.json()["id"],
        "name": "Acme",
        "external_id": "acme",
        "metadata": {"plan": "pro"},
        "status": "active",
        "suspended_at": null,
        "created_at": now,
        "version": 1,
        "effective_everywhere_at": now,
    });
    assert_eq!(made.expect(201), expected);
    assert_eq!(
        server.actions().await.last().unwrap(),
        "organization.created"
    );
}

#[tokio::test]
async fn s_problem_03_three_faults_are_named_by_three_pointers_and_nothing_is_made() {
    let server = Server::start().await;
    let entries = server.audit().await.len();
    let body = json!({"name": " a", "external_id": "", "metadata": {"a": "x".repeat(4_096)}});
    let refused = server.root().post("/v1/organizations", body).await;
    assert_eq!(refused.pointers(), ["/name", "/external_id", "/metadata"]);
    assert_eq!(server.audit().await.len(), entries);
}

#[tokio::test]
async fn s_asvs_03_what_the_server_gives_cannot_be_sent() {
    let server = Server::start().await;
    for field in ["id", "status", "version", "created_at", "suspended_at"] {
        let body = json!({"name": "Acme", field: 1});
        let refused = server.root().post("/v1/organizations", body).await;
        assert_eq!(refused.pointers(), [format!("/{field}")]);
    }
    let list = server.root().get("/v1/organizations").await.expect(200);
    assert_eq!(list, json!({"data": [], "next_cursor": null}));
}

#[tokio::test]
async fn an_external_id_belongs_to_one_organization() {
    let server = Server::start().await;
    let root = server.root();
    let body = json!({"name": "Acme", "external_id": "acme"});
    root.post("/v1/organizations", body.clone())
        .await
        .expect(201);
    let refused = root.post("/v1/organizations", body).await;
    refused.refuses(409, "external_id_already_exists");
    let other = server.organization("Other").await;
    let path = format!("/v1/organizations/{other}");
    let refused = root.patch(&path, json!({"external_id": "acme"})).await;
    refused.refuses(409, "external_id_already_exists");
    assert_eq!(
        root.get(&path).await.expect(200)["external_id"],
        Value::Null
    );
}

#[tokio::test]
async fn no_organization_can_pass_for_another() {
    let server = Server::start().await;
    let (own, victim) = (
        server.organization("Own").await,
        server.organization("Victim").await,
    );
    let key = server.key(&own, json!({})).await;
    let admin = server.manager(&own, "admin").await.caller;
    // A gateway asks by id or by external id: neither may be taken by somebody else.
    for caller in [&admin, &server.root()] {
        let path = format!("/v1/organizations/{own}");
        let refused = caller.patch(&path, json!({"external_id": victim})).await;
        assert!(matches!(refused.status, 403 | 409), "{}", refused.text());
    }
    let body = json!({"name": "Third", "external_id": victim});
    let refused = server.root().post("/v1/organizations", body).await;
    refused.refuses(409, "external_id_already_exists");
    let verdict = server
        .ask(json!({"secret": key.secret, "organization": victim}))
        .await;
    assert_eq!(verdict["code"], "out_of_scope");
}

#[tokio::test]
async fn what_the_product_calls_an_organization_is_not_its_own_to_say() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let admin = server.manager(&own, "admin").await.caller;
    let path = format!("/v1/organizations/{own}");
    let refused = admin.patch(&path, json!({"external_id": "bigcorp"})).await;
    refused.refuses(403, "permission_denied");
    let renamed = admin
        .patch(&path, json!({"name": "Own, renamed"}))
        .await
        .expect(200);
    assert_eq!(renamed["external_id"], Value::Null);
    let set = server
        .root()
        .patch(&path, json!({"external_id": "own"}))
        .await
        .expect(200);
    assert_eq!(set["external_id"], "own");
}

#[tokio::test]
async fn a_list_shows_the_newest_first_and_to_each_caller_its_own() {
    let server = Server::start().await;
    let first = server.organization("First").await;
    server.clock.advance(1);
    let second = server.organization("Second").await;
    let ids = |list: Value| -> Vec<String> {
        let rows = list["data"].as_array().unwrap().iter();
        rows.map(|it| it["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = server.root().get("/v1/organizations").await.expect(200);
    assert_eq!(ids(all), [second, first.clone()]);
    let own = server.manager(&first, "read-only").await.caller;
    assert_eq!(ids(own.get("/v1/organizations").await.expect(200)), [first]);
}

#[tokio::test]
async fn s_asvs_01_another_organization_looks_like_none_at_all() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    let admin = server.manager(&own, "admin").await.caller;
    for (method, rest, body) in [
        (Method::GET, "", None),
        (Method::PATCH, "", Some(json!({"name": "Mine now"}))),
        (Method::POST, "/suspend", None),
        (Method::POST, "/resume", None),
    ] {
        let mut answers = Vec::new();
        for id in [other.as_str(), "org_nobody"] {
            let path = format!("/v1/organizations/{id}{rest}");
            let mut call = admin.call(method.clone(), &path);
            if let Some(body) = &body {
                call = call.json(body);
            }
            let answer = call.send().await;
            answer.refuses(404, "organization_not_found");
            let mut body = answer.json();
            body["request_id"] = Value::Null;
            body["instance"] = Value::Null;
            answers.push(body);
        }
        assert_eq!(answers[0], answers[1], "{method} {rest}");
    }
    let path = format!("/v1/organizations/{other}");
    let shown = server.root().get(&path).await.expect(200);
    assert_eq!(
        (&shown["name"], &shown["status"]),
        (&json!("Other"), &json!("active"))
    );
    assert_eq!(shown["version"], 1);
}

#[tokio::test]
async fn an_edit_leaves_what_is_absent_and_takes_away_what_is_null() {
    let server = Server::start().await;
    let root = server.root();
    let body = json!({"name": "Acme", "external_id": "acme", "metadata": {"a": 1}});
    let made = root.post("/v1/organizations", body).await.expect(201);
    let path = format!("/v1/organizations/{}", made["id"].as_str().unwrap());
    let edited = root.patch(&path, json!({"external_id": null})).await;
    assert_eq!(edited.etag(), "\"2\"");
    let edited = edited.expect(200);
    assert_eq!(edited["external_id"], Value::Null);
    assert_eq!(
        (&edited["name"], &edited["metadata"]),
        (&json!("Acme"), &json!({"a": 1}))
    );
    assert_eq!(
        root.patch(&path, json!({"name": null})).await.pointers(),
        ["/name"]
    );
    assert_eq!(
        root.patch(&path, json!({"status": "active"}))
            .await
            .pointers(),
        ["/status"]
    );
    let same = root.patch(&path, json!({"name": "Acme"})).await.expect(200);
    assert_eq!(
        same["version"], 2,
        "an edit that changes nothing is no change"
    );
    // What was given up is free.
    let body = json!({"name": "Heir", "external_id": "acme"});
    root.post("/v1/organizations", body).await.expect(201);
}

#[tokio::test]
async fn suspending_stops_all_its_keys_at_once_and_resuming_lets_them_work_again() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    let (one, two) = (
        server.key(&own, json!({})).await,
        server.key(&own, json!({})).await,
    );
    let foreign = server.key(&other, json!({})).await;
    let root = server.root();
    let path = format!("/v1/organizations/{own}");
    let suspended = root.post(&format!("{path}/suspend"), json!({})).await;
    assert_eq!(suspended.etag(), "\"2\"");
    let suspended = suspended.expect(200);
    assert_eq!(suspended["status"], "suspended");
    assert_eq!(suspended["suspended_at"], server.clock.text());
    assert_eq!(server.verdict(&one.secret).await, "api_key_inactive");
    assert_eq!(server.verdict(&two.secret).await, "api_key_inactive");
    assert_eq!(server.verdict(&foreign.secret).await, "valid");

    let entries = server.audit().await.len();
    server.clock.advance(5);
    let again = root
        .post(&format!("{path}/suspend"), json!({}))
        .await
        .expect(200);
    assert_eq!(again["suspended_at"], suspended["suspended_at"]);
    assert_eq!(server.audit().await.len(), entries, "again is no change");

    // A key made meanwhile does not work either.
    let late = server.key(&own, json!({})).await;
    assert_eq!(server.verdict(&late.secret).await, "api_key_inactive");
    let resumed = root
        .post(&format!("{path}/resume"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&resumed["status"], &resumed["suspended_at"]),
        (&json!("active"), &Value::Null)
    );
    assert_eq!(server.verdict(&one.secret).await, "valid");
    assert_eq!(server.verdict(&late.secret).await, "valid");
}

#[tokio::test]
async fn nobody_suspends_or_resumes_their_own_organization() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let admin = server.manager(&own, "admin").await.caller;
    let owner = server.member(&own, "ann@example.com").await;
    let link = server.sign_in_link(&server.root(), &owner).await;
    let mut owner = Browser::at(&server, &link).await;
    let path = format!("/v1/organizations/{own}");
    let suspend = format!("{path}/suspend");
    let refused = admin.post(&suspend, json!({})).await;
    refused.refuses(403, "permission_denied");
    assert_eq!(server.verdict(&key.secret).await, "valid");
    server.root().post(&suspend, json!({})).await.expect(200);
    let resume = format!("{path}/resume");
    let refused = admin.post(&resume, json!({})).await;
    refused.refuses(403, "permission_denied");
    let refused = owner.post(&resume, &[]).await;
    refused.refuses(403, "permission_denied");
    assert_eq!(server.verdict(&key.secret).await, "api_key_inactive");
    assert_eq!(admin.get(&path).await.expect(200)["status"], "suspended");
}

#[tokio::test]
async fn who_sees_one_organization_makes_no_other() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let admin = server.manager(&own, "admin").await.caller;
    let refused = admin
        .post("/v1/organizations", json!({"name": "Mine too"}))
        .await;
    refused.refuses(403, "permission_denied");
    let list = server.root().get("/v1/organizations").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}
