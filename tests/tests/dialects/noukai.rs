//! `/api/v1/keys`

use http::Method;
use keyway_tests::client::{Answer, Caller};
use keyway_tests::postgres::Postgres;
use keyway_tests::server::{Options, Server, soon, text};
use keyway_tests::{issuer, wait};
use regex::Regex;
use serde_json::{Value, json};

const KEYS: &str = "/api/v1/keys";

/// An organization with the projects `alpha` and `beta`, and people who call with tokens.
struct Scene {
    server: Server,
    organization: String,
    admin: Caller,
    /// Owner of `alpha`.
    owner: Caller,
    /// Editor of `alpha`.
    editor: Caller,
    /// In the organization, and in no project.
    member: Caller,
}

impl Scene {
    async fn open() -> Self {
        Self::open_on(None).await
    }

    async fn open_on(database_url: Option<String>) -> Self {
        let options = Options {
            arguments: vec!["--profile".to_owned(), "noukai".to_owned()],
            database_url,
            ..Options::default()
        };
        let server = Server::start_with(options.with_issuer()).await;
        let organization = server.organization("Acme").await;
        for id in ["alpha", "beta"] {
            let body = json!({"organization": organization, "id": id, "name": id});
            server.root().post("/v1/projects", &body).await.expect(201);
        }
        let person = async |name: &str, role: &str, in_alpha: Option<&str>| {
            let email = format!("{name}@example.com");
            let project_roles = in_alpha.map_or_else(|| json!({}), |role| json!({"alpha": role}));
            let body = json!({
                "organization": organization, "email": email, "name": name, "role": role,
                "project_roles": project_roles,
            });
            server.root().post("/v1/members", &body).await.expect(201);
            server.nobody().with(&issuer::token(&email))
        };
        Self {
            admin: person("admin", "admin", None).await,
            owner: person("owner", "member", Some("owner")).await,
            editor: person("editor", "member", Some("editor")).await,
            member: person("member", "member", None).await,
            organization,
            server,
        }
    }

    async fn make(&self, environment: &str) -> Value {
        let made = self.owner.post(KEYS, &asked(environment)).await.expect(201);
        self.server.witness().note_secret(&text(&made, "/key"));
        made
    }

    async fn list(&self) -> Vec<Value> {
        let path = format!("{KEYS}?projectId=alpha");
        let list = self.owner.get(&path).await.expect(200);
        assert_eq!(list.as_object().unwrap().len(), 1, "{list}");
        list["keys"].as_array().unwrap().clone()
    }
}

fn asked(environment: &str) -> Value {
    json!({"project_id": "alpha", "name": "Production Server", "environment": environment})
}

