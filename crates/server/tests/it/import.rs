//! `POST /v1/keys/import`

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::browser::Browser;
use crate::caller::{Answer, Caller};
use crate::server::{Made, Server};

const PATH: &str = "/v1/keys/import";

async fn import(caller: &Caller, lines: impl Into<String>) -> Answer {
    let call = caller.call(Method::POST, PATH);
    call.body("application/x-ndjson", lines.into()).send().await
}

/// The lines of an answer.
fn results(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    answer
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn line(secret: &str, fields: Value) -> String {
    let mut line =
        json!({"name": "old", "sha256": Server::digest(secret), "display_prefix": "old_"});
    line.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    line.to_string()
}

/// A profile that also looks foreign keys up.
async fn accept_legacy(server: &Server) {
    let profile = server.root().get("/v1/profile").await;
    let toml = profile.json()["toml"]
        .as_str()
        .unwrap()
        .replace("legacy = []", "legacy = [\"old-[0-9]+\"]");
    let root = server.root();
    let apply = root
        .call(Method::PUT, "/v1/profile")
        .if_match(&profile.etag());
    apply.json(&json!({"toml": toml})).send().await.expect(200);
}

#[tokio::test]
async fn a_product_moves_in_and_its_customers_notice_nothing() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    let full = json!({
        "id": "k_1", "project": "alpha", "environment": "test", "suffix": "0001",
        "description": "d", "owner": "u_1", "managed_by": "m",
        "grants": [{"permissions": ["read"], "resource": "*"}],
        "ip_rules": ["::1"], "rate_limit": {"limit": 7, "window": "90s"}, "metadata": {"a": 1},
        "created_at": "2020-01-01T00:00:00Z", "expires_at": "2030-01-01T00:00:00Z",
    });
    let imported = import(&server.root(), line("old-0001", full)).await;
    assert_eq!(results(&imported), [json!({"imported": 1, "refused": 0})]);
    let whoami = server.root().get("/v1/whoami").await.expect(200);
    let root = whoami["management_key"]["id"].as_str().unwrap();
    let expected = json!({
        "id": "k_1", "organization": own, "project": "alpha", "environment": "test",
        "name": "old", "description": "d", "owner": "u_1",
        "display_prefix": "old_", "suffix": "0001", "status": "active",
        "grants": [{"permissions": ["read"], "resource": "*"}],
        "ip_rules": ["::1/128"], "rate_limit": {"limit": 7, "window": "90s"}, "metadata": {"a": 1}, "managed_by": "m",
        "created_at": "2020-01-01T00:00:00Z", "created_by": format!("management_key/{root}"),
        "expires_at": "2030-01-01T00:00:00Z",
        "revoked_at": null, "revoked_by": null, "revoked_reason": null, "revoked_reason_code": null,
        "successor": null, "version": 1,
    });
    assert_eq!(
        server.root().get("/v1/keys/k_1").await.expect(200),
        expected
    );
    // Which strings are looked up is for the profile to say.
    assert_eq!(server.verdict("old-0001").await, "api_key_malformed");
    accept_legacy(&server).await;
    let question = json!({"secret": "old-0001", "ip": "::1", "permissions": ["read"]});
    assert_eq!(server.ask(question).await["valid"], true);
    assert_eq!(server.verdict("old-0002").await, "api_key_invalid");
}

#[tokio::test]
async fn a_digest_is_read_in_hex_and_in_base64() {
    let server = Server::start().await;
    server.organization("Own").await;
    accept_legacy(&server).await;
    let digest = Sha256::digest("old-2");
    let base64 = json!({"sha256": BASE64_STANDARD.encode(digest)});
    let upper = json!({"sha256": Server::digest("old-3").to_uppercase()});
    let lines = [
        line("old-1", json!({})),
        line("old-2", base64),
        line("old-3", upper),
    ];
    let imported = import(&server.root(), lines.join("\r\n")).await;
    assert_eq!(results(&imported), [json!({"imported": 3, "refused": 0})]);
    for secret in ["old-1", "old-2", "old-3"] {
        assert_eq!(server.verdict(secret).await, "valid", "{secret}");
    }
}

