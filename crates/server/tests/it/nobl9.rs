//! Nobl9: client credentials of an organization, exchanged in the words of its clients. Tests are named
//! after the requirements in `tests/requirements.txt`.

mod exchange;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::caller::Answer;
use crate::server::{Made, Server};
use crate::tokens::read;

const TOKEN: &str = "/oauth2/default/v1/token";
const FORM: &str = "application/x-www-form-urlencoded";
const GRANT: &str = "grant_type=client_credentials&scope=m2m";

struct Scene {
    server: Server,
    own: String,
}

impl Scene {
    async fn set() -> Self {
        let server = Server::start_under("nobl9").await;
        let own = server.organization("Own").await;
        server.project(&own, "default").await;
        server.project(&own, "other").await;
        Self { server, own }
    }

    async fn key(&self, fields: Value) -> Made {
        self.server.key(&self.own, fields).await
    }

    async fn viewer(&self) -> Made {
        let grant = json!({"role": "project-viewer", "resource": "project/default"});
        self.key(json!({"grants": [grant]})).await
    }

    async fn exchange(&self, key: &Made) -> Answer {
        self.exchange_with(&key.id, &key.secret, TOKEN, GRANT).await
    }

    async fn exchange_with(&self, id: &str, secret: &str, path: &str, form: &str) -> Answer {
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let nobody = self.server.nobody();
        let call = nobody.call(Method::POST, path);
        let call = call.header("authorization", &basic);
        call.body(FORM, form.to_owned()).send().await
    }

    /// The second way, for one organization.
    async fn access_token(&self, key: &Made, organization: &str) -> Answer {
        let pair = STANDARD.encode(format!("{}:{}", key.id, key.secret));
        let nobody = self.server.nobody();
        let call = nobody.call(Method::POST, "/api/accessToken");
        call.header("authorization", &format!("Basic {pair}"))
            .header("organization", organization)
            .header("accept", "application/json; version=v1alpha")
            .send()
            .await
    }

    async fn token(&self, key: &Made) -> String {
        let issued = self.exchange(key).await.expect(200);
        issued["access_token"].as_str().unwrap().to_owned()
    }

    async fn step(&self, key: &Made, step: &str) -> Answer {
        let path = format!("{}/{step}", key.path());
        self.server.root().post(&path, json!({})).await
    }

    async fn delete(&self, key: &Made) {
        self.server.root().delete(&key.path()).await.expect(200);
    }

    /// The code of the verdict on doing something in a project.
    async fn may(&self, token: &str, permission: &str, project: &str) -> String {
        let resource = format!("project/{project}");
        let body = json!({"secret": token, "permissions": [permission], "resource": resource});
        let verdict = self.server.ask(body).await;
        verdict["code"].as_str().unwrap().to_owned()
    }

    async fn grant(&self, key: &Made, grants: Value) -> Answer {
        let edit = json!({"grants": grants});
        self.server.root().patch(&key.path(), edit).await
    }

    async fn create(&self) -> Answer {
        let body = json!({"organization": self.own, "name": "one more"});
        self.server.root().post("/v1/keys", body).await
    }
}

