//! Keys that follow their creator's role in one workspace, under the profile that has them: whatever
//! door they are verified at, this is where they stand and fall.

use http::Method;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::server::{Made, Server};

/// Everything that can be done in a workspace.
const PROJECT_PERMISSIONS: [&str; 16] = [
    "agents_advanced",
    "agents_delete",
    "agents_edit",
    "agents_run",
    "flows_advanced",
    "flows_delete",
    "flows_edit",
    "flows_run",
    "integrations_edit",
    "kbs_advanced",
    "kbs_delete",
    "kbs_edit",
    "kbs_query",
    "users_delete",
    "users_edit",
    "workspace_admin",
];
const EDITOR_PERMISSIONS: [&str; 9] = [
    "agents_delete",
    "agents_edit",
    "agents_run",
    "flows_delete",
    "flows_edit",
    "flows_run",
    "kbs_delete",
    "kbs_edit",
    "kbs_query",
];
const READER_PERMISSIONS: [&str; 3] = ["agents_run", "flows_run", "kbs_query"];

struct Acme {
    server: Server,
    organization: String,
}

/// Somebody with a role in the workspace `alpha`.
struct Person {
    id: String,
    browser: Browser,
}

impl Acme {
    async fn start() -> Self {
        let server = Server::start_under("noxus").await;
        let organization = server.organization("Acme").await;
        for project in ["alpha", "beta"] {
            server.project(&organization, project).await;
        }
        Self {
            server,
            organization,
        }
    }

    async fn person(&self, email: &str, role: &str, in_alpha: Option<&str>) -> Person {
        let project_roles = in_alpha.map_or_else(|| json!({}), |role| json!({"alpha": role}));
        let body = json!({"organization": self.organization, "email": email, "name": "Ann",
            "role": role, "project_roles": project_roles});
        let root = self.server.root();
        let made = root.post("/v1/members", body).await.expect(201);
        let id = made["id"].as_str().unwrap().to_owned();
        let link = self.server.sign_in_link(&root, &id).await;
        let browser = Browser::at(&self.server, &link).await;
        Person { id, browser }
    }

    async fn editor(&self) -> Person {
        self.person("ann@acme.example", "org_base", Some("editor"))
            .await
    }

    async fn is_now(&self, person: &Person, project_roles: Value) {
        let path = format!("/v1/members/{}", person.id);
        let body = json!({ "project_roles": project_roles });
        let root = self.server.root();
        let tag = root.get(&path).await.etag();
        let call = root.call(Method::PATCH, &path).if_match(&tag);
        call.json(&body).send().await.expect(200);
    }

    /// Status and code of the verdict.
    async fn verdict(&self, key: &Made, permission: &str, resource: Option<&str>) -> (i64, String) {
        let mut question = json!({"secret": key.secret, "permissions": [permission]});
        if let Some(resource) = resource {
            question["resource"] = json!(resource);
        }
        let said = self.server.ask(question).await;
        let code = said["code"].as_str().unwrap().to_owned();
        (said["http_status"].as_i64().unwrap(), code)
    }

    async fn may(&self, key: &Made, permission: &str) -> bool {
        self.verdict(key, permission, None).await.0 == 200
    }

    /// What the key may do in its workspace.
    async fn holds(&self, key: &Made) -> Vec<String> {
        let said = self.server.ask(json!({"secret": key.secret})).await;
        assert_eq!(said["code"], "valid");
        serde_json::from_value(said["key"]["permissions"].clone()).unwrap()
    }
}

impl Person {
    async fn makes(&self, fields: Value) -> crate::caller::Answer {
        let mut body = json!({"name": "ci", "project": "alpha"});
        let fields = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        self.browser.send(Method::POST, "/v1/keys", body).await
    }

    async fn key(&self, fields: Value) -> Made {
        let made = self.makes(fields).await;
        let etag = made.etag();
        let made = made.expect(201);
        Made {
            id: made["key"]["id"].as_str().unwrap().to_owned(),
            secret: made["secret"].as_str().unwrap().to_owned(),
            etag,
            key: made["key"].clone(),
        }
    }