#[tokio::test]
async fn a_bad_line_stops_nothing_else_and_is_told_of() {
    let server = Server::start().await;
    server.organization("Own").await;
    accept_legacy(&server).await;
    import(&server.root(), line("old-7", json!({}))).await;
    let lines = [
        line("old-1", json!({})),
        "not json".to_owned(),
        String::new(),
        line("old-2", json!({"organization": "org_nobody"})),
        line("old-3", json!({"sha256": "abc", "name": ""})),
        line("old-4", json!({"project": "nothing"})),
        line("old-7", json!({})),
        line("old-5", json!({"colour": "red"})),
        line("old-1", json!({})),
        format!("{{\"name\":\"{}\"}}", "x".repeat(70_000)),
        line(
            "old-6",
            json!({"display_prefix": "x".repeat(65), "suffix": "x y"}),
        ),
        line("old-8", json!({})),
    ];
    let answer = import(&server.root(), lines.join("\n")).await;
    let mut results = results(&answer);
    assert_eq!(results.pop().unwrap(), json!({"imported": 2, "refused": 9}));
    let told: Vec<(u64, &str)> = results
        .iter()
        .map(|it| (it["line"].as_u64().unwrap(), it["code"].as_str().unwrap()))
        .collect();
    let expected = [
        (2, "malformed_json"),
        (4, "organization_not_found"),
        (5, "invalid_request"),
        (6, "project_not_found"),
        (7, "key_already_exists"),
        (8, "invalid_request"),
        (9, "key_already_exists"),
        (10, "body_too_large"),
        (11, "invalid_request"),
    ];
    assert_eq!(told, expected);
    let pointers = |place: usize| -> Vec<&str> {
        let errors = results[place]["errors"].as_array().unwrap().iter();
        errors.map(|it| it["pointer"].as_str().unwrap()).collect()
    };
    assert_eq!(pointers(2), ["/sha256", "/name"]);
    assert_eq!(pointers(5), ["/colour"]);
    assert_eq!(pointers(8), ["/display_prefix", "/suffix"]);
    for secret in ["old-1", "old-7", "old-8"] {
        assert_eq!(server.verdict(secret).await, "valid", "{secret}");
    }
    for secret in ["old-2", "old-3", "old-4", "old-5", "old-6"] {
        assert_eq!(server.verdict(secret).await, "api_key_invalid", "{secret}");
    }
}

#[tokio::test]
async fn a_state_comes_along_and_a_dead_key_stays_dead() {
    let server = Server::start().await;
    server.organization("Own").await;
    accept_legacy(&server).await;
    let past = "2020-01-01T00:00:00Z";
    let lines = [
        line("old-1", json!({"status": "inactive"})),
        line(
            "old-2",
            json!({"status": "revoked", "revoked_at": past, "revoked_reason": "leak", "id": "k_2"}),
        ),
        line("old-3", json!({"expires_at": past})),
        line("old-4", json!({"status": "expired", "expires_at": past})),
        line("old-5", json!({"status": "expired"})),
        line("old-6", json!({"revoked_at": past})),
        line(
            "old-7",
            json!({"status": "active", "revoked_reason": "leak"}),
        ),
    ];
    let answer = import(&server.root(), lines.join("\n")).await;
    assert_eq!(
        results(&answer).last().unwrap(),
        &json!({"imported": 4, "refused": 3})
    );
    for (secret, code) in [
        ("old-1", "api_key_inactive"),
        ("old-2", "api_key_revoked"),
        ("old-3", "api_key_expired"),
        ("old-4", "api_key_expired"),
        ("old-5", "api_key_invalid"),
        ("old-6", "api_key_invalid"),
        ("old-7", "api_key_invalid"),
    ] {
        assert_eq!(server.verdict(secret).await, code, "{secret}");
    }
    let shown = server.root().get("/v1/keys/k_2").await.expect(200);
    assert_eq!(
        (&shown["revoked_at"], &shown["revoked_reason"]),
        (&json!(past), &json!("leak"))
    );
    let on = server.root().post("/v1/keys/k_2/activate", json!({})).await;
    on.refuses(409, "key_revoked");
}

#[tokio::test]
async fn who_sees_one_organization_imports_into_no_other() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    accept_legacy(&server).await;
    let foreign = server.key(&other, json!({})).await;
    let admin = server.manager(&own, "admin").await.caller;
    let lines = [
        line("old-1", json!({"organization": other})),
        line("old-2", json!({"id": foreign.id})),
        line("old-3", json!({"sha256": Server::digest(&foreign.secret)})),
        line("old-4", json!({})),
    ];
    let answer = import(&admin, lines.join("\n")).await;
    let told = results(&answer);
    assert_eq!(told.last().unwrap(), &json!({"imported": 1, "refused": 3}));
    let codes: Vec<&Value> = told[..3].iter().map(|it| &it["code"]).collect();
    assert_eq!(
        codes,
        [
            "organization_not_found",
            "invalid_request",
            "key_already_exists"
        ]
    );
    assert_eq!(server.verdict("old-4").await, "valid");
    let shown = server.root().get(&foreign.path()).await.expect(200);
    assert_eq!(shown, foreign.key);
    let list = server
        .root()
        .get(&format!("/v1/keys?organization={other}"))
        .await
        .expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

/// S-ASVS-01: an id tells nothing. A digest tells whoever has it what its secret would tell at
/// `/v1/whoami`, and no more: its own deleted key answers like another organization's.
#[tokio::test]
async fn who_sees_one_organization_learns_of_no_other_ones_keys() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    let admin = server.manager(&own, "admin").await.caller;
    let foreign = server.key(&other, json!({})).await;
    let deleted = server.key(&own, json!({})).await;
    admin.delete(&deleted.path()).await.expect(200);
    let refusal = async |fields: Value| {
        let answer = import(&admin, line("old-1", fields)).await;
        results(&answer)[0].clone()
    };
    let taken = refusal(json!({"id": foreign.id})).await;
    assert_eq!(taken["errors"][0]["pointer"], "/id");
    assert_eq!(taken, refusal(json!({"id": "k_free"})).await);
    let digest = |key: &Made| json!({"sha256": Server::digest(&key.secret)});
    let taken = refusal(digest(&foreign)).await;
    assert_eq!(taken["code"], "key_already_exists");
    assert_eq!(taken, refusal(digest(&deleted)).await);
}

