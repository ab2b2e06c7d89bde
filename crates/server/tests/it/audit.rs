//! `GET /v1/audit`, `GET /v1/audit/verify`

use serde_json::{Value, json};

use crate::server::{ROOT, Server};

#[tokio::test]
async fn an_entry_says_who_did_what_to_what_and_when() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let manager = server.manager(&own, "admin").await;
    server.clock.advance(7);
    let made = manager
        .caller
        .post("/v1/keys", json!({"name": "CI", "owner": "u_1"}))
        .await;
    let log = manager.caller.get("/v1/audit?limit=1").await.expect(200);
    let entry = &log["data"][0];
    let expected = json!({
        "seq": entry["seq"],
        "at": server.clock.text(),
        "organization": own,
        "actor": format!("management_key/{}", manager.id),
        "action": "key.created",
        "target": made.json()["key"]["id"],
        "detail": entry["detail"],
        "request_id": made.header("x-request-id"),
        "personal": entry["personal"],
        "prev_hash": entry["prev_hash"],
        "hash": entry["hash"],
    });
    assert_eq!(*entry, expected);
    assert_eq!(entry["personal"]["address"], "127.0.0.1");
    assert_eq!(entry["personal"]["actor"], "admin");
    assert_eq!(entry["personal"]["owner"], "u_1");
}

#[tokio::test]
async fn the_export_is_complete_and_its_chain_holds() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let before = server.audit().await.len();
    for number in 0..150 {
        let key = server
            .key(&own, json!({"name": format!("key {number}")}))
            .await;
        if number % 3 == 0 {
            server
                .root()
                .post(&format!("{}/revoke", key.path()), json!({}))
                .await
                .expect(200);
        }
    }
    let export = server.audit().await;
    assert_eq!(export.len(), before + 200);
    let mut previous = "0".repeat(64);
    for (place, entry) in export.iter().enumerate() {
        assert_eq!(entry["seq"], place + 1);
        assert_eq!(entry["prev_hash"], previous, "{entry}");
        entry["hash"].as_str().unwrap().clone_into(&mut previous);
    }
    let verified = server.root().get("/v1/audit/verify").await.expect(200);
    let head = format!("{}:{previous}", export.len());
    let whole = json!({"is_whole": true, "head": head, "broken_at": null, "fault": null});
    assert_eq!(verified, whole);
    let known = server
        .root()
        .get(&format!("/v1/audit/verify?head={head}"))
        .await
        .expect(200);
    assert_eq!(known, whole);
    let other = format!("/v1/audit/verify?head=9:{}", "0".repeat(64));
    let broken = server.root().get(&other).await.expect(200);
    assert_eq!(
        (&broken["is_whole"], &broken["broken_at"]),
        (&json!(false), &json!(9))
    );
    let longer = format!("/v1/audit/verify?head=9999:{}", "0".repeat(64));
    assert_eq!(
        server.root().get(&longer).await.expect(200)["is_whole"],
        false
    );
    for bad in ["", "x", "1", "1:abc", "-1:00"] {
        let refused = server
            .root()
            .get(&format!("/v1/audit/verify?head={bad}"))
            .await;
        assert_eq!(refused.pointers(), ["head"], "{bad}");
    }
}

#[tokio::test]
async fn filters_hold_together() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let manager = server.manager(&own, "admin").await;
    server.clock.advance(10);
    let ten = server.clock.text();
    let made = manager
        .caller
        .post("/v1/keys", json!({"name": "a"}))
        .await
        .expect(201);
    let id = made["key"]["id"].as_str().unwrap();
    server.clock.advance(10);
    manager
        .caller
        .post(&format!("/v1/keys/{id}/revoke"), json!({}))
        .await
        .expect(200);
    let actor = format!("management_key/{}", manager.id);
    for (query, expected) in [
        (format!("target={id}"), &["key.revoked", "key.created"][..]),
        (format!("actor={actor}"), &["key.revoked", "key.created"]),
        (
            format!("actor={actor}&action=key.created"),
            &["key.created"],
        ),
        (
            format!("target={id}&from={ten}&before={}", server.clock.text()),
            &["key.created"],
        ),
        (format!("from={}", server.clock.text()), &["key.revoked"]),
        ("action=key.vanished".to_owned(), &[]),
        (
            format!("organization={own}&action=key.revoked"),
            &["key.revoked"],
        ),
    ] {
        let log = server
            .root()
            .get(&format!("/v1/audit?{query}"))
            .await
            .expect(200);
        let actions: Vec<&str> = log["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["action"].as_str().unwrap())
            .collect();
        assert_eq!(actions, expected, "{query}");
    }
}

