//! `/v1/management-keys`

use http::Method;
use serde_json::{Value, json};

use crate::server::{ROOT, Server, Setting};

#[tokio::test]
async fn creating_shows_the_secret_once_and_says_what_it_may() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let body = json!({
        "name": "gateway",
        "preset": "verify-only",
        "organization": own,
        "expires_at": server.clock.text_in(60),
    });
    let made = server.root().post("/v1/management-keys", body).await;
    let now = server.clock.text();
    assert_eq!(made.etag(), "\"1\"");
    let made = made.expect(201);
    let secret = made["secret"].as_str().unwrap();
    let root = server.root().get("/v1/whoami").await.expect(200);
    let root_id = root["management_key"]["id"].as_str().unwrap();
    let key = json!({
        "id": made["key"]["id"],
        "name": "gateway",
        "preset": "verify-only",
        "organization": own,
        "display_prefix": &secret[..12],
        "suffix": &secret[secret.len() - 4..],
        "is_root": false,
        "status": "active",
        "created_at": now,
        "created_by": format!("management_key/{root_id}"),
        "expires_at": server.clock.text_in(60),
        "revoked_at": null,
        "revoked_by": null,
        "version": 1,
    });
    assert_eq!(
        made,
        json!({"key": key, "secret": secret, "effective_everywhere_at": now})
    );
    let path = format!("/v1/management-keys/{}", key["id"].as_str().unwrap());
    let shown = server.root().get(&path).await;
    assert_eq!(shown.expect(200), key);
    assert!(!shown.text().contains(secret));
}

#[tokio::test]
async fn a_preset_does_what_its_name_says_and_nothing_else() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let question = json!({"secret": key.secret});
    let verifier = server.manager(&own, "verify-only").await.caller;
    let reader = server.manager(&own, "read-only").await.caller;
    let asked = verifier.post("/v1/keys/verify", question.clone()).await;
    assert_eq!(asked.expect(200)["code"], "valid");
    let seen = verifier.get(&key.path()).await;
    seen.refuses(403, "permission_denied");
    assert_eq!(
        seen.header("www-authenticate"),
        r#"Bearer realm="keyway", error="insufficient_scope", scope="keys.read""#
    );
    reader.get(&key.path()).await.expect(200);
    for path in ["/v1/keys/verify", "/v1/keys/verify-batch"] {
        let asked = reader.post(path, json!({"items": []})).await;
        asked.refuses(403, "permission_denied");
    }
    let revoked = reader
        .post(&format!("{}/revoke", key.path()), json!({}))
        .await;
    revoked.refuses(403, "permission_denied");
    assert_eq!(server.verdict(&key.secret).await, "valid");
}

#[tokio::test]
async fn a_management_key_makes_none_that_holds_more_than_itself() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    let admin = server.manager(&own, "admin").await.caller;
    let create = async |fields: Value| {
        let mut body = json!({"name": "more", "preset": "admin"});
        body.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        admin.post("/v1/management-keys", body).await
    };
    create(json!({"organization": "*"}))
        .await
        .refuses(403, "permission_denied");
    let foreign = create(json!({"organization": other})).await;
    foreign.refuses(404, "organization_not_found");
    let list = admin.get("/v1/management-keys").await.expect(200);
    assert_eq!(
        list["data"].as_array().unwrap().len(),
        1,
        "nothing was made: {list}"
    );
    // Nothing named is its own organization, and never all.
    let made = create(json!({})).await.expect(201);
    assert_eq!(made["key"]["organization"], own);
    for preset in ["read-only", "verify-only"] {
        let lesser = server.manager("*", preset).await.caller;
        let body = json!({"name": "more", "preset": preset, "organization": own});
        let refused = lesser.post("/v1/management-keys", body).await;
        refused.refuses(403, "permission_denied");
    }
}

#[tokio::test]
async fn who_ends_makes_none_that_goes_on() {
    let server = Server::start().await;
    let end = server.clock.text_in(60);
    let body = json!({
        "name": "short", "preset": "admin", "organization": "*", "expires_at": end,
    });
    let made = server
        .root()
        .post("/v1/management-keys", body.clone())
        .await
        .expect(201);
    let short = server.nobody().with(made["secret"].as_str().unwrap());
    let for_ever = json!({"name": "long", "preset": "admin", "organization": "*"});
    let refused = short.post("/v1/management-keys", for_ever).await;
    refused.refuses(403, "permission_denied");
    let longer = json!({
        "name": "long", "preset": "admin", "organization": "*",
        "expires_at": server.clock.text_in(61),
    });
    short
        .post("/v1/management-keys", longer)
        .await
        .refuses(403, "permission_denied");
    short.post("/v1/management-keys", body).await.expect(201);
}

