//! One good request for each route. A route without one fails the table of authorization.

use http::Method;
use keyway_tests::client::{Answer, Caller};
use keyway_tests::server::{Server, text};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The first version of a thing.
const FIRST: &str = "\"1\"";

/// What a request may be about. Everything belongs to one organization.
pub(crate) struct Objects {
    organization: String,
    project: String,
    key: String,
    secret: String,
    management_key: String,
    signing_key: String,
    member: String,
    email: String,
    invitation: String,
    portal_session: String,
    resource: String,
    profile: String,
    profile_tag: String,
}

impl Objects {
    /// Anew for each call: it may end them.
    pub(crate) async fn make(server: &Server, organization: &str) -> Self {
        let root = server.root();
        let body = json!({"organization": organization, "name": "a project"});
        let project = root.post("/v1/projects", &body).await.expect(201);
        let (key, secret) = server.key(organization, json!({})).await;
        let body = json!({"organization": organization, "name": "a", "preset": "read-only"});
        let management_key = root.post("/v1/management-keys", &body).await.expect(201);
        // An address of its own each time: the member before may still be there.
        let email = |name: &str| format!("{name}-{}@example.com", key.to_lowercase());
        let person = |name: &str| json!({"organization": organization, "email": email(name), "name": "A", "role": "viewer"});
        let member = root
            .post("/v1/members", &person("member"))
            .await
            .expect(201);
        let body = json!({"organization": organization, "email": email("guest"), "role": "viewer"});
        let invitation = root.post("/v1/invitations", &body).await.expect(201);
        let body = json!({"organization": organization, "permissions": ["keys.read"]});
        let portal_session = root.post("/v1/portal-sessions", &body).await.expect(201);
        let resource = format!("project/{}/workflow/w1", text(&project, "/id"));
        let path = format!("/v1/resources/{resource}?organization={organization}");
        let told = root
            .call(Method::PUT, &path)
            .json(&json!({"name": "a workflow"}));
        told.send().await.expect(201);
        let another = email("another");
        let signing_keys = root.get("/v1/signing-keys").await.expect(200);
        // Never the first, which signs.
        let signing_key = signing_keys["data"].as_array().and_then(|it| it.last());
        let profile = root.get("/v1/profile").await;
        Self {
            organization: organization.to_owned(),
            project: text(&project, "/id"),
            key,
            secret,
            management_key: text(&management_key, "/key/id"),
            member: text(&member, "/id"),
            signing_key: text(signing_key.unwrap(), "/id"),
            resource,
            email: another,
            invitation: text(&invitation, "/invitation/id"),
            portal_session: text(&portal_session, "/portal_session/id"),
            profile_tag: profile.header("etag"),
            profile: text(&profile.expect(200), "/toml"),
        }
    }

    fn path(&self, template: &str) -> String {
        let id = match template.split('/').nth(2).unwrap_or_default() {
            "organizations" => &self.organization,
            "projects" => &self.project,
            "management-keys" => &self.management_key,
            "signing-keys" => &self.signing_key,
            "members" => &self.member,
            "invitations" => &self.invitation,
            "portal-sessions" => &self.portal_session,
            _ => &self.key,
        };
        template
            .replace("{id}", id)
            .replace(
                "{path}",
                &format!("{}?organization={}", self.resource, self.organization),
            )
            .replace("{code}", "key_not_found")
    }

    fn body(&self, route: &str) -> Option<Value> {
        let organization = &self.organization;
        let (secret, profile) = (&self.secret, &self.profile);
        Some(match route {
            "POST /v1/organizations" | "PUT /v1/resources/{path}" => json!({"name": "another"}),
            "POST /v1/projects" | "POST /v1/keys" => {
                json!({"organization": organization, "name": "another"})
            }
            "POST /v1/management-keys" => {
                json!({"organization": organization, "name": "another", "preset": "read-only"})
            }
            "POST /v1/members" => json!({
                "organization": organization, "email": self.email, "name": "B", "role": "viewer",
            }),
            "POST /v1/invitations" => {
                json!({"organization": organization, "email": self.email, "role": "viewer"})
            }
            "POST /v1/sign-in-links" => json!({"member": self.member}),
            "POST /v1/portal-sessions" => {
                json!({"organization": organization, "permissions": ["keys.read"]})
            }
            "PATCH /v1/organizations/{id}" | "PATCH /v1/keys/{id}" | "PATCH /v1/members/{id}" => {
                json!({"name": "edited"})
            }
            "POST /v1/keys/revoke-batch" => {
                json!({"filter": {"organization": organization, "owner": "nobody"}})
            }
            "POST /v1/keys/verify" => json!({"secret": secret}),
            "POST /v1/keys/verify-batch" => json!({"items": [{"secret": secret}]}),
            "PUT /v1/profile" => json!({"toml": profile}),
            "POST /v1/keys/{id}/revoke"
            | "POST /v1/keys/{id}/rotate"
            | "POST /v1/keys/{id}/activate"
            | "POST /v1/keys/{id}/deactivate"
            | "POST /v1/organizations/{id}/suspend"
            | "POST /v1/organizations/{id}/resume"
            | "POST /v1/management-keys/{id}/revoke"
            | "POST /v1/portal-sessions/{id}/revoke"
            | "POST /v1/signing-keys"
            | "POST /v1/signing-keys/{id}/revoke"
            | "POST /v1/whoami/revoke" => json!({}),
            _ => return None,
        })
    }

    fn import_line(&self) -> String {
        // Another digest each time: it is made of the key's own id.
        let digest = hex::encode(Sha256::digest(&self.key));
        let organization = &self.organization;
        json!({
            "organization": organization, "name": "b", "sha256": digest, "display_prefix": "b_",
        })
        .to_string()
    }
}

/// Calls the route as it should be called; none: nobody has said how.
pub(crate) async fn send(
    caller: &Caller,
    method: &str,
    template: &str,
    objects: &Objects,
) -> Option<Answer> {
    let route = format!("{method} {template}");
    let call = caller.call(method.parse::<Method>().unwrap(), &objects.path(template));
    // What is exchanged is the credential, and there is room for one.
    let client = caller.with_basic(&objects.key, &objects.secret);
    let form = "application/x-www-form-urlencoded";
    let call = match objects.body(&route) {
        None if template == "/v1/tokens" => client
            .call(Method::POST, template)
            .body(form, "grant_type=client_credentials"),
        Some(body) if template == "/v1/profile" => {
            call.header("if-match", &objects.profile_tag).json(&body)
        }
        // A new member is at its first version.
        Some(body) if route == "PATCH /v1/members/{id}" => {
            call.header("if-match", FIRST).json(&body)
        }
        Some(body) => call.json(&body),
        None if route == "POST /v1/keys/import" => {
            call.body("application/x-ndjson", objects.import_line())
        }
        None if template == "/v1/follow" => call.first_piece(),
        None if method == "GET" || method == "DELETE" => call,
        // A proxy may ask in any way.
        None if template == "/v1/authorize" => call,
        None => return None,
    };
    Some(call.send().await)
}
