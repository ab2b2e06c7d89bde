//! A product's whole life: everything that makes, shows, takes or refuses a secret.

use http::Method;
use keyway_tests::client::Caller;
use keyway_tests::raw;
use keyway_tests::server::{Server, text};
use serde_json::{Value, json};

pub(crate) async fn live(server: &mut Server) {
    let organization = server.organization("Acme").await;
    make_and_end(server, &organization).await;
    ask(server, &organization).await;
    present_in_wrong_places(server, &organization).await;
    repeat(server, &organization).await;
    move_in(server, &organization).await;
    manage(server, &organization).await;
    // What a restart reads and writes is looked at as well.
    assert!(server.terminate().success());
    server.start_again().await;
    ask(server, &organization).await;
}

async fn make_and_end(server: &Server, organization: &str) {
    let root = server.root();
    for verb in ["deactivate", "activate", "revoke", "revoke"] {
        let (id, _) = server.key(organization, json!({"name": verb})).await;
        root.post(&format!("/v1/keys/{id}/{verb}"), &json!({}))
            .await;
    }
    let (id, _) = server.key(organization, json!({"name": "rotated"})).await;
    let rotate = format!("/v1/keys/{id}/rotate");
    let rotated = root.post(&rotate, &json!({"grace": "1h"})).await;
    let successor = text(&rotated.expect(200), "/key/id");
    root.post(&rotate, &json!({}))
        .await
        .refuses(409, "key_has_successor");
    root.patch(&format!("/v1/keys/{successor}"), &json!({"name": "edited"}))
        .await
        .expect(200);
    root.delete(&format!("/v1/keys/{successor}"))
        .await
        .expect(200);
    let (_, first) = server.key(organization, json!({"owner": "ann"})).await;
    let (_, second) = server.key(organization, json!({"owner": "ann"})).await;
    let batch = json!({"secrets": [first, second, "unknown"], "reason": "leaked"});
    root.post("/v1/keys/revoke-batch", &batch).await.expect(200);
    let (_, own) = server.key(organization, json!({})).await;
    let holder = server.nobody().with(&own);
    holder.get("/v1/whoami").await.expect(200);
    holder
        .post("/v1/whoami/revoke", &json!({}))
        .await
        .expect(200);
    holder.get("/v1/whoami").await;
}

async fn ask(server: &Server, organization: &str) {
    let root = server.root();
    let (id, good) = server.key(organization, json!({})).await;
    let (_, narrow) = server
        .key(organization, json!({"ip_rules": ["203.0.113.0/24"]}))
        .await;
    let dead = server.expired_key(organization).await;
    let mistyped = format!("{}x", &good[..good.len() - 1]);
    for secret in [&good, &narrow, &dead, &mistyped] {
        server.witness().note_secret(secret);
        let item = json!({"secret": secret, "permissions": ["write"], "ip": "198.51.100.1"});
        root.post("/v1/keys/verify", &item).await.expect(200);
        let batch = json!({"items": [item, {"secret": secret}]});
        root.post("/v1/keys/verify-batch", &batch).await.expect(200);
        let path = "/v1/authorize?permission=read&resource=*";
        server.nobody().with(secret).get(path).await;
        let nobody = server.nobody();
        nobody
            .call(Method::GET, path)
            .header("x-api-key", secret)
            .send()
            .await;
    }
    root.get(&format!("/v1/keys/{id}")).await.expect(200);
    root.get(&format!("/v1/keys/{id}/usage")).await.expect(200);
    root.get("/v1/keys?include=usage").await.expect(200);
}

/// Where no secret belongs, and where people and programs put them anyway.
async fn present_in_wrong_places(server: &Server, organization: &str) {
    let (_, secret) = server.key(organization, json!({})).await;
    let root = server.root();
    let nobody = server.nobody();
    for path in [
        format!("/v1/keys/{secret}"),
        format!("/v1/keys?q={secret}"),
        format!("/v1/keys?cursor={secret}"),
        format!("/v1/keys?unknown={secret}"),
        format!("/v1/audit?target={secret}"),
        format!("/v1/organizations/{secret}"),
        format!("/v1/authorize?api_key={secret}"),
        format!("/v1/authorize?permission=read&resource={secret}"),
        format!("/nowhere/{secret}"),
        format!("/problems/{secret}"),
    ] {
        root.get(&path).await;
        nobody.get(&path).await;
    }
    for body in [
        json!({"secret": secret, "unknown": secret}),
        json!({"secret": [secret]}),
        json!({"secret": secret, "resource": secret}),
        json!({"name": secret, "organization": secret}),
        json!({"name": format!("{secret}\n"), "organization": organization}),
        json!({"name": "a", "organization": organization, "ip_rules": [secret]}),
        json!({"name": "a", "organization": organization, "grants": [{"role": secret, "resource": "*"}]}),
        json!({secret.as_str(): 1}),
    ] {
        root.post("/v1/keys/verify", &body).await;
        root.post("/v1/keys", &body).await;
    }
    present_in_odd_requests(server, &secret).await;
}