#[tokio::test]
async fn an_end_that_has_passed_is_refused_and_one_that_comes_ends_it() {
    let server = Server::start().await;
    let body = |end: String| json!({"name": "a", "preset": "admin", "organization": "*", "expires_at": end});
    let past = server
        .root()
        .post("/v1/management-keys", body(server.clock.text()))
        .await;
    assert_eq!(past.pointers(), ["/expires_at"]);
    let soon = body(server.clock.text_in(10));
    let made = server
        .root()
        .post("/v1/management-keys", soon)
        .await
        .expect(201);
    let path = format!(
        "/v1/management-keys/{}",
        made["key"]["id"].as_str().unwrap()
    );
    let caller = server.nobody().with(made["secret"].as_str().unwrap());
    server.clock.advance(9);
    caller.get("/v1/keys").await.expect(200);
    let before = server.root().get(&path).await;
    server.clock.advance(1);
    let refused = caller.get("/v1/keys").await;
    refused.refuses(401, "credential_expired");
    let after = server.root().get(&path).await;
    assert_eq!(after.expect(200)["status"], "expired");
    // S-COND-01: it reads differently now.
    assert_eq!(
        (before.etag().as_str(), after.etag().as_str()),
        ("\"1\"", "\"1-expired\"")
    );
    let root = server.root();
    let fresh = root.call(Method::GET, &path);
    let fresh = fresh.header("if-none-match", "\"1\"").send().await;
    assert_eq!(fresh.status, 200);
}

#[tokio::test]
async fn a_revoked_management_key_is_refused_at_the_next_call() {
    let server = Server::start().await;
    let manager = server.manager("*", "admin").await;
    manager.caller.get("/v1/keys").await.expect(200);
    let path = format!("/v1/management-keys/{}/revoke", manager.id);
    let revoked = server.root().post(&path, json!({})).await;
    assert_eq!(revoked.etag(), "\"2\"");
    let revoked = revoked.expect(200);
    assert_eq!(revoked["key"]["status"], "revoked");
    assert_eq!(revoked["key"]["revoked_at"], server.clock.text());
    for (method, path) in [
        (Method::GET, "/v1/keys"),
        (Method::POST, "/v1/organizations"),
    ] {
        let refused = manager.caller.call(method, path).send().await;
        refused.refuses(401, "credential_revoked");
        assert_eq!(
            refused.header("www-authenticate"),
            r#"Bearer realm="keyway", error="invalid_token""#
        );
    }
    // Again is no error, needs no precondition and changes nothing.
    server.clock.advance(60);
    let again = server.root().post(&path, json!({})).await.expect(200);
    assert_eq!(again["key"], revoked["key"]);
}

#[tokio::test]
async fn a_management_key_that_revokes_itself_is_told_so_and_gone() {
    let server = Server::start().await;
    let manager = server.manager("*", "admin").await;
    let path = format!("/v1/management-keys/{}/revoke", manager.id);
    let revoked = manager.caller.post(&path, json!({})).await.expect(200);
    assert_eq!(revoked["key"]["status"], "revoked");
    manager
        .caller
        .post(&path, json!({}))
        .await
        .refuses(401, "credential_revoked");
}

#[tokio::test]
async fn s_asvs_01_who_sees_one_organization_sees_no_other_management_key() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    let admin = server.manager(&own, "admin").await;
    let foreign = server.manager(&other, "admin").await;
    let root = server.root().get("/v1/whoami").await.expect(200);
    let root_id = root["management_key"]["id"].as_str().unwrap();
    for id in [foreign.id.as_str(), root_id, "mk_nobody"] {
        let path = format!("/v1/management-keys/{id}");
        let shown = admin.caller.get(&path).await;
        shown.refuses(404, "management_key_not_found");
        let revoked = admin
            .caller
            .post(&format!("{path}/revoke"), json!({}))
            .await;
        revoked.refuses(404, "management_key_not_found");
    }
    foreign.caller.get("/v1/keys").await.expect(200);
    let list = admin.caller.get("/v1/management-keys").await.expect(200);
    let ids: Vec<&str> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [admin.id.as_str()]);
}