#[tokio::test]
async fn s_asvs_01_who_sees_one_organization_sees_its_entries_alone() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    let foreign = server.key(&other, json!({"name": "secretive"})).await;
    server.key(&own, json!({})).await;
    let admin = server.manager(&own, "admin").await.caller;
    let listed = admin.get("/v1/audit").await;
    let call = admin
        .call(http::Method::GET, "/v1/audit")
        .header("accept", "application/x-ndjson");
    let exported = call.send().await;
    for text in [listed.text(), exported.text()] {
        for hidden in [
            &*other,
            &foreign.id,
            "secretive",
            "root_key",
            "profile.applied",
        ] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
    let entries = listed.expect(200);
    let mine = |it: &Value| it["organization"] == *own;
    assert!(entries["data"].as_array().unwrap().iter().all(mine));
    assert_eq!(
        exported.text().lines().count(),
        entries["data"].as_array().unwrap().len()
    );
    let target = admin
        .get(&format!("/v1/audit?target={}", foreign.id))
        .await
        .expect(200);
    assert_eq!(target["data"], json!([]));
    let foreign = admin.get(&format!("/v1/audit?organization={other}")).await;
    foreign.refuses(404, "organization_not_found");
    admin
        .get("/v1/audit/verify")
        .await
        .refuses(403, "permission_denied");
    let verifier = server.manager("*", "verify-only").await.caller;
    verifier
        .get("/v1/audit")
        .await
        .refuses(403, "permission_denied");
}

#[tokio::test]
async fn s_asvs_14_a_secret_that_was_sent_where_none_belongs_is_not_sent_back() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let root = server.root();
    for secret in [&*key.secret, ROOT] {
        for answer in [
            root.get(&format!("/v1/keys/{secret}")).await,
            root.get(&format!("/{secret}")).await,
            root.get(&format!("/v1/keys?{secret}=1")).await,
            root.get(&format!("/v1/keys?status={secret}")).await,
            root.get(&format!("/v1/organizations?limit={secret}")).await,
            root.post("/v1/keys", json!({"name": "a", secret: 1})).await,
            root.post("/v1/keys", json!({"name": "a", "expires_at": secret}))
                .await,
            root.post("/v1/keys", json!({"name": "a", "environment": secret}))
                .await,
            root.post("/v1/keys", json!({"name": "a", "project": secret}))
                .await,
            root.post(
                "/v1/keys",
                json!({"name": "a", "grants": [{"role": secret, "resource": "*"}]}),
            )
            .await,
            root.post(
                "/v1/management-keys",
                json!({"name": "a", "preset": secret}),
            )
            .await,
            root.post("/v1/keys/verify", json!({"secret": "x", secret: 1}))
                .await,
            root.post(
                "/v1/keys/verify",
                json!({"secret": "x", "permissions": [secret]}),
            )
            .await,
            root.get(&format!("/v1/authorize?{secret}=1")).await,
            root.get(&format!("/v1/authorize?environment={secret}"))
                .await,
            root.get(&format!("/problems/{secret}")).await,
        ] {
            assert!(answer.status >= 400, "{}", answer.text());
            let hidden = &secret[secret.len() - 30..secret.len() - 6];
            assert!(!answer.text().contains(hidden), "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn s_asvs_15_no_secret_is_in_the_log_or_in_any_file() {
    let mut server = Server::start().await;
    let own = server.organization("Own").await;
    let manager = server.manager(&own, "admin").await;
    let key = server.key(&own, json!({})).await;
    let rotated = server
        .root()
        .post(&format!("{}/rotate", key.path()), json!({"grace": "1h"}))
        .await;
    let successor = rotated.json()["secret"].as_str().unwrap().to_owned();
    let leaked = json!({"secrets": [key.secret], "reason": "leaked"});
    server
        .root()
        .post("/v1/keys/revoke-batch", leaked)
        .await
        .expect(200);
    server.verdict(&successor).await;
    let export: Vec<String> = server
        .audit()
        .await
        .iter()
        .map(ToString::to_string)
        .collect();
    server.stop().await;
    let canaries = [&*key.secret, &successor, &manager.secret, ROOT];
    for canary in canaries {
        // The part that no display prefix shows.
        let hidden = &canary[canary.len() - 30..canary.len() - 6];
        assert!(export.iter().all(|line| !line.contains(hidden)));
        for entry in std::fs::read_dir(server.directory.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let is_there = bytes
                .windows(hidden.len())
                .any(|it| it == hidden.as_bytes());
            assert!(!is_there, "{}", path.display());
        }
    }
}
