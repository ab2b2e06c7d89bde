//! `/v1/profile`

use http::Method;
use serde_json::{Value, json};

use crate::caller::Answer;
use crate::server::{Server, Setting};

async fn apply(server: &Server, tag: Option<&str>, toml: &str) -> Answer {
    let root = server.root();
    let mut call = root
        .call(Method::PUT, "/v1/profile")
        .json(&json!({"toml": toml}));
    if let Some(tag) = tag {
        call = call.if_match(tag);
    }
    call.send().await
}

async fn toml(server: &Server) -> String {
    let shown = server.root().get("/v1/profile").await.expect(200);
    shown["toml"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_profile_in_force_is_shown_with_a_pattern_that_finds_its_keys() {
    let server = Server::start().await;
    let shown = server.root().get("/v1/profile").await;
    assert_eq!(shown.etag(), "\"1\"");
    let shown = shown.expect(200);
    assert_eq!(
        (&shown["name"], &shown["version"]),
        (&json!("keyway"), &json!(1))
    );
    assert_eq!(shown["title"], "Keyway");
    assert!(
        shown["key_pattern"]
            .as_str()
            .unwrap()
            .contains("kw_(?:live|test)_"),
        "{shown}"
    );
    assert_eq!(server.actions().await[0], "profile.applied");
}

#[tokio::test]
async fn s_cond_05_the_profile_changes_only_from_a_version_that_the_caller_has_seen() {
    let server = Server::start().await;
    let old = toml(&server).await;
    let changed = old.replace("title = \"Keyway\"", "title = \"Acme\"");
    apply(&server, None, &changed)
        .await
        .refuses(428, "precondition_required");
    apply(&server, Some("*"), &changed)
        .await
        .refuses(428, "precondition_required");
    apply(&server, Some("\"7\""), &changed)
        .await
        .refuses(412, "precondition_failed");
    apply(&server, Some("\"0\""), &changed)
        .await
        .refuses(412, "precondition_failed");
    assert_eq!(toml(&server).await, old);
    let applied = apply(&server, Some("\"1\""), &changed).await;
    assert_eq!(applied.etag(), "\"2\"");
    let applied = applied.expect(200);
    assert_eq!(
        (&applied["title"], &applied["version"]),
        (&json!("Acme"), &json!(2))
    );
    assert_eq!(applied["effective_everywhere_at"], server.clock.text());
    apply(&server, Some("\"1\""), &old)
        .await
        .refuses(412, "precondition_failed");
    assert_eq!(toml(&server).await, changed);
}

#[tokio::test]
async fn of_twenty_who_apply_from_one_version_exactly_one_does() {
    let server = Server::start().await;
    let old = toml(&server).await;
    let calls = (0..20).map(|number| {
        let (root, toml) = (server.root(), format!("{old}\n# {number}\n"));
        tokio::spawn(async move {
            let call = root.call(Method::PUT, "/v1/profile").if_match("\"1\"");
            call.json(&json!({"toml": toml})).send().await.status
        })
    });
    let mut statuses = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        statuses.push(call.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1], statuses[19]), (200, 412, 412));
    assert_eq!(server.root().get("/v1/profile").await.etag(), "\"2\"");
}

#[tokio::test]
async fn s_asvs_10_a_role_that_is_narrowed_narrows_the_keys_that_are_there() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server
        .key(
            &own,
            json!({"grants": [{"role": "developer", "resource": "*"}]}),
        )
        .await;
    let purge = json!({"secret": key.secret, "permissions": ["purge"]});
    assert_eq!(server.ask(purge.clone()).await["code"], "valid");
    let (head, tail) = {
        let toml = toml(&server).await;
        let (head, tail) = toml.split_once("[roles.developer]").unwrap();
        (head.to_owned(), tail.replacen("[\"*\"]", "[\"write\"]", 1))
    };
    let narrowed = format!("{head}[roles.developer]{tail}");
    apply(&server, Some("\"1\""), &narrowed).await.expect(200);
    assert_eq!(server.ask(purge).await["code"], "insufficient_permissions");
    let write = json!({"secret": key.secret, "permissions": ["write"]});
    assert_eq!(server.ask(write).await["code"], "valid");
}