#[tokio::test]
async fn s_bearer_02_03_each_bad_credential_gets_its_own_answer() {
    let server = Server::start().await;
    let unknown = format!("kw_mgmt_{}", "x".repeat(48));
    let key = {
        let own = server.organization("Own").await;
        server.key(&own, json!({})).await.secret
    };
    let nobody = server.nobody().get("/v1/keys").await;
    nobody.refuses(401, "credential_missing");
    assert_eq!(
        nobody.header("www-authenticate"),
        r#"Bearer realm="keyway""#
    );
    for token in ["kw_mgmt_short", &unknown, &key, "x"] {
        let refused = server.nobody().with(token).get("/v1/keys").await;
        refused.refuses(401, "credential_invalid");
        assert_eq!(
            refused.header("www-authenticate"),
            r#"Bearer realm="keyway", error="invalid_token""#
        );
    }
    let basic = server.nobody();
    let basic = basic
        .call(Method::GET, "/v1/keys")
        .header("authorization", "Basic abc");
    basic.send().await.refuses(401, "credential_missing");
    // Only in the one place: elsewhere a proxy or a log would not know to hide it.
    let nobody = server.nobody();
    let elsewhere = nobody
        .call(Method::GET, "/v1/keys")
        .header("x-api-key", ROOT);
    elsewhere.send().await.refuses(401, "credential_missing");
}

#[tokio::test]
async fn s_bearer_06_two_credentials_are_refused_whatever_they_are() {
    let server = Server::start().await;
    let bearer = format!("Bearer {ROOT}");
    for (name, value) in [("authorization", bearer.as_str()), ("x-api-key", ROOT)] {
        for path in ["/v1/keys", "/v1/whoami"] {
            let root = server.root();
            let twice = root
                .call(Method::GET, path)
                .header(name, value)
                .send()
                .await;
            twice.refuses(400, "duplicate_credentials");
            assert_eq!(
                twice.header("www-authenticate"),
                r#"Bearer realm="keyway", error="invalid_request""#
            );
        }
    }
}

#[tokio::test]
async fn s_bearer_07_a_credential_in_the_query_is_none() {
    let server = Server::start().await;
    let path = format!("/v1/organizations?access_token={ROOT}");
    server
        .nobody()
        .get(&path)
        .await
        .refuses(401, "credential_missing");
}

#[tokio::test]
async fn s_asvs_09_another_root_key_takes_the_place_of_the_first_at_once() {
    const SECOND: &str = "kw_mgmt_AnotherAnotherAnotherAnotherAnotherAnother";
    let mut server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let entries = server.audit().await.len();
    server.restart().await;
    assert_eq!(
        server.audit().await.len(),
        entries,
        "the same value again is no change"
    );

    server.setting.root_key = Some(SECOND);
    server.restart().await;
    server
        .root()
        .get("/v1/keys")
        .await
        .refuses(401, "credential_revoked");
    let second = server.nobody().with(SECOND);
    let verdict = second
        .post("/v1/keys/verify", json!({"secret": key.secret}))
        .await;
    assert_eq!(verdict.expect(200)["valid"], true, "no product's key died");

    server.stop().await;
    server.setting.root_key = Some(ROOT);
    let refused = server.start_again().await.unwrap_err().to_string();
    assert!(refused.contains("was revoked"), "{refused}");
}

#[tokio::test]
async fn a_minted_root_key_lies_in_a_file_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut server = Server::start_with(Setting {
        root_key: None,
        ..Setting::default()
    })
    .await;
    let path = server.directory.path().join("root-key");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let secret = std::fs::read_to_string(&path).unwrap();
    let root = server.nobody().with(secret.trim_end());
    let whoami = root.get("/v1/whoami").await.expect(200);
    assert_eq!(whoami["management_key"]["is_root"], true);
    assert_eq!(whoami["management_key"]["organization"], "*");
    // Once: another start keeps it.
    server.restart().await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), secret);
    server
        .nobody()
        .with(secret.trim_end())
        .get("/v1/keys")
        .await
        .expect(200);
}

#[tokio::test]
async fn s_asvs_13_there_is_no_management_without_a_credential_on_loopback_either() {
    let server = Server::start().await;
    let document = server.nobody().get("/openapi.json").await.expect(200);
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else {
                continue;
            };
            if operation.get("security").is_none() {
                continue;
            }
            let answer = server
                .nobody()
                .call(method, &path.replace("{id}", "a"))
                .send()
                .await;
            assert_eq!(answer.status, 401, "{path}: {}", answer.text());
            asked += 1;
        }
    }
    assert!(asked > 25, "{asked}");
}