#[tokio::test]
async fn an_import_keeps_to_the_limit_of_a_project() {
    let server = Server::start_under("noukai").await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    for _ in 0..8 {
        server.key(&own, json!({"project": "alpha"})).await;
    }
    let lines: Vec<String> = (0..4)
        .map(|number| line(&format!("old-{number}"), json!({"project": "alpha"})))
        .collect();
    let answer = import(&server.root(), lines.join("\n")).await;
    let results = results(&answer);
    assert_eq!(
        results.last().unwrap(),
        &json!({"imported": 2, "refused": 2})
    );
    assert_eq!(
        (&results[0]["line"], &results[0]["code"]),
        (&json!(3), &json!("key_limit_reached"))
    );
}

#[tokio::test]
async fn an_import_brings_no_more_than_whoever_imports_may_make() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    for project in ["alpha", "beta"] {
        server.project(&own, project).await;
    }
    let body = json!({"organization": own, "email": "ann@acme.example", "name": "Ann",
        "role": "viewer", "project_roles": {"alpha": "developer"}});
    let root = server.root();
    let ann = root.post("/v1/members", body).await.expect(201);
    let link = server.sign_in_link(&root, ann["id"].as_str().unwrap());
    let ann = Browser::at(&server, &link.await).await;
    let all_at = |resource: &str| json!([{"permissions": ["*"], "resource": resource}]);
    let lines = [
        line(
            "old-1",
            json!({"project": "alpha", "grants": all_at("project/alpha")}),
        ),
        line("old-2", json!({"project": "beta", "grants": []})),
        line("old-3", json!({"grants": all_at("*")})),
    ];
    let media_type = "application/x-ndjson";
    let answer = ann
        .send_as(Method::POST, PATH, media_type, lines.join("\n"))
        .await;
    let results = results(&answer);
    let refused: Vec<_> = results[..2]
        .iter()
        .map(|it| (&it["line"], &it["code"]))
        .collect();
    let denied = json!("permission_denied");
    assert_eq!(refused, [(&json!(2), &denied), (&json!(3), &denied)]);
    assert_eq!(results[2], json!({"imported": 1, "refused": 2}));
}

#[tokio::test]
async fn an_import_of_nothing_imports_nothing() {
    let server = Server::start().await;
    let entries = server.audit().await.len();
    for lines in ["", "\n\n", "  \n"] {
        let answer = import(&server.root(), lines).await;
        assert_eq!(results(&answer), [json!({"imported": 0, "refused": 0})]);
    }
    let json = server.root().post(PATH, json!({})).await;
    json.refuses(415, "unsupported_media_type");
    assert_eq!(server.audit().await.len(), entries);
}

#[tokio::test]
async fn chunks_of_many_organizations_all_arrive_and_each_is_one_entry() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    let entries = server.audit().await.len();
    let lines: Vec<String> = (0..4_600)
        .map(|number| {
            let organization = if number % 2 == 0 { &own } else { &other };
            line(
                &format!("old-{number}"),
                json!({"organization": organization}),
            )
        })
        .collect();
    let answer = import(&server.root(), lines.join("\n")).await;
    assert_eq!(results(&answer), [json!({"imported": 4_600, "refused": 0})]);
    let audit = server.audit().await;
    let chunks: Vec<&Value> = audit[entries..]
        .iter()
        .filter(|it| it["action"] == "keys.imported")
        .collect();
    assert_eq!(chunks.len(), 6);
    let keys: usize = chunks
        .iter()
        .map(|it| it["detail"]["keys"].as_array().unwrap().len())
        .sum();
    assert_eq!(keys, 4_600);
    let again = import(&server.root(), lines[..5].join("\n")).await;
    assert_eq!(
        results(&again).last().unwrap(),
        &json!({"imported": 0, "refused": 5})
    );
}

#[tokio::test]
async fn every_change_may_say_how_long_it_waits_an_import_too() {
    let server = Server::start().await;
    server.organization("Own").await;
    let root = server.root();
    let call = root.call(Method::POST, "/v1/keys/import?wait=5s");
    let waited = call
        .body("application/x-ndjson", line("old-1", json!({})))
        .send()
        .await;
    assert_eq!(results(&waited), [json!({"imported": 1, "refused": 0})]);
    let call = root.call(Method::POST, "/v1/keys/import?wait=soon");
    let refused = call
        .body("application/x-ndjson", line("old-2", json!({})))
        .send()
        .await;
    assert_eq!(refused.pointers(), ["wait"]);
    let call = root.call(Method::POST, "/v1/keys/import?wait=0s");
    let hasty = call
        .body("application/x-ndjson", line("old-3", json!({})))
        .send()
        .await;
    assert!(matches!(hasty.status, 200 | 202), "{}", hasty.text());
}