fn renaming(toml: &str, code: &str) -> String {
    format!("{toml}\n[codes.{code}]\ncode = \"OTHER\"\nstatus = 403\n")
}

#[tokio::test]
async fn a_profile_that_breaks_a_rule_is_refused_and_the_one_in_force_stays() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let old = toml(&server).await;
    for (bad, by) in [
        ("not a profile".to_owned(), "TOML"),
        (format!("{old}\nsurprise = 1\n"), "surprise"),
        (old.replace("kw_{env}", "kw_mgmt_"), "key.template"),
        (old.replace("base62:40", "base62:4"), "key.template"),
        (old.replace("legacy = []", "legacy = [\"(\"]"), "key.legacy"),
        (
            old.replace("\"live\", \"test\"", "\"live\", \"live\""),
            "key.environments",
        ),
        (
            old.replace("lease = \"30s\"", "lease = \"1y\""),
            "revocation.lease",
        ),
        (renaming(&old, "api_key_reviked"), "codes.api_key_reviked"),
    ] {
        let refused = apply(&server, Some("\"1\""), &bad).await;
        refused.refuses(422, "profile_rejected");
        let error = refused.json()["errors"][0].clone();
        assert_eq!(error["pointer"], "/toml");
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains(by), "{by}: {detail}");
    }
    assert_eq!(toml(&server).await, old);
    assert_eq!(server.verdict(&key.secret).await, "valid");
    assert_eq!(server.nobody().get("/readyz").await.status, 200);
}

#[tokio::test]
async fn it_is_for_who_sees_all_organizations() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let admin = server.manager(&own, "admin").await.caller;
    let body = json!({"toml": toml(&server).await.replace("[\"*\"]", "[]")});
    let call = admin
        .call(Method::PUT, "/v1/profile")
        .if_match("\"1\"")
        .json(&body);
    call.send().await.refuses(403, "permission_denied");
    let reader = server.manager("*", "read-only").await.caller;
    let call = reader
        .call(Method::PUT, "/v1/profile")
        .if_match("\"1\"")
        .json(&body);
    call.send().await.refuses(403, "permission_denied");
    assert_eq!(reader.get("/v1/profile").await.expect(200)["version"], 1);
}

#[tokio::test]
async fn a_server_told_of_another_profile_says_so_and_refuses_to_start() {
    let mut server = Server::start().await;
    server.stop().await;
    server.setting.profile = Some("noukai");
    let refused = server.start_again().await.unwrap_err().to_string();
    assert!(refused.contains("keyway profile apply"), "{refused}");
    // Told of none it runs the one in force.
    server.setting.profile = None;
    server.start_again().await.unwrap();
    let shown: Value = server.root().get("/v1/profile").await.expect(200);
    assert_eq!(shown["name"], "keyway");
}

#[tokio::test]
async fn words_of_a_profile_never_hide_that_nothing_could_be_decided() {
    let server = Server::start_with(Setting::default()).await;
    let toml = toml(&server).await;
    let renamed = format!(
        "{toml}\n[codes.undecided]\ncode = \"API_KEY_INVALID\"\nstatus = 401\n\
         [codes.store_unavailable]\ncode = \"FINE\"\nstatus = 404\n"
    );
    // It may be stored, and changes nothing: see the tests of a server without its store.
    apply(&server, Some("\"1\""), &renamed).await.expect(200);
    assert_eq!(server.nobody().get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_refusal_names_the_permission_in_the_products_word() {
    let server = Server::start().await;
    let changed = toml(&server).await.replace(
        "catalogue = \"open\"",
        "catalogue = \"open\"\nlabels = { \"keys.create\" = \"apiKey.create\" }",
    );
    apply(&server, Some("\"1\""), &changed).await.expect(200);
    let own = server.organization("Own").await;
    let reader = server.manager(&own, "read-only").await.caller;
    let refused = reader.post("/v1/keys", json!({"name": "x"})).await;
    refused.refuses(403, "permission_denied");
    assert_eq!(refused.json()["detail"], "it needs apiKey.create");
    assert_eq!(
        refused.header("www-authenticate"),
        r#"Bearer realm="keyway", error="insufficient_scope", scope="apiKey.create""#
    );
}