/// That it is a refusal in the product's own envelope.
fn refuses(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let body = answer.json();
    let message = body["detail"]["message"].as_str().unwrap();
    assert_eq!(
        body,
        json!({"detail": {"code": code, "message": message}}),
        "{status}"
    );
    assert!(!message.is_empty());
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn nk_1_a_session_token_makes_lists_and_revokes_keys() {
    let scene = Scene::open().await;
    let made = scene.make("test").await;
    let raw = text(&made, "/key");
    let shape = Regex::new("^nk_test_([0-9A-Za-z]{8})_[0-9A-Za-z]{32}$").unwrap();
    let id = shape.captures(&raw).unwrap()[1].to_owned();
    let created_by = text(&made, "/created_by");
    assert!(created_by.starts_with("member/"), "{created_by}");
    let expected = json!({
        "key": raw, "key_id": id, "project_id": "alpha", "organization_id": scene.organization,
        "environment": "test", "name": "Production Server", "created_at": made["created_at"],
        "created_by": created_by,
    });
    assert_eq!(made, expected);
    let listed = |status: &str| {
        json!({
            "key_id": id, "name": "Production Server", "environment": "test", "status": status,
            "created_at": made["created_at"], "expires_at": null,
        })
    };
    assert_eq!(scene.list().await, [listed("active")]);
    let path = format!("{KEYS}/{id}");
    for _ in 0..2 {
        let revoked = scene.owner.delete(&path).await.expect(200);
        assert_eq!(revoked, json!({"key_id": id, "status": "revoked"}));
        assert_eq!(scene.server.verdict(&raw).await, "api_key_revoked");
    }
    assert_eq!(scene.list().await, [listed("revoked")]);
}

#[tokio::test]
async fn nk_20_only_a_projects_owner_or_an_admin_manages_its_keys() {
    let scene = Scene::open().await;
    let made = scene.make("live").await;
    let path = format!("{KEYS}/{}", text(&made, "/key_id"));
    let list = format!("{KEYS}?projectId=alpha");
    for caller in [&scene.editor, &scene.member] {
        refuses(
            &caller.post(KEYS, &asked("live")).await,
            403,
            "ROLE_FORBIDDEN",
        );
        refuses(&caller.get(&list).await, 403, "ROLE_FORBIDDEN");
        refuses(&caller.delete(&path).await, 403, "ROLE_FORBIDDEN");
    }
    let in_beta = json!({"project_id": "beta", "name": "n", "environment": "live"});
    let elsewhere = format!("{KEYS}?projectId=beta");
    refuses(
        &scene.owner.post(KEYS, &in_beta).await,
        403,
        "ROLE_FORBIDDEN",
    );
    refuses(&scene.owner.get(&elsewhere).await, 403, "ROLE_FORBIDDEN");
    let theirs = scene.admin.post(KEYS, &in_beta).await.expect(201);
    let theirs = format!("{KEYS}/{}", text(&theirs, "/key_id"));
    refuses(&scene.owner.delete(&theirs).await, 404, "KEY_NOT_FOUND");
    assert_eq!(scene.list().await.len(), 1);
    scene.admin.delete(&theirs).await.expect(200);
    scene.admin.delete(&path).await.expect(200);
}

#[tokio::test]
async fn nk_1_who_sends_no_token_of_a_member_is_nobody() {
    let scene = Scene::open().await;
    let made = scene.make("live").await;
    let nobody = scene.server.nobody();
    let list = format!("{KEYS}?projectId=alpha");
    refuses(&nobody.get(&list).await, 401, "AUTH_REQUIRED");
    let key = nobody.with(&text(&made, "/key"));
    refuses(
        &key.post(KEYS, &asked("live")).await,
        401,
        "CREDENTIAL_INVALID",
    );
    let stranger = nobody.with(&issuer::token("nobody@example.com"));
    refuses(&stranger.get(&list).await, 403, "ROLE_FORBIDDEN");
    let forged = nobody.with(&format!("{}x", issuer::token("admin@example.com")));
    refuses(&forged.get(&list).await, 401, "CREDENTIAL_INVALID");
    assert_eq!(scene.list().await.len(), 1);
}

#[tokio::test]
async fn nk_19_an_expiry_is_set_at_creation_or_never() {
    let scene = Scene::open().await;
    let mut body = asked("live");
    body["expires_at"] = json!(soon());
    let made = scene.owner.post(KEYS, &body).await.expect(201);
    let listed = scene.list().await;
    assert!(listed[0]["expires_at"].is_string(), "{listed:?}");
    wait::until("the key to expire", async || {
        let key = scene.server.nobody().with(&text(&made, "/key"));
        let answer = key.get("/api/v1/keys/verify").await;
        (answer.status == 401).then(|| refuses(&answer, 401, "API_KEY_EXPIRED"))
    })
    .await;
    assert_eq!(scene.list().await[0]["status"], "expired");
}

#[tokio::test]
async fn nk_39_a_key_is_told_what_it_is_and_is_not_used_by_that() {
    let scene = Scene::open().await;
    let made = scene.make("test").await;
    let (id, raw) = (text(&made, "/key_id"), text(&made, "/key"));
    let key = scene.server.nobody().with(&raw);
    let expected = json!({
        "key_id": id, "project_id": "alpha", "organization_id": scene.organization,
        "environment": "test", "expires_at": null,
    });
    for _ in 0..3 {
        assert_eq!(key.get("/api/v1/keys/verify").await.expect(200), expected);
    }
    // One true use: what was counted is written within ten seconds.
    assert_eq!(scene.server.verdict(&raw).await, "valid");
    let path = format!("/v1/keys/{id}/usage");
    let allowed = wait::until("the use to be written", async || {
        let usage = scene.server.root().get(&path).await.expect(200);
        let hours = usage["hours"].as_array().unwrap().clone();
        let allowed = hours.iter().filter_map(|it| it["allowed"].as_u64());
        let total: u64 = allowed.sum();
        (total > 0).then_some(total)
    })
    .await;
    assert_eq!(allowed, 1);
    scene
        .owner
        .delete(&format!("{KEYS}/{id}"))
        .await
        .expect(200);
    refuses(
        &key.get("/api/v1/keys/verify").await,
        401,
        "API_KEY_REVOKED",
    );
    let nobody = scene.server.nobody();
    for (caller, code) in [
        (nobody.clone(), "AUTH_REQUIRED"),
        (nobody.with("nk_live_x"), "API_KEY_INVALID"),
        (scene.owner.clone(), "API_KEY_INVALID"),
    ] {
        refuses(&caller.get("/api/v1/keys/verify").await, 401, code);
    }
}

#[tokio::test]
async fn nk_24_nk_25_one_of_fifty_at_once_is_the_tenth_key() {
    one_of_fifty_is_the_tenth(&Scene::open().await).await;
}

#[tokio::test]
async fn nk_24_nk_25_one_of_fifty_at_once_is_the_tenth_key_on_postgresql() {
    let postgres = Postgres::start().await;
    one_of_fifty_is_the_tenth(&Scene::open_on(Some(postgres.url())).await).await;
}

async fn one_of_fifty_is_the_tenth(scene: &Scene) {
    let first = scene.make("live").await;
    for number in 1..9 {
        let environment = if number % 2 == 0 { "live" } else { "test" };
        scene.make(environment).await;
    }
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let owner = scene.owner.clone();
            tokio::spawn(async move { owner.post(KEYS, &asked("live")).await })
        })
        .collect();
    let mut made = 0;
    for call in calls {
        let answer = call.await.unwrap();
        if answer.status == 201 {
            made += 1;
        } else {
            refuses(&answer, 429, "KEY_LIMIT_REACHED");
        }
    }
    assert_eq!(made, 1);
    assert_eq!(scene.list().await.len(), 10);
    let path = format!("{KEYS}/{}", text(&first, "/key_id"));
    scene.owner.delete(&path).await.expect(200);
    scene.make("live").await;
    let eleventh = scene.owner.post(KEYS, &asked("live")).await;
    refuses(&eleventh, 429, "KEY_LIMIT_REACHED");
}

