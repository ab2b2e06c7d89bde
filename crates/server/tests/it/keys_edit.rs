//! `PATCH /v1/keys/{id}`, `DELETE /v1/keys/{id}`, `…/deactivate`, `…/activate`

use http::Method;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::server::{Made, Server};

/// The key as it is shown now.
async fn show(server: &Server, key: &Made) -> Value {
    server.root().get(&key.path()).await.expect(200)
}

#[tokio::test]
async fn an_edit_leaves_what_is_absent_and_takes_away_what_is_null() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let fields = json!({
        "description": "old", "owner": "u_1", "managed_by": "terraform",
        "expires_at": server.clock.text_in(60),
        "grants": [{"permissions": ["read"], "resource": "*"}],
        "ip_rules": ["::1"], "metadata": {"a": 1},
    });
    let key = server.key(&own, fields).await;
    let edit = json!({
        "description": null, "owner": null, "managed_by": null, "expires_at": null,
        "ip_rules": [], "metadata": {},
    });
    let edited = server.root().patch(&key.path(), edit).await;
    assert_eq!(edited.etag(), "\"2\"");
    let edited = edited.expect(200);
    let mut expected = key.key.clone();
    for field in ["description", "owner", "managed_by", "expires_at"] {
        expected[field] = Value::Null;
    }
    expected["ip_rules"] = json!([]);
    expected["metadata"] = json!({});
    expected["version"] = json!(2);
    let now = server.clock.text();
    assert_eq!(
        edited,
        json!({"key": expected, "effective_everywhere_at": now})
    );
    assert_eq!(show(&server, &key).await, expected);
}

#[tokio::test]
async fn an_edit_is_in_force_when_it_is_answered() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server
        .key(
            &own,
            json!({"grants": [{"permissions": ["read"], "resource": "*"}]}),
        )
        .await;
    let read = json!({"secret": key.secret, "permissions": ["read"], "ip": "::1"});
    assert_eq!(server.ask(read.clone()).await["code"], "valid");
    for (edit, code) in [
        (json!({"ip_rules": ["203.0.113.0/24"]}), "ip_not_allowed"),
        (json!({"ip_rules": []}), "valid"),
        (json!({"grants": []}), "insufficient_permissions"),
        (
            json!({"grants": [{"permissions": ["read"], "resource": "project/a"}]}),
            "out_of_scope",
        ),
        (
            json!({"grants": [{"role": "viewer", "resource": "*"}]}),
            "valid",
        ),
        (json!({"expires_at": server.clock.text_in(1)}), "valid"),
    ] {
        server
            .root()
            .patch(&key.path(), edit.clone())
            .await
            .expect(200);
        assert_eq!(server.ask(read.clone()).await["code"], code, "{edit}");
    }
    server.clock.advance(1);
    assert_eq!(server.ask(read).await["code"], "api_key_expired");
}

#[tokio::test]
async fn an_edit_that_changes_nothing_is_no_change() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({"owner": "u_1"})).await;
    let entries = server.audit().await.len();
    for edit in [json!({}), json!({"owner": "u_1"}), json!({"name": "a key"})] {
        let edited = server.root().patch(&key.path(), edit).await;
        assert_eq!(edited.etag(), key.etag);
        assert_eq!(edited.expect(200)["key"], key.key);
    }
    assert_eq!(server.audit().await.len(), entries);
}

#[tokio::test]
async fn what_an_edit_may_not_say_is_named_and_nothing_is_changed() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    for (edit, pointer) in [
        (json!({"name": null}), "/name"),
        (json!({"name": ""}), "/name"),
        (json!({"grants": null}), "/grants"),
        (json!({"ip_rules": null}), "/ip_rules"),
        (json!({"metadata": null}), "/metadata"),
        (json!({"expires_at": server.clock.text()}), "/expires_at"),
        (json!({"project": "alpha"}), "/project"),
        (json!({"organization": own}), "/organization"),
        (json!({"environment": "test"}), "/environment"),
        (json!({"status": "active"}), "/status"),
        (json!({"version": 9}), "/version"),
    ] {
        let refused = server.root().patch(&key.path(), edit.clone()).await;
        assert_eq!(refused.pointers(), [pointer], "{edit}");
    }
    assert_eq!(show(&server, &key).await, key.key);
}