    /// The names of the keys that the person sees.
    async fn sees(&self) -> Vec<String> {
        let list = self.browser.get("/v1/keys").await.expect(200);
        let keys = list["data"].as_array().unwrap().iter();
        let mut names: Vec<String> = keys
            .map(|key| key["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }

    async fn revokes(&self, key: &Made) -> u16 {
        let path = format!("{}/revoke", key.path());
        self.browser
            .send(Method::POST, &path, json!({}))
            .await
            .status
    }
}

#[tokio::test]
async fn nx_3_a_persons_key_belongs_to_exactly_one_project() {
    let acme = Acme::start().await;
    let boss = acme.person("boss@acme.example", "org_admin", None).await;
    let nowhere = boss.makes(json!({ "project": null })).await;
    assert_eq!(nowhere.pointers(), ["/project"]);
    let key = boss.key(json!({})).await;
    assert_eq!(key.key["project"], "alpha");
    assert!(key.secret.starts_with("noxus_") && key.secret.len() == 46);
    let elsewhere = acme.verdict(&key, "flows_run", Some("project/beta")).await;
    assert_eq!(elsewhere, (403, "out_of_scope".to_owned()));
}

#[tokio::test]
async fn nx_4_nx_31_nx_32_a_key_may_what_its_creators_role_allows_in_the_project() {
    let acme = Acme::start().await;
    let people = [
        ("org_admin", None, PROJECT_PERMISSIONS.as_slice()),
        ("org_base", Some("admin"), &PROJECT_PERMISSIONS),
        ("org_base", Some("editor"), &EDITOR_PERMISSIONS),
        ("org_base", Some("reader"), &READER_PERMISSIONS),
    ];
    for (number, (role, in_alpha, expected)) in people.into_iter().enumerate() {
        let email = format!("p{number}@acme.example");
        let person = acme.person(&email, role, in_alpha).await;
        let key = person.key(json!({})).await;
        assert_eq!(acme.holds(&key).await, expected, "{role} {in_alpha:?}");
        let grants = json!([{"inherit": true, "resource": "project/alpha"}]);
        assert_eq!(key.key["grants"], grants);
    }
    let base = acme.person("base@acme.example", "org_base", None).await;
    let made = base.makes(json!({})).await;
    made.refuses(403, "permission_denied");
}

#[tokio::test]
async fn nx_5_a_changed_role_binds_at_the_next_request_and_leaving_the_project_stops_the_key() {
    let acme = Acme::start().await;
    let ann = acme.editor().await;
    let key = ann.key(json!({})).await;
    assert!(acme.may(&key, "flows_edit").await);
    acme.is_now(&ann, json!({"alpha": "reader"})).await;
    let denied = acme.verdict(&key, "flows_edit", None).await;
    assert_eq!(denied, (403, "insufficient_permissions".to_owned()));
    assert!(acme.may(&key, "flows_run").await);
    acme.is_now(&ann, json!({"alpha": "editor"})).await;
    assert!(acme.may(&key, "flows_edit").await);

    // Out of the workspace, though still in the organization and in another workspace.
    acme.is_now(&ann, json!({"beta": "editor"})).await;
    assert_eq!(acme.server.verdict(&key.secret).await, "api_key_inactive");
    let stopped = acme.verdict(&key, "flows_run", None).await;
    assert_eq!(stopped, (401, "api_key_inactive".to_owned()));
    acme.is_now(&ann, json!({"alpha": "editor"})).await;
    assert!(acme.may(&key, "flows_edit").await);

    let path = format!("/v1/members/{}", ann.id);
    acme.server.root().delete(&path).await.expect(200);
    let stopped = acme.verdict(&key, "flows_run", None).await;
    assert_eq!(stopped, (401, "api_key_inactive".to_owned()));
}

#[tokio::test]
async fn nx_6_a_key_may_be_narrowed_and_never_exceeds_its_creator() {
    let acme = Acme::start().await;
    let ann = acme.editor().await;
    let narrowed = json!([{"inherit": true, "resource": "project/alpha",
        "permissions": ["flows_edit", "flows_run", "workspace_admin"]}]);
    let key = ann.key(json!({ "grants": narrowed })).await;
    assert_eq!(acme.holds(&key).await, ["flows_edit", "flows_run"]);
    assert!(!acme.may(&key, "agents_run").await && !acme.may(&key, "workspace_admin").await);
    acme.is_now(&ann, json!({"alpha": "reader"})).await;
    assert_eq!(acme.holds(&key).await, ["flows_run"]);
    acme.is_now(&ann, json!({"alpha": "admin"})).await;
    let all = ["flows_edit", "flows_run", "workspace_admin"];
    assert_eq!(acme.holds(&key).await, all);

    // What would stay when the role goes cannot be given, at creation or later.
    for fixed in [
        json!({"permissions": ["flows_run"], "resource": "project/alpha"}),
        json!({"role": "reader", "resource": "project/alpha"}),
    ] {
        let grants = json!({ "grants": [fixed] });
        assert_eq!(ann.makes(grants.clone()).await.pointers(), ["/grants"]);
        let edited = ann.browser.send(Method::PATCH, &key.path(), grants).await;
        assert_eq!(edited.pointers(), ["/grants"]);
    }
}

/// A successor is a key of whoever rotates, who may not make one that follows no role.
#[tokio::test]
async fn nx_6_a_member_rotates_no_key_with_rights_that_would_stay() {
    let acme = Acme::start().await;
    let admin = acme
        .person("cleo@acme.example", "org_base", Some("admin"))
        .await;
    let fixed = json!([{"permissions": ["flows_run"], "resource": "project/alpha"}]);
    let body = json!({"organization": acme.organization, "name": "ci", "project": "alpha",
        "grants": fixed});
    let root = acme.server.root();
    let made = root.post("/v1/keys", body).await.expect(201);
    let rotate = |id: &str| format!("/v1/keys/{id}/rotate");
    let path = rotate(made["key"]["id"].as_str().unwrap());
    let refused = admin.browser.send(Method::POST, &path, json!({})).await;
    assert_eq!(refused.pointers(), ["/grants"]);
    root.post(&path, json!({})).await.expect(200);

    let own = rotate(&admin.key(json!({})).await.id);
    let rotated = admin.browser.send(Method::POST, &own, json!({})).await;
    rotated.expect(200);
}

#[tokio::test]
async fn only_a_member_has_a_role_that_a_key_can_follow() {
    let acme = Acme::start().await;
    let body = json!({"organization": acme.organization, "name": "ci", "project": "alpha"});
    let mut inherited = body.clone();
    inherited["grants"] = json!([{"inherit": true, "resource": "project/alpha"}]);
    let root = acme.server.root();
    let made = root.post("/v1/keys", inherited).await;
    assert_eq!(made.pointers(), ["/grants"]);
    // What is not said grants nothing.
    let made = root.post("/v1/keys", body).await.expect(201);
    assert_eq!(made["key"]["grants"], json!([]));
    let fixed = json!([{"permissions": ["flows_run"], "resource": "project/alpha"}]);
    let fields = json!({"project": "alpha", "grants": fixed});
    let key = acme.server.key(&acme.organization, fields).await;
    assert_eq!(acme.holds(&key).await, ["flows_run"]);
}

#[tokio::test]
async fn nx_25_nx_37_revoked_expired_and_unknown_keys_are_401() {
    let acme = Acme::start().await;
    let ann = acme.editor().await;
    let key = ann.key(json!({})).await;
    let ending = json!({"expires_at": acme.server.clock.text_in(60)});
    let ending = ann.key(ending).await;
    assert!(acme.may(&ending, "flows_run").await);
    acme.server.clock.advance(60);
    let expired = acme.verdict(&ending, "flows_run", None).await;
    assert_eq!(expired, (401, "api_key_expired".to_owned()));
    assert_eq!(ann.revokes(&key).await, 200);
    let revoked = acme.verdict(&key, "flows_run", None).await;
    assert_eq!(revoked, (401, "api_key_revoked".to_owned()));
    for (secret, code) in [
        (format!("noxus_{}", "A".repeat(40)), "api_key_invalid"),
        ("noxus_short".to_owned(), "api_key_malformed"),
    ] {
        let said = acme.server.ask(json!({ "secret": secret })).await;
        assert_eq!(
            (&said["http_status"], &said["code"]),
            (&json!(401), &json!(code))
        );
    }
}

#[tokio::test]
async fn nx_33_no_role_holds_what_is_the_organizations_and_system_keys_are_in_no_project() {
    let acme = Acme::start().await;
    let boss = acme.person("boss@acme.example", "org_admin", None).await;
    let key = boss.key(json!({})).await;
    for permission in ["users:read", "org:admin", "tenant:admin"] {
        assert!(!acme.may(&key, permission).await, "{permission}");
        let grants = json!([{"inherit": true, "permissions": [permission], "resource": "*"}]);
        let made = boss.key(json!({ "grants": grants })).await;
        assert!(!acme.may(&made, permission).await, "{permission}");
    }
    let grants = json!([{"permissions": ["org:admin"], "resource": "*"}]);
    let fields = json!({"grants": grants, "managed_by": "system"});
    let system = acme.server.key(&acme.organization, fields).await;
    assert_eq!(system.key["project"], Value::Null);
    let asked = acme.verdict(&system, "org:admin", None).await;
    assert_eq!(asked, (200, "valid".to_owned()));
    let in_alpha = "/v1/keys?project=alpha";
    let list = acme.server.root().get(in_alpha).await.expect(200);
    let ids: Vec<&Value> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["id"])
        .collect();
    assert!(!ids.contains(&&json!(system.id)) && ids.contains(&&json!(key.id)));
}

#[tokio::test]
async fn nx_35_admins_manage_all_keys_of_the_project_and_others_their_own() {
    let acme = Acme::start().await;
    let ann = acme.editor().await;
    let bob = acme
        .person("bob@acme.example", "org_base", Some("reader"))
        .await;
    let admin = acme
        .person("cleo@acme.example", "org_base", Some("admin"))
        .await;
    let boss = acme.person("boss@acme.example", "org_admin", None).await;
    let of_ann = ann.key(json!({"name": "ann's"})).await;
    let of_bob = bob.key(json!({"name": "bob's"})).await;
    let _of_admin = admin.key(json!({"name": "cleo's"})).await;
    let _in_beta = boss
        .key(json!({"name": "in beta", "project": "beta"}))
        .await;

    assert_eq!(ann.sees().await, ["ann's"]);
    assert_eq!(bob.sees().await, ["bob's"]);
    assert_eq!(admin.sees().await, ["ann's", "bob's", "cleo's"]);
    assert_eq!(boss.sees().await, ["ann's", "bob's", "cleo's", "in beta"]);

    // Another one's key is not found, and nothing is done to it.
    ann.browser
        .get(&of_bob.path())
        .await
        .refuses(404, "key_not_found");
    assert_eq!(ann.revokes(&of_bob).await, 404);
    assert!(acme.may(&of_bob, "flows_run").await);
    // Nor are keys made in a workspace where one has no role.
    let elsewhere = ann.makes(json!({"project": "beta"})).await;
    elsewhere.refuses(403, "permission_denied");

    assert_eq!(ann.revokes(&of_ann).await, 200);
    assert_eq!(admin.revokes(&of_bob).await, 200);
    assert!(!acme.may(&of_bob, "flows_run").await);
}

#[tokio::test]
async fn nx_35_the_list_of_roles_tells_keys_of_ones_own_from_all_keys() {
    let acme = Acme::start().await;
    let roles = acme.server.root().get("/v1/roles").await.expect(200);
    let roles = roles["data"].as_array().unwrap();
    let editor = roles.iter().find(|it| it["name"] == "editor").unwrap();
    assert_eq!(editor["manage"], json!(["projects.read"]));
    let own = json!([
        "keys.read",
        "keys.create",
        "keys.update",
        "keys.revoke",
        "keys.delete"
    ]);
    assert_eq!(editor["manage_own"], own);
}

#[tokio::test]
async fn nx_36_the_audit_log_says_who_made_and_ended_a_key() {
    let acme = Acme::start().await;
    let ann = acme.editor().await;
    let key = ann.key(json!({})).await;
    assert_eq!(key.key["created_by"], format!("member/{}", ann.id));
    let log = acme.server.audit().await;
    let entry = log.iter().find(|it| it["action"] == "key.created").unwrap();
    assert_eq!(entry["actor"], key.key["created_by"]);
    assert_eq!(entry["organization"], acme.organization);
    assert!(entry.to_string().contains(&key.id), "{entry}");
    assert_eq!(ann.revokes(&key).await, 200);
    let log = acme.server.audit().await;
    let entry = log.iter().find(|it| it["action"] == "key.revoked").unwrap();
    assert_eq!(entry["actor"], key.key["created_by"]);
    assert!(entry.to_string().contains(&key.id), "{entry}");
}

impl Acme {
    /// A day on which the key is used so often; what was counted is written.
    async fn day_of(&mut self, key: &Made, uses: usize) {
        for _ in 0..uses {
            assert!(self.may(key, "flows_run").await);
        }
        self.server.restart().await;
        self.server.clock.advance(24 * 60 * 60);
    }

    /// The page of a key, as somebody sees it who signs in now.
    async fn page_of(&self, key: &Made, person: &Person) -> String {
        let root = self.server.root();
        let link = self.server.sign_in_link(&root, &person.id).await;
        let browser = Browser::at(&self.server, &link).await;
        let page = browser
            .get(&format!("/projects/alpha/keys/{}", key.id))
            .await;
        assert_eq!(page.status, 200, "{}", page.text());
        page.text()
    }
}

#[tokio::test]
async fn nx_24_a_day_of_use_unlike_the_days_before_is_marked_on_the_keys_page() {
    let mut acme = Acme::start().await;
    let ann = acme.editor().await;
    let key = ann.key(json!({})).await;
    for uses in [3, 4, 2] {
        acme.day_of(&key, uses).await;
    }
    let usual = acme.page_of(&key, &ann).await;
    assert!(!usual.contains("unlike the days before"), "{usual}");
    acme.day_of(&key, 120).await;
    let page = acme.page_of(&key, &ann).await;
    assert!(page.contains("was unlike the days before."), "{page}");
    let sentence = "120 requests were let through, and at most 4 on any of the 14 days before.";
    assert!(page.contains(sentence), "{page}");
}