fn is_refused(answer: &Answer) {
    assert_eq!(answer.status, 401, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    let expected = json!({"error": "invalid_client",
        "error_description": "the client id or secret is not valid"});
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn n9_1_a_key_is_the_organizations_and_outlives_its_creator() {
    let scene = Scene::set().await;
    let member = async |email: &str| {
        let body = json!({"organization": scene.own, "email": email, "name": "A",
            "role": "organization-admin"});
        let made = scene.server.root().post("/v1/members", body).await;
        made.expect(201)["id"].as_str().unwrap().to_owned()
    };
    let (ann, _boss) = (
        member("ann@example.com").await,
        member("boss@example.com").await,
    );
    let link = scene.server.sign_in_link(&scene.server.root(), &ann).await;
    let browser = Browser::at(&scene.server, &link).await;
    let body = json!({"organization": scene.own, "name": "by Ann"});
    let made = browser
        .send(Method::POST, "/v1/keys", body)
        .await
        .expect(201);
    assert_eq!(made["key"]["created_by"], format!("member/{ann}"));
    let text = |at: &str| made.pointer(at).and_then(Value::as_str).unwrap().to_owned();
    let (id, secret) = (text("/key/id"), text("/secret"));
    let issued = scene
        .exchange_with(&id, &secret, TOKEN, GRANT)
        .await
        .expect(200);
    let token = issued["access_token"].as_str().unwrap();
    let path = format!("/v1/members/{ann}");
    let root = scene.server.root();
    let member = root.get(&path).await.etag();
    let removed = root
        .call(Method::DELETE, &path)
        .if_match(&member)
        .send()
        .await;
    assert_eq!(removed.status, 200, "{}", removed.text());
    assert_eq!(scene.server.verdict(token).await, "valid");
    scene
        .exchange_with(&id, &secret, TOKEN, GRANT)
        .await
        .expect(200);
}

#[tokio::test]
async fn only_an_organizations_admin_sees_and_manages_keys() {
    let scene = Scene::set().await;
    let key = scene.key(json!({})).await;
    for (role, seen, created, changed) in [
        ("organization-user", 403, 403, 403),
        ("organization-viewer", 403, 403, 403),
        ("organization-responder", 403, 403, 403),
        ("organization-integrations-user", 403, 403, 403),
        ("organization-admin", 200, 201, 200),
    ] {
        let email = format!("{role}@example.com");
        let body = json!({"organization": scene.own, "email": email, "name": "A", "role": role});
        let made = scene
            .server
            .root()
            .post("/v1/members", body)
            .await
            .expect(201);
        let id = made["id"].as_str().unwrap();
        let link = scene.server.sign_in_link(&scene.server.root(), id).await;
        let browser = Browser::at(&scene.server, &link).await;
        let keys = format!("/v1/keys?organization={}", scene.own);
        assert_eq!(browser.get(&keys).await.status, seen, "{role}");
        let body = json!({"organization": scene.own, "name": "more"});
        let answer = browser.send(Method::POST, "/v1/keys", body).await;
        assert_eq!(answer.status, created, "{role}");
        let edit = json!({"name": "other"});
        let answer = browser.send(Method::PATCH, &key.path(), edit).await;
        assert_eq!(answer.status, changed, "{role}");
        let path = format!("{}/deactivate", key.path());
        let answer = browser.send(Method::POST, &path, json!({})).await;
        assert_eq!(answer.status, changed, "{role}");
        let answer = browser.send(Method::DELETE, &key.path(), json!({})).await;
        assert_eq!(answer.status, changed, "{role}");
    }
}

/// That the browser puts the secret in is its script's to do.
#[tokio::test]
async fn the_page_of_a_creation_offers_the_configuration_without_the_secret_in_it() {
    let scene = Scene::set().await;
    let body = json!({"organization": scene.own, "email": "ann@example.com", "name": "A",
        "role": "organization-admin"});
    let ann = scene
        .server
        .root()
        .post("/v1/members", body)
        .await
        .expect(201);
    let ann = ann["id"].as_str().unwrap();
    let link = scene.server.sign_in_link(&scene.server.root(), ann).await;
    let mut browser = Browser::at(&scene.server, &link).await;
    let attempt = "a".repeat(22);
    let fields = [
        ("name", "Deploy pipeline"),
        ("expiry", "never"),
        ("attempt", &*attempt),
        ("access.0", "role"),
        ("role.0", "organization-viewer"),
        ("scope.0", "*"),
    ];
    let mut elsewhere = fields;
    elsewhere[5].1 = "project/default";
    let refused = browser.post("/keys/new", &elsewhere).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("This role cannot be given there."));
    let shown = browser.post("/keys/new", &fields).await;
    assert_eq!(shown.status, 201, "{}", shown.text());
    let page = shown.text();
    let (_, rest) = page
        .split_once("data-download=\"config.toml\" data-text=\"")
        .unwrap();
    let (file, _) = rest.split_once('"').unwrap();
    let list = format!("/v1/keys?organization={}", scene.own);
    let list = scene.server.root().get(&list).await.expect(200);
    let id = list["data"][0]["id"].as_str().unwrap();
    for part in [id, &scene.own, "{secret}", "https://keys.example/api"] {
        assert!(file.contains(part), "{part}: {file}");
    }
    let later = browser.get(&format!("/keys/{id}")).await.text();
    assert!(later.contains(id) && !later.contains("data-download"));
}

#[tokio::test]
async fn n9_6_a_display_name_has_at_most_253_characters_and_is_not_empty() {
    let scene = Scene::set().await;
    scene.key(json!({"name": "ü".repeat(253)})).await;
    for name in [String::new(), "ü".repeat(254)] {
        let body = json!({"organization": scene.own, "name": name});
        let refused = scene.server.root().post("/v1/keys", body).await;
        refused.refuses(422, "invalid_request");
        assert_eq!(refused.pointers(), ["/name"]);
    }
}

#[tokio::test]
async fn n9_7_n9_13_a_description_may_be_given_and_both_texts_edited() {
    let scene = Scene::set().await;
    let key = scene.key(json!({"description": "of the pipeline"})).await;
    assert_eq!(
        (&key.key["status"], &key.key["description"]),
        (&json!("active"), &json!("of the pipeline"))
    );
    let edit = json!({"name": "other", "description": null});
    let edited = scene
        .server
        .root()
        .patch(&key.path(), edit)
        .await
        .expect(200);
    assert_eq!(
        (&edited["key"]["name"], &edited["key"]["description"]),
        (&json!("other"), &Value::Null)
    );
}

#[tokio::test]
async fn n9_8_n9_11_a_new_key_is_exchanged_at_once_and_reaches_nothing() {
    let scene = Scene::set().await;
    let key = scene.key(json!({})).await;
    let token = scene.token(&key).await;
    let by_proxy = scene.server.nobody().with(&token);
    let by_proxy = by_proxy.get("/v1/authorize?permission=project.read").await;
    by_proxy.refuses(403, "insufficient_permissions");
    assert_eq!(
        scene.may(&token, "slo.read", "default").await,
        "insufficient_permissions"
    );
}

#[tokio::test]
async fn n9_17_a_key_has_one_role_in_the_organization_and_one_in_each_project() {
    let scene = Scene::set().await;
    let key = scene.key(json!({})).await;
    let role = |role: &str, resource: &str| json!({"role": role, "resource": resource});
    let first = json!([
        role("organization-viewer", "*"),
        role("project-editor", "project/default"),
        role("project-viewer", "project/other")
    ]);
    scene.grant(&key, first).await.expect(200);
    let another = json!([role("organization-responder", "*")]);
    let set = scene.grant(&key, another.clone()).await.expect(200);
    assert_eq!(set["key"]["grants"], another);
    for (grants, pointer) in [
        (
            json!([
                role("organization-viewer", "*"),
                role("organization-user", "*")
            ]),
            "/grants/1/resource",
        ),
        (
            json!([
                role("project-viewer", "project/default"),
                role("project-owner", "project/default")
            ]),
            "/grants/1/resource",
        ),
        (json!([role("project-viewer", "*")]), "/grants/0/resource"),
        (
            json!([role("organization-viewer", "project/default")]),
            "/grants/0/resource",
        ),
        (
            json!([role("project-viewer", "project/default/slo/a")]),
            "/grants/0/resource",
        ),
        (
            json!([{"permissions": ["slo.read"], "resource": "*"}]),
            "/grants/0",
        ),
    ] {
        let refused = scene.grant(&key, grants).await;
        refused.refuses(422, "invalid_request");
        assert_eq!(refused.pointers(), [pointer]);
    }
}

#[tokio::test]
async fn n9_18_each_documented_role_can_be_given_and_does_what_its_name_says() {
    let scene = Scene::set().await;
    let key = scene.key(json!({})).await;
    let token = scene.token(&key).await;
    for (kind, resource) in [("organization", "*"), ("project", "project/default")] {
        let own = if kind == "project" { "owner" } else { "admin" };
        let lesser = if kind == "project" { "editor" } else { "user" };
        for (role, reads, writes) in [
            (own, true, true),
            (lesser, kind == "project", kind == "project"),
            ("viewer", true, false),
            ("responder", true, false),
            ("integrations-user", false, false),
        ] {
            let grant = json!([{"role": format!("{kind}-{role}"), "resource": resource}]);
            scene.grant(&key, grant).await.expect(200);
            let may = |word: &'static str| scene.may(&token, word, "default");
            assert_eq!(may("slo.read").await == "valid", reads, "{kind}-{role}");
            assert_eq!(may("slo.write").await == "valid", writes, "{kind}-{role}");
        }
    }
}

#[tokio::test]
async fn verify_names_the_actor_of_what_is_done_with_a_key() {
    let scene = Scene::set().await;
    let key = scene.key(json!({"name": "Deploy pipeline"})).await;
    let verdict = scene
        .server
        .ask(json!({"secret": scene.token(&key).await}))
        .await;
    assert_eq!(verdict["key"]["name"], "Deploy pipeline");
    assert_eq!(
        (&verdict["key"]["id"], &verdict["key"]["suffix"]),
        (&json!(key.id), &json!(key.secret[60..]))
    );
}

#[tokio::test]
async fn n9_13_n9_23_n9_24_n9_25_n9_28_a_deactivated_key_and_its_tokens_stop_and_come_back_with_their_roles()
 {
    let scene = Scene::set().await;
    let key = scene.viewer().await;
    let token = scene.token(&key).await;
    assert_eq!(scene.may(&token, "service.read", "default").await, "valid");
    scene.step(&key, "deactivate").await.expect(200);
    is_refused(&scene.exchange(&key).await);
    assert_eq!(
        scene.may(&token, "service.read", "default").await,
        "api_key_inactive"
    );
    scene.step(&key, "activate").await.expect(200);
    assert_eq!(scene.may(&token, "service.read", "default").await, "valid");
    scene.exchange(&key).await.expect(200);
}

#[tokio::test]
async fn n9_13_n9_23_n9_26_n9_27_a_deleted_key_is_gone_for_good_with_its_tokens() {
    let scene = Scene::set().await;
    let key = scene.viewer().await;
    let token = scene.token(&key).await;
    scene.delete(&key).await;
    is_refused(&scene.exchange(&key).await);
    assert_eq!(scene.server.verdict(&token).await, "api_key_invalid");
    scene
        .step(&key, "activate")
        .await
        .refuses(404, "key_not_found");
    let list = format!("/v1/keys?organization={}", scene.own);
    let list = scene.server.root().get(&list).await.expect(200);
    assert_eq!(list["data"], json!([]));
}

#[tokio::test]
async fn n9_29_a_role_that_changes_counts_for_tokens_that_were_issued() {
    let scene = Scene::set().await;
    let key = scene.viewer().await;
    let token = scene.token(&key).await;
    assert_eq!(
        scene.may(&token, "slo.write", "default").await,
        "insufficient_permissions"
    );
    let editor = json!([{"role": "project-editor", "resource": "project/default"}]);
    scene.grant(&key, editor).await.expect(200);
    assert_eq!(scene.may(&token, "slo.write", "default").await, "valid");
    scene.grant(&key, json!([])).await.expect(200);
    assert_ne!(scene.may(&token, "slo.read", "default").await, "valid");
    let (_, claims) = read(&token);
    assert!(!claims.to_string().contains("viewer"), "{claims}");
}

#[tokio::test]
async fn n9_24_n9_26_n9_30_there_are_a_hundred_keys_and_of_fifty_at_once_one_gets_the_last_place() {
    let scene = Scene::set().await;
    let end = scene.server.clock.text_in(60);
    let expired = scene.key(json!({"expires_at": end})).await;
    let off = scene.key(json!({})).await;
    scene.step(&off, "deactivate").await.expect(200);
    for _ in 2..99 {
        scene.key(json!({})).await;
    }
    scene.server.clock.advance(61);
    let answers = futures_util::future::join_all((0..50).map(|_| scene.create())).await;
    let made = answers.iter().filter(|it| it.status == 201).count();
    assert_eq!(made, 1);
    for refused in answers.iter().filter(|it| it.status != 201) {
        refused.refuses(409, "key_limit_reached");
    }
    // Switching on and off moves nothing; what has expired keeps its place until it is deleted.
    scene.step(&off, "activate").await.expect(200);
    scene.create().await.refuses(409, "key_limit_reached");
    scene.delete(&expired).await;
    scene.create().await.expect(201);
    scene.create().await.refuses(409, "key_limit_reached");
    let other = scene.server.organization("Other").await;
    scene.server.key(&other, json!({})).await;
}

#[tokio::test]
async fn n9_31_a_key_has_no_end_unless_one_is_given() {
    let scene = Scene::set().await;
    let key = scene.key(json!({})).await;
    assert_eq!(key.key["expires_at"], Value::Null);
    scene.server.clock.advance(10 * 365 * 86_400);
    scene.exchange(&key).await.expect(200);
}

#[tokio::test]
async fn n9_35_an_expired_key_fails_everywhere_and_comes_back_in_no_way() {
    let scene = Scene::set().await;
    let key = scene
        .key(json!({"expires_at": scene.server.clock.text_in(600)}))
        .await;
    let token = scene.token(&key).await;
    scene.server.clock.advance(600);
    is_refused(&scene.exchange(&key).await);
    assert_eq!(scene.server.verdict(&token).await, "api_key_expired");
    scene
        .step(&key, "activate")
        .await
        .refuses(409, "key_expired");
    let later = json!({"expires_at": scene.server.clock.text_in(600)});
    let refused = scene.server.root().patch(&key.path(), later).await;
    refused.refuses(422, "invalid_request");
    scene.delete(&key).await;
}
