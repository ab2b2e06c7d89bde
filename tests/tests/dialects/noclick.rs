//! `/api/keys`

use std::fs;

use http::Method;
use keyway_tests::client::Caller;
use keyway_tests::server::{Options, Server, soon, text};
use keyway_tests::wait;
use regex::Regex;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::refuses;

const KEYS: &str = "/api/keys";

/// An account with a user who is signed in, and the workflows `wf_1` and `wf_2`.
struct Account {
    server: Server,
    organization: String,
    user: Caller,
}

impl Account {
    async fn open() -> Self {
        let server = Server::start_with(Options {
            arguments: vec!["--profile".to_owned(), "noclick".to_owned()],
            ..Options::default()
        })
        .await;
        let organization = server.organization("Account").await;
        let body = json!({"organization": organization, "id": "default", "name": "Default"});
        server.root().post("/v1/projects", &body).await.expect(201);
        for id in ["wf_1", "wf_2"] {
            let path =
                format!("/v1/resources/project/default/workflow/{id}?organization={organization}");
            let root = server.root();
            let told = root.call(Method::PUT, &path).json(&json!({"name": id}));
            told.send().await.expect(201);
        }
        let owner = json!({"role": "owner"});
        let user = server
            .member(&organization, "user@example.com", owner)
            .await;
        Self {
            server,
            organization,
            user,
        }
    }

    async fn make(&self, body: Value) -> Value {
        let made = self.user.post(KEYS, &body).await.expect(200);
        self.server.witness().note_secret(&text(&made, "/raw_key"));
        made
    }

    async fn list(&self) -> Vec<Value> {
        let list = self.user.get(KEYS).await.expect(200);
        list.as_array().unwrap().clone()
    }

    /// The code of the verdict on doing something to a workflow.
    async fn verdict(&self, key: &Value, permission: &str, workflow: &str) -> String {
        let body = json!({
            "secret": key["raw_key"], "permissions": [permission],
            "resource": format!("project/default/workflow/{workflow}"),
        });
        let asked = self.server.root().post("/v1/keys/verify", &body).await;
        text(&asked.expect(200), "/code")
    }
}

#[tokio::test]
async fn nc_8_nc_10_nc_31_a_key_is_shown_once_and_has_64_hex_characters_after_nk_live() {
    let account = Account::open().await;
    let made = account.make(json!({"name": "My Dashboard App"})).await;
    let raw = text(&made, "/raw_key");
    assert!(Regex::new("^nk_live_[0-9a-f]{64}$").unwrap().is_match(&raw));
    let created_at: jiff::Timestamp = text(&made, "/created_at").parse().unwrap();
    let expected = json!({
        "raw_key": raw, "id": made["id"], "name": "My Dashboard App", "key_prefix": raw[..12],
        "workflow_id": null, "permissions": ["read", "execute", "write"],
        "created_at": created_at.to_string(),
    });
    assert_eq!(made, expected);
    for shape in [
        raw.to_uppercase(),
        raw[..71].to_owned(),
        format!("{raw}0"),
        raw.replace("nk_live_", "nk_test_"),
    ] {
        let verdict = account.server.verdict(&shape).await;
        assert_eq!(verdict, "api_key_malformed", "{shape}");
    }
}

#[tokio::test]
async fn nc_9_nc_32_a_list_holds_twelve_characters_of_a_key_and_what_is_known_of_it() {
    let account = Account::open().await;
    let first = account.make(json!({"name": "First"})).await;
    let body = json!({"name": "Second", "workflow_id": "wf_1", "permissions": ["write", "read"]});
    let second = account.make(body).await;
    let expected = |made: &Value, workflow: Value, permissions: Value| {
        json!({
            "id": made["id"], "name": made["name"], "key_prefix": made["key_prefix"],
            "workflow_id": workflow, "permissions": permissions,
            "created_at": made["created_at"], "last_used_at": null, "expires_at": null,
            "revoked_at": null,
        })
    };
    assert_eq!(
        account.list().await,
        [
            expected(&second, json!("wf_1"), json!(["read", "write"])),
            expected(&first, Value::Null, json!(["read", "execute", "write"])),
        ]
    );
    let key = account
        .server
        .root()
        .get(&format!("/v1/keys/{}", text(&first, "/id")))
        .await;
    let key = key.expect(200);
    assert_eq!(key["display_prefix"], first["key_prefix"]);
    assert_eq!(key["suffix"], "");
}

#[tokio::test]
async fn nc_15_nc_16_nc_17_permissions_are_some_of_the_three_and_all_of_them_unless_named() {
    let account = Account::open().await;
    let all = account.make(json!({"name": "All"})).await;
    let execute = account
        .make(json!({"name": "Execute", "permissions": ["execute"]}))
        .await;
    for (permission, verdict) in [
        ("read", "insufficient_permissions"),
        ("execute", "valid"),
        ("write", "insufficient_permissions"),
    ] {
        assert_eq!(account.verdict(&all, permission, "wf_1").await, "valid");
        assert_eq!(account.verdict(&execute, permission, "wf_1").await, verdict);
    }
    for permissions in [
        json!([]),
        json!(["read", "admin"]),
        json!(["*"]),
        json!("read"),
    ] {
        let body = json!({"name": "No", "permissions": permissions});
        refuses(&account.user.post(KEYS, &body).await, 422);
    }
    for body in [
        json!({"name": ""}),
        json!({"name": "n".repeat(101)}),
        json!({"name": "No", "permission": ["read"]}),
        json!({}),
    ] {
        refuses(&account.user.post(KEYS, &body).await, 422);
    }
    assert_eq!(account.list().await.len(), 2);
}

