//! `GET /v1/keys`, `GET /v1/keys/{id}`, `GET /v1/keys/{id}/usage`

use http::Method;
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::server::Server;

/// The ids of a list, in its order.
async fn ids(caller: &Caller, query: &str) -> Vec<String> {
    let list = caller.get(&format!("/v1/keys?{query}")).await.expect(200);
    let rows = list["data"].as_array().unwrap().iter();
    rows.map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn filters_hold_together_and_the_newest_comes_first() {
    let mut server = Server::start().await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    let mut made = Vec::new();
    for fields in [
        json!({"name": "deploy one", "owner": "u_1", "managed_by": "terraform"}),
        json!({"name": "deploy two", "owner": "u_1", "project": "alpha"}),
        json!({"name": "Deploy three", "environment": "test"}),
        json!({"name": "a_b", "expires_at": server.clock.text_in(60)}),
        json!({"name": "axb", "owner": "u_2"}),
    ] {
        made.push(server.key(&own, fields).await.id);
        server.clock.advance(1);
    }
    let root = server.root();
    root.post(&format!("/v1/keys/{}/revoke", made[0]), json!({}))
        .await
        .expect(200);
    root.post(&format!("/v1/keys/{}/deactivate", made[1]), json!({}))
        .await
        .expect(200);
    server.clock.advance(60);
    let of = |numbers: &[usize]| -> Vec<String> {
        numbers.iter().map(|number| made[*number].clone()).collect()
    };
    for (query, expected) in [
        ("", &[4, 3, 2, 1, 0][..]),
        ("include_revoked=true", &[4, 3, 2, 1, 0]),
        ("include_revoked=false", &[4, 3, 2, 1]),
        ("status=active", &[4, 2]),
        ("status=inactive", &[1]),
        ("status=expired", &[3]),
        ("status=revoked", &[0]),
        ("status=revoked&include_revoked=false", &[]),
        ("owner=u_1", &[1, 0]),
        ("owner=u_1&status=revoked", &[0]),
        ("managed_by=terraform", &[0]),
        ("project=alpha", &[1]),
        ("project=nothing", &[]),
        ("project=..", &[]),
        ("environment=test", &[2]),
        ("environment=staging", &[]),
        ("q=deploy", &[2, 1, 0]),
        ("q=a_b", &[3]),
        ("q=a%25", &[]),
        ("q=", &[4, 3, 2, 1, 0]),
    ] {
        assert_eq!(ids(&root, query).await, of(expected), "{query}");
    }
    // By what people see of a key.
    let shown = root.get(&format!("/v1/keys/{}", made[2])).await.expect(200);
    for field in ["id", "display_prefix", "suffix"] {
        let q = shown[field].as_str().unwrap();
        assert_eq!(ids(&root, &format!("q={q}")).await, of(&[2]), "{field}");
    }
    server.restart().await;
    assert_eq!(ids(&server.root(), "").await, of(&[4, 3, 2, 1, 0]));
}

#[tokio::test]
async fn s_asvs_01_who_sees_one_organization_sees_no_key_of_another() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    let mine = server
        .key(&own, json!({"name": "deploy", "owner": "u_1"}))
        .await;
    let foreign = server
        .key(&other, json!({"name": "deploy", "owner": "u_1"}))
        .await;
    let admin = server.manager(&own, "admin").await.caller;
    let prefix = foreign.key["display_prefix"].as_str().unwrap();
    let mine_alone = std::slice::from_ref(&mine.id);
    for query in ["", "q=deploy", "owner=u_1", "status=active"] {
        assert_eq!(ids(&admin, query).await, mine_alone, "{query}");
    }
    for query in [format!("q={}", foreign.id), format!("q={prefix}")] {
        assert_eq!(ids(&admin, &query).await, Vec::<String>::new(), "{query}");
    }
    for query in [
        format!("organization={other}"),
        "organization=org_nobody".to_owned(),
    ] {
        let refused = admin.get(&format!("/v1/keys?{query}")).await;
        refused.refuses(404, "organization_not_found");
    }
    for id in [foreign.id.as_str(), "nobody"] {
        for (method, rest, body) in [
            (Method::GET, "", None),
            (Method::GET, "/usage", None),
            (Method::PATCH, "", Some(json!({"name": "mine now"}))),
            (Method::DELETE, "", None),
            (Method::POST, "/deactivate", None),
            (Method::POST, "/activate", None),
            (Method::POST, "/revoke", None),
            (Method::POST, "/rotate", None),
        ] {
            let path = format!("/v1/keys/{id}{rest}");
            let mut call = admin.call(method, &path);
            if let Some(body) = &body {
                call = call.json(body);
            }
            call.send().await.refuses(404, "key_not_found");
        }
    }
    assert_eq!(server.verdict(&foreign.secret).await, "valid");
    let shown = server.root().get(&foreign.path()).await;
    assert_eq!(
        (shown.etag(), shown.expect(200)),
        (foreign.etag, foreign.key)
    );
}

