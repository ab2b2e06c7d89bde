//! `POST /v1/keys`

use http::Method;
use serde_json::{Value, json};

use crate::server::Server;

#[tokio::test]
async fn creating_answers_201_with_the_key_and_its_secret() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    let body = json!({
        "project": "alpha",
        "environment": "test",
        "name": "CI deploy",
        "description": "two\nlines",
        "owner": "u_1",
        "expires_at": server.clock.text_in(3_600),
        "grants": [
            {"permissions": ["write", "read", "read"], "resource": "project/alpha/workflow/wf_9"},
            {"role": "viewer", "resource": "*"},
        ],
        "ip_rules": ["203.0.113.0/24", "::1"],
        "rate_limit": {"limit": 100, "window": "1m"},
        "metadata": {"team": "core"},
        "managed_by": "terraform",
    });
    let made = server.root().post("/v1/keys", body).await;
    assert_eq!(made.etag(), "\"1\"");
    let made = made.expect(201);
    let secret = made["secret"].as_str().unwrap();
    let whoami = server.root().get("/v1/whoami").await.expect(200);
    let root = whoami["management_key"]["id"].as_str().unwrap();
    let id = made["key"]["id"].as_str().unwrap();
    assert!(secret.starts_with(&format!("kw_test_{id}_")), "{made}");
    let key = json!({
        "id": id,
        "organization": own,
        "project": "alpha",
        "environment": "test",
        "name": "CI deploy",
        "description": "two\nlines",
        "owner": "u_1",
        "display_prefix": made["key"]["display_prefix"],
        "suffix": made["key"]["suffix"],
        "status": "active",
        "grants": [
            {"permissions": ["read", "write"], "resource": "project/alpha/workflow/wf_9"},
            {"role": "viewer", "resource": "*"},
        ],
        "ip_rules": ["203.0.113.0/24", "::1/128"],
        "rate_limit": {"limit": 100, "window": "1m"},
        "metadata": {"team": "core"},
        "managed_by": "terraform",
        "created_at": server.clock.text(),
        "created_by": format!("management_key/{root}"),
        "expires_at": server.clock.text_in(3_600),
        "revoked_at": null,
        "revoked_by": null,
        "revoked_reason": null,
        "revoked_reason_code": null,
        "successor": null,
        "version": 1,
    });
    let expected = json!({
        "key": key, "secret": secret, "effective_everywhere_at": server.clock.text(),
    });
    assert_eq!(made, expected);
    for shown in ["display_prefix", "suffix"] {
        let shown = key[shown].as_str().unwrap();
        assert!(
            secret.contains(shown) && shown.len() <= secret.len() - 32,
            "{shown}"
        );
    }
}

#[tokio::test]
async fn a_key_works_when_its_making_is_answered_and_may_nothing_it_was_not_given() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    assert_eq!(
        (&key.key["environment"], &key.key["grants"]),
        (&json!("live"), &json!([]))
    );
    assert_eq!(server.verdict(&key.secret).await, "valid");
    let asked = server
        .ask(json!({"secret": key.secret, "permissions": ["read"]}))
        .await;
    assert_eq!(asked["code"], "insufficient_permissions");
    assert_eq!(asked["missing_permissions"], json!(["read"]));
}

#[tokio::test]
async fn s_asvs_05_a_key_manages_nothing() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let all = json!({"grants": [{"permissions": ["*"], "resource": "*"}]});
    let key = server.key(&own, all).await;
    let holder = server.nobody().with(&key.secret);
    for path in [
        "/v1/keys",
        "/v1/organizations",
        "/v1/audit",
        "/v1/management-keys",
        "/metrics",
    ] {
        holder.get(path).await.refuses(401, "credential_invalid");
    }
    let refused = holder.post("/v1/keys", json!({"name": "more"})).await;
    refused.refuses(401, "credential_invalid");
}

#[tokio::test]
async fn an_absent_body_reads_as_an_empty_object() {
    let server = Server::start().await;
    server.organization("Own").await;
    let root = server.root();
    let absent = root.call(Method::POST, "/v1/keys").send().await;
    let empty = root.post("/v1/keys", json!({})).await;
    assert_eq!(absent.pointers(), ["/name"]);
    assert_eq!(empty.pointers(), ["/name"]);
}

#[tokio::test]
async fn s_asvs_03_what_the_server_gives_cannot_be_sent() {
    let server = Server::start().await;
    server.organization("Own").await;
    for field in [
        "id",
        "secret",
        "digest",
        "sha256",
        "status",
        "created_by",
        "created_at",
        "version",
        "successor",
        "display_prefix",
        "revoked_at",
    ] {
        let refused = server
            .root()
            .post("/v1/keys", json!({"name": "a", field: "x"}))
            .await;
        assert_eq!(refused.pointers(), [format!("/{field}")]);
    }
    let list = server.root().get("/v1/keys").await.expect(200);
    assert_eq!(list["data"], json!([]));
}

