//! `/v1/admin`

use http::Method;
use keyway_tests::client::Answer;
use keyway_tests::server::{Options, Server, text};
use serde_json::{Value, json};

use crate::refuses;

const GROUPS: &str = "/v1/admin/groups";
const GROUP_KEYS: &str = "/v1/admin/groups/alpha/api-keys";
const SYSTEM_KEYS: &str = "/v1/admin/system-keys";
const USERS: &str = "/v1/admin/users";
const ROLES: &str = "/v1/admin/roles";
const ALL: [&str; 3] = ["tenant:admin", "users:read", "org:admin"];

/// An organization with a project, and a key of its own that holds everything wide.
struct Acme {
    server: Server,
    organization: String,
    key: String,
}

impl Acme {
    async fn open() -> Self {
        let server = Server::start_with(Options {
            arguments: vec!["--profile".to_owned(), "noxus".to_owned()],
            ..Options::default()
        })
        .await;
        let organization = server.organization("Acme").await;
        let body = json!({"organization": organization, "id": "alpha", "name": "Alpha"});
        server.root().post("/v1/projects", &body).await.expect(201);
        let key = wide(&server, &organization, &ALL).await;
        Self {
            server,
            organization,
            key,
        }
    }

    async fn call(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let nobody = self.server.nobody();
        let mut call = nobody.call(method, path);
        if !key.is_empty() {
            call = call.header("x-api-key", key);
        }
        if let Some(body) = body {
            call = call.json(&body);
        }
        call.send().await
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.call(&self.key, Method::GET, path, None).await;
        answer.expect(200)
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(&self.key, Method::POST, path, Some(body)).await
    }

    /// The whole string of a key that was made.
    async fn made(&self, path: &str, body: Value) -> (String, String) {
        let made = self.post(path, body).await.expect(200);
        let value = text(&made, "/value");
        self.server.witness().note_secret(&value);
        (text(&made, "/id"), value)
    }

    async fn may(&self, secret: &str, permission: &str, resource: &str) -> bool {
        let body = json!({"secret": secret, "permissions": [permission], "resource": resource});
        let asked = self.server.root().post("/v1/keys/verify", &body).await;
        asked.expect(200)["valid"] == true
    }
}

async fn wide(server: &Server, organization: &str, permissions: &[&str]) -> String {
    let grants = json!([{"permissions": permissions, "resource": "*"}]);
    let fields = json!({"grants": grants, "managed_by": "system"});
    server.key(organization, fields).await.1
}

#[tokio::test]
async fn nx_33_each_call_needs_its_permission_over_all_of_the_organization() {
    let acme = Acme::open().await;
    let routes = [
        (Method::GET, GROUPS, None, "tenant:admin"),
        (
            Method::POST,
            GROUPS,
            Some(json!({"name": "x"})),
            "tenant:admin",
        ),
        (
            Method::POST,
            GROUP_KEYS,
            Some(json!({"name": "x"})),
            "tenant:admin",
        ),
        (Method::GET, SYSTEM_KEYS, None, "tenant:admin"),
        (
            Method::POST,
            SYSTEM_KEYS,
            Some(json!({"name": "x"})),
            "tenant:admin",
        ),
        (Method::GET, USERS, None, "users:read"),
        (Method::GET, ROLES, None, "org:admin"),
    ];
    let in_alpha = json!({"project": "alpha",
        "grants": [{"permissions": ["*"], "resource": "*"}]});
    let (_, in_alpha) = acme.server.key(&acme.organization, in_alpha).await;
    for (method, path, body, needed) in routes {
        let others: Vec<&str> = ALL.into_iter().filter(|it| *it != needed).collect();
        let lacking = wide(&acme.server, &acme.organization, &others).await;
        let holding = wide(&acme.server, &acme.organization, &[needed]).await;
        let call = async |key: &str| acme.call(key, method.clone(), path, body.clone()).await;
        refuses(&call(&lacking).await, 403);
        // Everything in a project is nothing of the organization's.
        refuses(&call(&in_alpha).await, 403);
        refuses(&call("").await, 401);
        refuses(&call("noxus_short").await, 401);
        refuses(&call(&format!("noxus_{}", "A".repeat(40))).await, 401);
        call(&holding).await.expect(200);
    }
}