async fn present_in_odd_requests(server: &Server, secret: &str) {
    let nobody = server.nobody();
    let root_key = server.root_key();
    for (header, value) in [
        ("authorization", format!("Basic {secret}")),
        ("authorization", format!("Bearer {secret} {root_key}")),
        ("authorization", secret.to_owned()),
        ("cookie", format!("key={secret}")),
        ("if-match", secret.to_owned()),
        ("idempotency-key", format!("{secret}\u{e9}")),
        ("x-request-id", secret.to_owned()),
        ("accept", secret.to_owned()),
    ] {
        let call = nobody.call(Method::GET, "/v1/whoami");
        call.header(header, &value).send().await;
    }
    let root = server.root();
    let call = root.call(Method::POST, "/v1/keys/verify");
    call.body("application/json", format!("{{\"secret\": \"{secret}"))
        .send()
        .await;
    let call = root.call(Method::POST, "/v1/keys/verify");
    call.body(secret, "{}").send().await;
    let broken = format!("GET /{secret} HTTP/9\r\nAuthorization: Bearer {secret}\r\n\r\n");
    raw::exchange(server.authority(), broken.as_bytes()).await;
}

/// S-IDEMP-07: a repeated call does not show the secret again.
async fn repeat(server: &Server, organization: &str) {
    let root = server.root();
    let body = json!({"organization": organization, "name": "once"});
    let create = async |caller: &Caller| {
        let call = caller.call(Method::POST, "/v1/keys").json(&body);
        call.header("idempotency-key", "\"once\"").send().await
    };
    create(&root).await.expect(201);
    create(&root).await.refuses(409, "secret_already_shown");
    let (id, _) = server.key(organization, json!({})).await;
    let rotate = async || {
        let path = format!("/v1/keys/{id}/rotate");
        let call = root.call(Method::POST, &path).json(&json!({}));
        call.header("idempotency-key", "once-more").send().await
    };
    rotate().await.expect(200);
    rotate().await.refuses(409, "secret_already_shown");
}

/// Secrets that somebody else made.
async fn move_in(server: &Server, organization: &str) {
    let foreign = "legacy_0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZ_secret";
    server.witness().note_secret(foreign);
    let digest = hex::encode(sha2::Digest::finalize(
        <sha2::Sha256 as sha2::Digest>::new_with_prefix(foreign),
    ));
    let line = |fields: Value| {
        let mut line = json!({
            "organization": organization,
            "name": "imported",
            "sha256": digest,
            "display_prefix": "legacy_",
        });
        let fields = fields.as_object().unwrap().clone();
        line.as_object_mut().unwrap().extend(fields);
        line.to_string()
    };
    let lines = [
        line(json!({})),
        line(json!({"sha256": foreign})),
        line(json!({"name": "another"})),
        line(json!({"unknown": foreign})),
        foreign.to_owned(),
    ];
    let root = server.root();
    let call = root.call(Method::POST, "/v1/keys/import");
    let done = call
        .body("application/x-ndjson", lines.join("\n"))
        .send()
        .await;
    assert_eq!(done.status, 200, "{}", done.text());
}

async fn manage(server: &Server, organization: &str) {
    let root = server.root();
    for preset in ["admin", "verify-only", "read-only"] {
        let secret = server.management_key(preset, organization).await;
        let caller = server.nobody().with(&secret);
        caller.get("/v1/whoami").await;
        caller
            .post("/v1/organizations", &json!({"name": "b"}))
            .await;
        // A management key where a product's key belongs.
        root.post("/v1/keys/verify", &json!({"secret": secret}))
            .await;
        caller.get("/v1/authorize").await;
    }
    let body = json!({"name": "short", "preset": "admin", "organization": "*"});
    let made = root.post("/v1/management-keys", &body).await.expect(201);
    let (id, secret) = (text(&made, "/key/id"), text(&made, "/secret"));
    let path = format!("/v1/management-keys/{id}/revoke");
    root.post(&path, &json!({})).await.expect(200);
    server
        .nobody()
        .with(&secret)
        .get("/v1/keys")
        .await
        .refuses(401, "credential_revoked");
}