#[tokio::test]
async fn what_is_no_call_of_the_dashboard_is_refused_in_its_words() {
    let scene = Scene::open().await;
    let mut faults = vec![
        json!({}),
        json!([]),
        json!({"project_id": "alpha", "name": "n"}),
    ];
    for (field, value) in [
        ("environment", json!("prod")),
        ("name", json!("")),
        ("name", json!(7)),
        ("expires_at", json!("yesterday")),
        ("expires_at", json!("2001-01-01T00:00:00Z")),
        ("grants", json!([])),
    ] {
        let mut body = asked("live");
        body[field] = value;
        faults.push(body);
    }
    for body in &faults {
        refuses(&scene.owner.post(KEYS, body).await, 422, "INVALID_REQUEST");
    }
    let mut nowhere = asked("live");
    nowhere["project_id"] = json!("gamma");
    refuses(
        &scene.admin.post(KEYS, &nowhere).await,
        404,
        "PROJECT_NOT_FOUND",
    );
    for query in ["", "?projectId=alpha&page=2", "?project=alpha"] {
        let path = format!("{KEYS}{query}");
        refuses(&scene.owner.get(&path).await, 422, "INVALID_REQUEST");
    }
    let call = scene.owner.call(Method::POST, KEYS);
    let broken = call.body("application/json", "{").send().await;
    refuses(&broken, 400, "MALFORMED_JSON");
    let put = scene.owner.call(Method::PUT, KEYS).send().await;
    refuses(&put, 405, "METHOD_NOT_ALLOWED");
    let unknown = scene.owner.delete("/api/v1/keys/AAAAAAAA").await;
    refuses(&unknown, 404, "KEY_NOT_FOUND");
    assert_eq!(scene.list().await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_calls_are_there_under_their_profile_alone() {
    let server = Server::start().await;
    server.organization("Own").await;
    for path in ["/api/v1/keys", "/api/v1/keys/verify"] {
        let answer = server.root().get(path).await;
        answer.refuses(404, "route_not_found");
    }
}