#[tokio::test]
async fn a_key_carried_elsewhere_or_twice_is_no_credential_here() {
    let acme = Acme::open().await;
    let nobody = acme.server.nobody();
    let bearer = nobody.with(&acme.key).get(GROUPS).await;
    refuses(&bearer, 401);
    let root = acme.server.root().get(GROUPS).await;
    refuses(&root, 401);
    let call = nobody.call(Method::GET, GROUPS);
    let twice = call.header("x-api-key", &acme.key).header("x-api-key", "b");
    refuses(&twice.send().await, 400);
}

#[tokio::test]
async fn nx_33_what_a_system_key_holds_is_what_it_was_given_and_its_maker_has() {
    let acme = Acme::open().await;
    let body = json!({"name": "ci", "permissions": ["users:read"], "tenant_admin": false});
    let (id, value) = acme.made(SYSTEM_KEYS, body).await;
    assert!(acme.may(&value, "users:read", "*").await);
    assert!(!acme.may(&value, "tenant:admin", "*").await);
    assert!(!acme.may(&value, "flows_run", "project/alpha").await);
    let listed = acme.get(SYSTEM_KEYS).await;
    let listed = listed.as_array().unwrap().iter();
    let found: Vec<&Value> = listed.filter(|it| it["id"] == id).collect();
    let shown = format!("{}…", &value[..10]);
    assert_eq!(
        found,
        [&json!({"id": id, "name": "ci", "tenant_admin": false,
        "value": shown, "permissions": ["users:read"]})]
    );

    let administrator = wide(&acme.server, &acme.organization, &["tenant:admin"]).await;
    let body = json!({"name": "x", "permissions": ["users:read"]});
    let more = acme.call(&administrator, Method::POST, SYSTEM_KEYS, Some(body));
    refuses(&more.await, 403);

    let path = format!("{SYSTEM_KEYS}/{id}");
    let deleted = acme.call(&acme.key, Method::DELETE, &path, None).await;
    assert_eq!(deleted.expect(200), json!({"success": true}));
    assert!(!acme.may(&value, "users:read", "*").await);
    refuses(
        &acme.call(&acme.key, Method::DELETE, &path, None).await,
        404,
    );
}

#[tokio::test]
async fn what_a_system_key_makes_is_bounded_as_it_is_itself() {
    let acme = Acme::open().await;
    let bounds = json!({"expires_at": "2100-01-01T00:00:00Z", "ip_rules": ["127.0.0.0/8"],
        "rate_limit": {"limit": 9, "window": "1m"}});
    let mut fields = bounds.clone();
    fields["grants"] = json!([{"permissions": ALL, "resource": "*"}]);
    let (_, bounded) = acme.server.key(&acme.organization, fields).await;
    for path in [SYSTEM_KEYS, GROUP_KEYS] {
        let body = Some(json!({"name": "ci"}));
        let made = acme.call(&bounded, Method::POST, path, body).await;
        let made = made.expect(200);
        acme.server.witness().note_secret(&text(&made, "/value"));
        let path = format!("/v1/keys/{}", text(&made, "/id"));
        let key = acme.server.root().get(&path).await.expect(200);
        for field in ["expires_at", "ip_rules", "rate_limit"] {
            assert_eq!(key[field], bounds[field], "{field}");
        }
    }
}