#[tokio::test]
async fn nc_19_nc_20_a_key_for_one_workflow_reaches_nothing_else() {
    let account = Account::open().await;
    let key = account
        .make(json!({"name": "One", "workflow_id": "wf_1"}))
        .await;
    assert_eq!(account.verdict(&key, "read", "wf_1").await, "valid");
    assert_eq!(account.verdict(&key, "read", "wf_2").await, "out_of_scope");
    let whole = json!({"secret": key["raw_key"], "permissions": ["read"]});
    let asked = account.server.root().post("/v1/keys/verify", &whole).await;
    assert_eq!(text(&asked.expect(200), "/code"), "out_of_scope");
}

#[tokio::test]
async fn nc_30_a_key_in_the_place_of_the_cookie_is_nobody() {
    let account = Account::open().await;
    let made = account.make(json!({"name": "App"})).await;
    let nobody = account.server.nobody();
    let root = account.server.root_key();
    for caller in [
        nobody.clone(),
        nobody.with(&text(&made, "/raw_key")),
        nobody.with(root),
    ] {
        refuses(&caller.get(KEYS).await, 401);
        refuses(&caller.post(KEYS, &json!({"name": "No"})).await, 401);
        let path = format!("{KEYS}/{}", text(&made, "/id"));
        refuses(&caller.delete(&path).await, 401);
    }
    assert_eq!(account.list().await.len(), 1);
}

#[tokio::test]
async fn nc_34_writes_come_from_our_own_pages_and_strangers_find_nothing() {
    let account = Account::open().await;
    let made = account.make(json!({"name": "App"})).await;
    let path = format!("{KEYS}/{}", text(&made, "/id"));
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://elsewhere.example"),
        ("origin", "null"),
    ] {
        let call = account.user.call(Method::DELETE, &path).header(name, value);
        refuses(&call.send().await, 403);
    }
    let owner = json!({"role": "owner"});
    let own = &account.organization;
    let colleague = account
        .server
        .member(own, "other@example.com", owner.clone())
        .await;
    let other = account.server.organization("Other").await;
    let stranger = account
        .server
        .member(&other, "stranger@example.com", owner)
        .await;
    for caller in [&colleague, &stranger] {
        assert_eq!(caller.get(KEYS).await.expect(200), json!([]));
        refuses(&caller.delete(&path).await, 404);
        refuses(&caller.delete(&format!("{KEYS}/key_none")).await, 404);
    }
    for workflow in ["wf_9", "", "..", "wf_1/node", "wf%201"] {
        let body = json!({"name": "No", "workflow_id": workflow});
        refuses(&account.user.post(KEYS, &body).await, 404);
    }
    let body = json!({"name": "No", "workflow_id": "wf_1"});
    refuses(&stranger.post(KEYS, &body).await, 404);
    let body = json!({"name": "No", "project": "default"});
    let in_project = account.user.post("/v1/keys", &body).await;
    in_project.refuses(422, "invalid_request");
    assert_eq!(account.list().await.len(), 1);
}

#[tokio::test]
async fn nc_23_nc_25_managed_keys_are_in_no_list_and_are_not_revoked_there() {
    let account = Account::open().await;
    // By the user as well as by the product: it is the field that counts.
    let body = json!({"name": "Mine", "managed_by": "publish"});
    let by_user = account.user.post("/v1/keys", &body).await.expect(201);
    let body = json!({
        "name": "Mine", "managed_by": "publish", "organization": account.organization,
        "grants": [{"permissions": ["read"], "resource": "project/default/workflow/wf_1"}],
    });
    let by_product = account
        .server
        .root()
        .post("/v1/keys", &body)
        .await
        .expect(201);
    account.make(json!({"name": "publish"})).await;
    let list = account.list().await;
    let names: Vec<&str> = list.iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["publish"]);
    for made in [by_user, by_product] {
        let path = format!("{KEYS}/{}", text(&made, "/key/id"));
        refuses(&account.user.delete(&path).await, 404);
        assert_eq!(
            account.server.verdict(&text(&made, "/secret")).await,
            "valid"
        );
    }
}

#[tokio::test]
async fn nc_33_nc_36_nc_38_a_revoked_key_is_refused_at_once_and_stays_in_the_list() {
    let account = Account::open().await;
    let made = account.make(json!({"name": "App"})).await;
    assert_eq!(account.verdict(&made, "read", "wf_1").await, "valid");
    let path = format!("{KEYS}/{}", text(&made, "/id"));
    let done = account.user.delete(&path).await.expect(200);
    assert_eq!(done, json!({"success": true}));
    assert_eq!(
        account.verdict(&made, "read", "wf_1").await,
        "api_key_revoked"
    );
    refuses(&account.user.delete(&path).await, 404);
    let list = account.list().await;
    assert!(list[0]["revoked_at"].is_string(), "{list:?}");
}