#[tokio::test]
async fn a_secret_is_in_no_list_and_no_answer_about_the_key() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let root = server.root();
    for path in [
        "/v1/keys?include=usage".to_owned(),
        key.path(),
        format!("{}/usage", key.path()),
    ] {
        assert!(
            !root.get(&path).await.text().contains(&key.secret),
            "{path}"
        );
    }
    let question = json!({"secret": key.secret});
    assert!(
        !root
            .post("/v1/keys/verify", question)
            .await
            .text()
            .contains(&key.secret)
    );
}

#[tokio::test]
async fn usage_appears_after_a_sweep_and_counts_what_was_refused_by_reason() {
    let mut server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({"ip_rules": ["203.0.113.7"]})).await;
    let usage = format!("{}/usage", key.path());
    let never = json!({"last_used_at": null, "last_refusal": null, "hours": []});
    assert_eq!(server.root().get(&usage).await.expect(200), never);
    let allowed = json!({"secret": key.secret, "ip": "203.0.113.7"});
    let elsewhere = json!({"secret": key.secret, "ip": "198.51.100.9"});
    let lacking = json!({"secret": key.secret, "ip": "203.0.113.7", "permissions": ["read"]});
    for question in [&allowed, &allowed, &lacking, &elsewhere] {
        server.ask(question.clone()).await;
    }
    let used_at = server.clock.text();
    server.clock.advance(3_600);
    server.ask(allowed).await;
    server.restart().await;
    let root = server.root();
    let expected = json!({
        "last_used_at": server.clock.text(),
        "last_refusal": {"at": used_at, "reason": "ip_not_allowed", "address": "198.51.100.9"},
        "hours": [
            {
                "hour": "2026-01-02T04:00:00Z",
                "allowed": 3,
                "refused": {"insufficient_permissions": 1, "ip_not_allowed": 1},
            },
        ],
    });
    assert_eq!(root.get(&usage).await.expect(200), expected);
    let later = format!("{usage}?from=2026-01-02T05:00:00Z");
    assert_eq!(root.get(&later).await.expect(200)["hours"], json!([]));
    let list = root.get("/v1/keys?include=usage").await.expect(200);
    assert_eq!(list["data"][0]["usage"], expected);
    let list = root.get("/v1/keys").await.expect(200);
    assert_eq!(list["data"][0].get("usage"), None);
}

#[tokio::test]
async fn s_cond_02_using_a_key_does_not_change_its_etag() {
    let mut server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let items = vec![json!({"secret": key.secret}); 500];
    for _ in 0..2 {
        let body = json!({"items": items});
        server
            .root()
            .post("/v1/keys/verify-batch", body)
            .await
            .expect(200);
    }
    server.restart().await;
    let root = server.root();
    let usage = root.get(&format!("{}/usage", key.path())).await.expect(200);
    assert_eq!(usage["hours"][0]["allowed"], 1_000);
    let shown = root.get(&key.path()).await;
    assert_eq!(
        (shown.etag(), shown.expect(200)),
        (key.etag.clone(), key.key.clone())
    );
    let path = key.path();
    let edit = root.call(Method::PATCH, &path).if_match(&key.etag);
    edit.json(&json!({"name": "renamed"}))
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn a_question_about_a_key_of_another_organization_is_not_counted() {
    let mut server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    let foreign = server.key(&other, json!({})).await;
    let admin = server.manager(&own, "admin").await.caller;
    let asked = admin
        .post("/v1/keys/verify", json!({"secret": foreign.secret}))
        .await;
    let unknown = json!({"valid": false, "code": "api_key_invalid", "http_status": 401});
    assert_eq!(asked.expect(200), unknown);
    server.restart().await;
    let usage = server
        .root()
        .get(&format!("{}/usage", foreign.path()))
        .await
        .expect(200);
    let never = json!({"last_used_at": null, "last_refusal": null, "hours": []});
    assert_eq!(usage, never);
}

#[tokio::test]
async fn a_parameter_that_nobody_reads_or_that_stands_twice_is_refused() {
    let server = Server::start().await;
    server.organization("Own").await;
    let root = server.root();
    for (query, pointer) in [
        ("colour=red", "colour"),
        ("status=dead", "status"),
        ("include_revoked=maybe", "include_revoked"),
        ("include=secrets", "include"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
    ] {
        let refused = root.get(&format!("/v1/keys?{query}")).await;
        assert_eq!(refused.pointers(), [pointer], "{query}");
    }
    let twice = root.get("/v1/keys?owner=a&owner=b").await;
    twice.refuses(400, "duplicate_parameter");
    let twice = root.get("/v1/keys?owner=a&%6fwner=b").await;
    twice.refuses(400, "duplicate_parameter");
    for query in ["owner=%ff", "owner=a%00b"] {
        root.get(&format!("/v1/keys?{query}"))
            .await
            .refuses(400, "malformed_request");
    }
    let unknown: Value = root.get("/v1/keys?owner=nobody").await.expect(200);
    assert_eq!(unknown, json!({"data": [], "next_cursor": null}));
}