#[tokio::test]
async fn a_profile_may_fix_the_end_of_a_key_and_its_grants() {
    let server = Server::start_under("noukai").await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    let key = server.key(&own, json!({"project": "alpha"})).await;
    for edit in [
        json!({"expires_at": server.clock.text_in(60)}),
        json!({"expires_at": null}),
    ] {
        let refused = server.root().patch(&key.path(), edit).await;
        assert_eq!(refused.json()["errors"][0]["pointer"], "/expires_at");
    }
    let refused = server
        .root()
        .patch(&key.path(), json!({"grants": []}))
        .await;
    assert_eq!(refused.json()["errors"][0]["pointer"], "/grants");
    server
        .root()
        .patch(&key.path(), json!({"name": "renamed"}))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_later_end_brings_no_key_back_beyond_the_limit() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let profile = server.root().get("/v1/profile").await;
    let tag = profile.etag();
    let toml = profile.expect(200)["toml"].as_str().unwrap().to_owned();
    let limited = format!("{toml}\n[limits]\nactive_keys_per_project = 1\n");
    let root = server.root();
    let apply = root.call(Method::PUT, "/v1/profile").if_match(&tag);
    apply
        .json(&json!({"toml": limited}))
        .send()
        .await
        .expect(200);
    server.project(&own, "alpha").await;
    let fields = json!({"project": "alpha", "expires_at": server.clock.text_in(10)});
    let old = server.key(&own, fields).await;
    server.clock.advance(10);
    server.key(&own, json!({"project": "alpha"})).await;
    let refused = root.patch(&old.path(), json!({"expires_at": null})).await;
    refused.refuses(409, "key_limit_reached");
    assert_eq!(server.verdict(&old.secret).await, "api_key_expired");
}

#[tokio::test]
async fn a_dead_key_is_not_edited() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    server
        .root()
        .post(&format!("{}/revoke", key.path()), json!({}))
        .await
        .expect(200);
    let refused = server
        .root()
        .patch(&key.path(), json!({"name": "alive"}))
        .await;
    refused.refuses(409, "key_revoked");
    let refused = server
        .root()
        .patch(&key.path(), json!({"expires_at": null}))
        .await;
    refused.refuses(409, "key_revoked");
    assert_eq!(show(&server, &key).await["name"], "a key");
}

#[tokio::test]
async fn switching_off_and_on_is_in_force_at_once_and_again_is_no_change() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let root = server.root();
    let off = format!("{}/deactivate", key.path());
    let on = format!("{}/activate", key.path());
    for (path, status, code, version) in [
        (&on, "active", "valid", 1),
        (&off, "inactive", "api_key_inactive", 2),
        (&off, "inactive", "api_key_inactive", 2),
        (&on, "active", "valid", 3),
    ] {
        let changed = root.post(path, json!({})).await.expect(200);
        assert_eq!(
            (&changed["key"]["status"], &changed["key"]["version"]),
            (&json!(status), &json!(version))
        );
        assert_eq!(server.verdict(&key.secret).await, code);
    }
    let actions = server.actions().await;
    let changes: Vec<&str> = actions
        .iter()
        .filter_map(|it| it.strip_prefix("key."))
        .collect();
    assert_eq!(changes, ["created", "deactivated", "activated"]);
}

#[tokio::test]
async fn a_dead_key_is_not_switched_on() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let revoked = server.key(&own, json!({})).await;
    let expired = server
        .key(&own, json!({"expires_at": server.clock.text_in(1)}))
        .await;
    server
        .root()
        .post(&format!("{}/deactivate", revoked.path()), json!({}))
        .await
        .expect(200);
    server
        .root()
        .post(&format!("{}/revoke", revoked.path()), json!({}))
        .await
        .expect(200);
    server.clock.advance(1);
    for (key, code, verdict) in [
        (&revoked, "key_revoked", "api_key_revoked"),
        (&expired, "key_expired", "api_key_expired"),
    ] {
        for change in ["activate", "deactivate"] {
            let path = format!("{}/{change}", key.path());
            server
                .root()
                .post(&path, json!({}))
                .await
                .refuses(409, code);
        }
        assert_eq!(server.verdict(&key.secret).await, verdict);
    }
}