#[tokio::test]
async fn every_fault_is_named_by_its_pointer_and_nothing_is_made() {
    let server = Server::start().await;
    server.organization("Own").await;
    let grant = json!({"permissions": ["read"], "resource": "*"});
    let cases: [(Value, &[&str]); 20] = [
        (json!({"name": ""}), &["/name"]),
        (json!({"name": "é".repeat(254)}), &["/name"]),
        (json!({"name": "a\u{0}b"}), &["/name"]),
        (json!({"name": 7}), &["/name"]),
        (json!({"description": "x".repeat(1_025)}), &["/description"]),
        (json!({"owner": ""}), &["/owner"]),
        (json!({"managed_by": "a\nb"}), &["/managed_by"]),
        (json!({"environment": "staging"}), &["/environment"]),
        (json!({"expires_at": server.clock.text()}), &["/expires_at"]),
        (json!({"expires_at": "tomorrow"}), &["/expires_at"]),
        (json!({"expires_at": 1_900_000_000}), &["/expires_at"]),
        (json!({"grants": vec![grant; 65]}), &["/grants"]),
        (
            json!({"grants": [{"permissions": ["Read"], "resource": "*"}]}),
            &["/grants/0/permissions/0"],
        ),
        (
            json!({"grants": [{"permissions": ["*", "read"], "resource": "*"}]}),
            &["/grants/0/permissions/0"],
        ),
        (
            json!({"grants": [{"permissions": ["read"]}]}),
            &["/grants/0/resource"],
        ),
        (
            json!({"grants": [{"permissions": ["read"], "resource": "project/a/../b"}]}),
            &["/grants/0/resource"],
        ),
        (
            json!({"grants": [{"role": "nobody", "resource": "*"}]}),
            &["/grants/0/role"],
        ),
        (json!({"ip_rules": vec!["::1"; 65]}), &["/ip_rules"]),
        (json!({"ip_rules": ["::1", "10.0.0.1/8"]}), &["/ip_rules/1"]),
        (
            json!({"metadata": {"a": "x".repeat(4_090)}, "name": " "}),
            &["/name", "/metadata"],
        ),
    ];
    for (fields, pointers) in cases {
        let mut body = json!({"name": "a key"});
        body.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let refused = server.root().post("/v1/keys", body).await;
        assert_eq!(refused.pointers(), pointers, "{fields}");
    }
    assert_eq!(
        server.root().get("/v1/keys").await.expect(200)["data"],
        json!([])
    );
}

#[tokio::test]
async fn what_is_at_a_limit_is_made() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let fields = json!({
        "name": "é".repeat(253),
        "description": "x".repeat(1_024),
        "grants": vec![json!({"permissions": ["read"], "resource": "*"}); 64],
        "ip_rules": vec!["::1"; 64],
        "metadata": {"a": "x".repeat(4_088)},
    });
    let key = server.key(&own, fields).await;
    let shown = server.root().get(&key.path()).await.expect(200);
    assert_eq!(shown, key.key);
    assert_eq!(
        server.ask(json!({"secret": key.secret, "ip": "::1"})).await["valid"],
        true
    );
}

#[tokio::test]
async fn s_asvs_04_a_request_only_selects_among_what_the_credential_sees() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    server.project(&other, "alpha").await;
    let admin = server.manager(&own, "admin").await.caller;
    let foreign = admin
        .post("/v1/keys", json!({"organization": other, "name": "a"}))
        .await;
    foreign.refuses(404, "organization_not_found");
    let unknown = admin
        .post(
            "/v1/keys",
            json!({"organization": "org_nobody", "name": "a"}),
        )
        .await;
    unknown.refuses(404, "organization_not_found");
    // A project of another organization is none here.
    let foreign = admin
        .post("/v1/keys", json!({"project": "alpha", "name": "a"}))
        .await;
    foreign.refuses(404, "project_not_found");
    let call = admin
        .call(Method::POST, "/v1/keys")
        .json(&json!({"name": "a"}));
    let forged = call
        .header("x-organization", &other)
        .header("keyway-organization", &other);
    assert_eq!(forged.send().await.expect(201)["key"]["organization"], own);
    let path = format!("/v1/keys?organization={other}");
    assert_eq!(
        server.root().get(&path).await.expect(200)["data"],
        json!([])
    );
}