#[tokio::test]
async fn a_key_of_a_project_is_no_system_key_whatever_manages_it() {
    let acme = Acme::open().await;
    let fields = json!({"project": "alpha", "managed_by": "system", "grants": []});
    let (id, secret) = acme.server.key(&acme.organization, fields).await;
    let listed = acme.get(SYSTEM_KEYS).await;
    assert!(!listed.to_string().contains(&id), "{listed}");
    let path = format!("{SYSTEM_KEYS}/{id}");
    refuses(
        &acme.call(&acme.key, Method::DELETE, &path, None).await,
        404,
    );
    assert_eq!(acme.server.verdict(&secret).await, "valid");
}

#[tokio::test]
async fn the_audit_log_names_the_key_that_made_a_key() {
    let acme = Acme::open().await;
    let (id, _) = acme.made(GROUP_KEYS, json!({"name": "ci"})).await;
    let (root, path) = (acme.server.root(), format!("/v1/audit?target={id}"));
    let log = root.get(&path).await.expect(200);
    assert!(text(&log, "/data/0/actor").starts_with("key/"), "{log}");
    assert_eq!(log["data"][0]["action"], "key.created");
}

#[tokio::test]
async fn what_is_sent_twice_under_one_number_is_done_once() {
    let acme = Acme::open().await;
    for (path, first, again) in [(GROUPS, 200, 200), (SYSTEM_KEYS, 200, 409)] {
        for expected in [first, again] {
            let nobody = acme.server.nobody();
            let call = nobody.call(Method::POST, path);
            let call = call.header("x-api-key", &acme.key);
            let call = call.header("idempotency-key", "one");
            let answer = call.json(&json!({"name": "once"})).send().await;
            assert_eq!(answer.status, expected, "{path}: {}", answer.text());
        }
        let made = acme.get(path).await;
        let made = made.as_array().unwrap().iter();
        assert_eq!(made.filter(|it| it["name"] == "once").count(), 1, "{path}");
    }
}

#[tokio::test]
async fn bad_input_is_answered_in_the_products_own_envelope() {
    let acme = Acme::open().await;
    for (path, body) in [
        (GROUPS, json!({"name": ""})),
        (GROUPS, json!({"name": 1})),
        (GROUPS, json!({"name": "x", "description": "kept nowhere"})),
        (GROUPS, json!({"name": "x", "colour": "red"})),
        (GROUPS, json!([])),
        (GROUP_KEYS, json!({"name": "x", "tenant_admin": true})),
        (GROUP_KEYS, json!({"tenant_admin": false})),
        (SYSTEM_KEYS, json!({"name": "x".repeat(300)})),
        (
            SYSTEM_KEYS,
            json!({"name": "x", "permissions": ["flows_edit"]}),
        ),
        (
            SYSTEM_KEYS,
            json!({"name": "x", "permissions": ["tenant:admin"]}),
        ),
        (
            SYSTEM_KEYS,
            json!({"name": "x", "permissions": "users:read"}),
        ),
    ] {
        refuses(&acme.post(path, body.clone()).await, 422);
    }
    let unknown = "/v1/admin/groups/nowhere/api-keys";
    refuses(&acme.post(unknown, json!({"name": "x"})).await, 404);
    let odd = "/v1/admin/groups/a%2Fb/api-keys";
    refuses(&acme.post(odd, json!({"name": "x"})).await, 404);
    for (method, path, status) in [
        (Method::DELETE, "/v1/admin/groups/alpha", 404),
        (Method::POST, ROLES, 405),
        (Method::DELETE, "/v1/admin/system-keys/%20", 404),
        (Method::GET, "/v1/admin/me", 404),
    ] {
        refuses(&acme.call(&acme.key, method, path, None).await, status);
    }
    let nobody = acme.server.nobody();
    let call = nobody.call(Method::POST, GROUPS);
    let call = call.header("x-api-key", &acme.key);
    refuses(&call.body("application/json", "{").send().await, 400);
}

#[tokio::test]
async fn without_its_profile_nothing_of_it_is_there() {
    let server = Server::start().await;
    for path in [GROUPS, SYSTEM_KEYS, USERS, ROLES] {
        server
            .root()
            .get(path)
            .await
            .refuses(404, "route_not_found");
    }
}