#[tokio::test]
async fn a_deleted_key_is_gone_and_the_audit_log_still_knows_it() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let root = server.root();
    let deleted = root.delete(&key.path()).await.expect(200);
    assert_eq!(
        deleted,
        json!({"effective_everywhere_at": server.clock.text()})
    );
    assert_eq!(server.verdict(&key.secret).await, "api_key_invalid");
    root.get(&key.path()).await.refuses(404, "key_not_found");
    root.delete(&key.path()).await.refuses(404, "key_not_found");
    for change in ["revoke", "rotate", "activate", "deactivate"] {
        let path = format!("{}/{change}", key.path());
        root.post(&path, json!({}))
            .await
            .refuses(404, "key_not_found");
    }
    let list = root.get("/v1/keys?include_revoked=true").await.expect(200);
    assert_eq!(list["data"], json!([]));
    let log = root
        .get(&format!("/v1/audit?target={}", key.id))
        .await
        .expect(200);
    let actions: Vec<&str> = log["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["key.deleted", "key.created"]);
}

#[tokio::test]
async fn a_deleted_key_does_not_come_back_by_import() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    server.root().delete(&key.path()).await.expect(200);
    let digest = Server::digest(&key.secret);
    let line = json!({"name": "a", "sha256": digest, "display_prefix": "a", "id": key.id});
    let root = server.root();
    let import = root.call(Method::POST, "/v1/keys/import");
    let import = import
        .body("application/x-ndjson", line.to_string())
        .send()
        .await;
    assert!(
        import.text().contains("key_already_exists"),
        "{}",
        import.text()
    );
    assert_eq!(server.verdict(&key.secret).await, "api_key_invalid");
}

/// I6: what is inherited is the creator's, and whoever edits a key may have its secret.
#[tokio::test]
async fn nobody_makes_the_key_of_another_inherit_more_than_they_hold() {
    let server = Server::start().await;
    let root = server.root();
    let profile = root.get("/v1/profile").await;
    let clerk = "[roles.clerk]\npermissions = [\"docs.read\"]\nmanage = [\"keys.*\"]\n\
                 places = [\"organization\"]\n";
    let toml = profile.json()["toml"].as_str().unwrap().to_owned();
    let apply = root.call(Method::PUT, "/v1/profile");
    let apply = apply.if_match(&profile.etag());
    let apply = apply.json(&json!({"toml": format!("{toml}\n{clerk}")}));
    apply.send().await.expect(200);
    let acme = server.organization("Acme").await;
    let person = async |role: &str| {
        let email = format!("{role}@acme.example");
        let body = json!({"organization": acme, "email": email, "name": role, "role": role});
        let made = root.post("/v1/members", body).await.expect(201);
        let link = server.sign_in_link(&root, made["id"].as_str().unwrap());
        Browser::at(&server, &link.await).await
    };
    let (owner, clerk) = (person("owner").await, person("clerk").await);

    let inherit = |permissions: &[&str]| json!([{"inherit": true, "permissions": permissions, "resource": "*"}]);
    let all = json!([{"inherit": true, "resource": "*"}]);
    let narrow = json!([{"permissions": ["docs.read"], "resource": "*"}]);
    let body = json!({"name": "ci", "grants": narrow});
    let made = owner.send(Method::POST, "/v1/keys", body).await.expect(201);
    let path = format!("/v1/keys/{}", made["key"]["id"].as_str().unwrap());
    let edit = async |by: &Browser, grants: &Value| {
        by.send(Method::PATCH, &path, json!({"grants": grants}))
            .await
    };
    for more in [&all, &inherit(&["docs.read", "docs.write"])] {
        edit(&clerk, more).await.refuses(403, "permission_denied");
    }
    edit(&clerk, &inherit(&["docs.read"])).await.expect(200);
    edit(&owner, &all).await.expect(200);
    // What the key had already, nobody gives it.
    edit(&clerk, &all).await.expect(200);
}