#[tokio::test]
async fn an_environment_comes_from_the_call_else_the_project_else_the_profile() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let body = json!({"id": "sandbox", "name": "Sandbox", "environment": "test"});
    server.root().post("/v1/projects", body).await.expect(201);
    server.project(&own, "free").await;
    let environment =
        async |fields: Value| server.key(&own, fields).await.key["environment"].clone();
    assert_eq!(environment(json!({})).await, "live");
    assert_eq!(environment(json!({"project": "free"})).await, "live");
    assert_eq!(
        environment(json!({"project": "free", "environment": "test"})).await,
        "test"
    );
    assert_eq!(environment(json!({"project": "sandbox"})).await, "test");
    let body = json!({"project": "sandbox", "environment": "live", "name": "a"});
    let refused = server.root().post("/v1/keys", body).await;
    assert_eq!(refused.pointers(), ["/environment"]);
}

#[tokio::test]
async fn under_noukai_a_key_belongs_to_one_project_and_may_all_of_it() {
    let server = Server::start_under("noukai").await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    let refused = server.root().post("/v1/keys", json!({"name": "a"})).await;
    refused.refuses(422, "INVALID_REQUEST");
    assert_eq!(refused.json()["errors"][0]["pointer"], "/project");
    let grants = json!({"name": "a", "project": "alpha", "grants": []});
    let refused = server.root().post("/v1/keys", grants).await;
    assert_eq!(refused.json()["errors"][0]["pointer"], "/grants");
    let key = server.key(&own, json!({"project": "alpha"})).await;
    let all = json!([{"permissions": ["*"], "resource": "project/alpha"}]);
    assert_eq!(key.key["grants"], all);
    assert!(
        key.secret.starts_with(&format!("nk_live_{}_", key.id)),
        "{:?}",
        key.key
    );
    let asked = server
        .ask(json!({"secret": key.secret, "permissions": ["anything.at_all"]}))
        .await;
    assert_eq!(asked["valid"], true);
}

#[tokio::test]
async fn the_eleventh_active_key_of_a_project_is_refused_in_the_words_of_the_profile() {
    let server = Server::start_under("noukai").await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    server.project(&own, "beta").await;
    let body = json!({"name": "a", "project": "alpha"});
    let expiring = json!({"project": "alpha", "expires_at": server.clock.text_in(60)});
    server.key(&own, expiring).await;
    let mut keys = Vec::new();
    for number in 0..9 {
        let environment = if number % 2 == 0 { "live" } else { "test" };
        keys.push(
            server
                .key(
                    &own,
                    json!({"project": "alpha", "environment": environment}),
                )
                .await,
        );
    }
    let refused = server.root().post("/v1/keys", body.clone()).await;
    refused.refuses(429, "KEY_LIMIT_REACHED");
    assert_eq!(
        refused.json()["type"],
        "https://keys.example/problems/key_limit_reached"
    );
    // Another project has its own ten.
    server.key(&own, json!({"project": "beta"})).await;

    // An expired key does not count, and neither does a revoked one.
    server.clock.advance(60);
    server.key(&own, json!({"project": "alpha"})).await;
    server
        .root()
        .post("/v1/keys", body.clone())
        .await
        .refuses(429, "KEY_LIMIT_REACHED");
    let revoke = format!("{}/revoke", keys[0].path());
    server.root().post(&revoke, json!({})).await.expect(200);
    server.key(&own, json!({"project": "alpha"})).await;
    // One that is switched off does: it can be switched on again.
    let deactivate = format!("{}/deactivate", keys[1].path());
    server.root().post(&deactivate, json!({})).await.expect(200);
    server
        .root()
        .post("/v1/keys", body.clone())
        .await
        .refuses(429, "KEY_LIMIT_REACHED");
    server.root().delete(&keys[1].path()).await.expect(200);
    server.root().post("/v1/keys", body).await.expect(201);
}

#[tokio::test]
async fn of_fifty_that_want_the_last_place_exactly_one_gets_it() {
    let server = Server::start_under("noukai").await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    for _ in 0..9 {
        server.key(&own, json!({"project": "alpha"})).await;
    }
    let calls = (0..50).map(|_| {
        let root = server.root();
        tokio::spawn(async move {
            let made = root
                .post("/v1/keys", json!({"name": "a", "project": "alpha"}))
                .await;
            (made.status, made.code())
        })
    });
    let mut made = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            (201, _) => made += 1,
            (status, code) => assert_eq!((status, &*code), (429, "KEY_LIMIT_REACHED")),
        }
    }
    assert_eq!(made, 1);
    let list = server.root().get("/v1/keys?limit=200").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 10);
}