#[tokio::test]
async fn nc_2_a_key_never_does_more_than_its_owner_may_now() {
    let account = Account::open().await;
    let owner = json!({"role": "owner"});
    let server = &account.server;
    let user = server
        .member(&account.organization, "two@example.com", owner)
        .await;
    let key = user.post(KEYS, &json!({"name": "App"})).await.expect(200);
    server.witness().note_secret(&text(&key, "/raw_key"));
    assert_eq!(account.verdict(&key, "write", "wf_1").await, "valid");
    let members = server.root().get("/v1/members").await.expect(200);
    let rows = members["data"].as_array().unwrap();
    let member = rows
        .iter()
        .find(|it| it["email"] == "two@example.com")
        .unwrap();
    let path = format!("/v1/members/{}", text(member, "/id"));
    let root = server.root();
    let edit = root.call(Method::PATCH, &path).header("if-match", "\"1\"");
    edit.json(&json!({"role": "collaborator"}))
        .send()
        .await
        .expect(200);
    assert_eq!(
        account.verdict(&key, "write", "wf_1").await,
        "insufficient_permissions"
    );
    assert_eq!(account.verdict(&key, "execute", "wf_1").await, "valid");
    root.delete(&path).await.expect(200);
    assert_eq!(
        account.verdict(&key, "read", "wf_1").await,
        "api_key_inactive"
    );
}

#[tokio::test]
async fn nc_44_an_expiry_is_honoured_and_listed() {
    let account = Account::open().await;
    let body = json!({"name": "Short", "expires_at": soon()});
    let made = account.user.post("/v1/keys", &body).await.expect(201);
    assert_eq!(
        account.list().await[0]["expires_at"],
        made["key"]["expires_at"]
    );
    wait::until("the key to expire", async || {
        let verdict = account.server.verdict(&text(&made, "/secret")).await;
        (verdict == "api_key_expired").then_some(())
    })
    .await;
}

#[tokio::test]
async fn nc_43_the_list_says_when_a_key_was_last_used() {
    let account = Account::open().await;
    let made = account.make(json!({"name": "App"})).await;
    assert_eq!(account.verdict(&made, "read", "wf_1").await, "valid");
    let used = wait::until("the use to be written", async || {
        let list = account.list().await;
        list[0]["last_used_at"].as_str().map(str::to_owned)
    })
    .await;
    assert!(used.parse::<jiff::Timestamp>().is_ok(), "{used}");
}

#[tokio::test]
async fn nc_39_a_sha_256_is_stored_and_the_raw_key_is_nowhere() {
    let account = Account::open().await;
    let raw = text(&account.make(json!({"name": "App"})).await, "/raw_key");
    assert_eq!(account.server.verdict(&raw).await, "valid");
    let files = fs::read_dir(account.server.data()).unwrap();
    let mut stored: Vec<u8> = files
        .flat_map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect();
    let digest = Sha256::digest(raw.as_bytes());
    assert!(stored.windows(digest.len()).any(|it| it == &digest[..]));
    stored.extend(account.server.log_text().into_bytes());
    for part in [&raw["nk_live_".len()..], &raw[12..44], &raw[40..]] {
        let is_there = stored.windows(part.len()).any(|it| it == part.as_bytes());
        assert!(!is_there, "a part of a key lies about");
    }
}

#[tokio::test]
async fn the_guide_is_open_to_everybody_and_names_every_namespace() {
    let account = Account::open().await;
    let guide = account.server.nobody().get("/guides/external-apps").await;
    assert_eq!(guide.status, 200);
    for namespace in ["workflow", "nodes", "state", "auth", "resources", "dataset"] {
        let heading = format!("<tr><th>{namespace}</th>");
        assert!(guide.text().contains(&heading), "{namespace}");
    }
}

#[tokio::test]
async fn what_is_no_call_of_the_page_is_refused_in_its_words() {
    let account = Account::open().await;
    let broken = account
        .user
        .call(Method::POST, KEYS)
        .body("application/json", "{")
        .send()
        .await;
    refuses(&broken, 400);
    let large = json!({"name": "n".repeat(2_000_000)});
    refuses(&account.user.post(KEYS, &large).await, 413);
    refuses(&account.user.call(Method::PUT, KEYS).send().await, 405);
    refuses(&account.user.get("/api/keys/key_none").await, 405);
    assert_eq!(account.list().await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_calls_are_there_under_their_profile_alone() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let user = server
        .member(&own, "user@example.com", json!({"role": "owner"}))
        .await;
    for caller in [&user, server.nobody(), &server.root()] {
        for path in ["/api/keys", "/guides/external-apps"] {
            caller.get(path).await.refuses(404, "route_not_found");
        }
    }
}
