//! Who may call: from nobody to somebody who may do everything.

use keyway_tests::client::Caller;
use keyway_tests::server::{Server, soon, text};
use keyway_tests::wait;
use serde_json::json;

/// Whatever the route: these are not let in where management is.
pub(crate) const STRANGERS: &[&str] = &["nobody", "malformed", "unknown", "revoked", "expired"];

/// The name that stands in the table, and the credential.
pub(crate) type Named = (&'static str, Caller);

/// Who is made once: the dead, who stay it, and people, who are signed in for good.
pub(crate) struct Lasting {
    dead: Dead,
    people: Vec<Named>,
}

impl Lasting {
    pub(crate) async fn make(server: &Server, own: &str, other: &str) -> Self {
        Self {
            dead: Dead::make(server, own).await,
            people: people(server, own, other).await,
        }
    }
}

/// A member of each role, one whose role is in a project alone, and the owner of another organization.
async fn people(server: &Server, own: &str, other: &str) -> Vec<Named> {
    let body = json!({"organization": own, "name": "Theirs"});
    let project = server.root().post("/v1/projects", &body).await.expect(201);
    let in_project = json!({text(&project, "/id"): "admin"});
    let nowhere = json!({});
    let mut people = Vec::new();
    for (name, organization, role, project_roles) in [
        ("a stranger", other, "owner", &nowhere),
        ("a viewer", own, "viewer", &nowhere),
        ("a project's admin", own, "viewer", &in_project),
        ("a developer", own, "developer", &nowhere),
        ("an admin", own, "admin", &nowhere),
        ("an owner", own, "owner", &nowhere),
    ] {
        let email = format!("{}@example.com", name.replace([' ', '\''], "."));
        let fields = json!({"role": role, "project_roles": project_roles});
        people.push((name, server.member(organization, &email, fields).await));
    }
    people
}

struct Dead {
    revoked: String,
    expired: String,
    revoked_key: String,
    expired_key: String,
    inactive_key: String,
    suspended_key: String,
}

impl Dead {
    async fn make(server: &Server, organization: &str) -> Self {
        let root = server.root();
        let key_after = async |verb: &str| {
            let (id, secret) = server.key(organization, json!({})).await;
            let path = format!("/v1/keys/{id}/{verb}");
            root.post(&path, &json!({})).await.expect(200);
            secret
        };
        let suspended = server.organization("Suspended").await;
        let (_, suspended_key) = server.key(&suspended, json!({})).await;
        let path = format!("/v1/organizations/{suspended}/suspend");
        root.post(&path, &json!({})).await.expect(200);
        Self {
            revoked: revoked(server).await,
            expired: expired(server).await,
            revoked_key: key_after("revoke").await,
            inactive_key: key_after("deactivate").await,
            expired_key: server.expired_key(organization).await,
            suspended_key,
        }
    }
}

async fn revoked(server: &Server) -> String {
    let body = json!({"name": "revoked", "preset": "admin", "organization": "*"});
    let made = server
        .root()
        .post("/v1/management-keys", &body)
        .await
        .expect(201);
    let path = format!("/v1/management-keys/{}/revoke", text(&made, "/key/id"));
    server.root().post(&path, &json!({})).await.expect(200);
    text(&made, "/secret")
}

async fn expired(server: &Server) -> String {
    let body = json!({
        "name": "expired", "preset": "admin", "organization": "*", "expires_at": soon(),
    });
    let made = server
        .root()
        .post("/v1/management-keys", &body)
        .await
        .expect(201);
    let secret = text(&made, "/secret");
    let caller = server.nobody().with(&secret);
    wait::until("the management key to expire", async || {
        (caller.get("/v1/keys").await.status == 401).then_some(())
    })
    .await;
    secret
}

/// The living ones are made anew for each route: a route may end who calls it.
pub(crate) async fn all(server: &Server, lasting: &Lasting, own: &str, other: &str) -> Vec<Named> {
    let nobody = server.nobody();
    let dead = &lasting.dead;
    let (_, key) = server.key(own, json!({})).await;
    let mut callers = vec![
        ("nobody", nobody.clone()),
        ("malformed", nobody.with("nonsense")),
        (
            "unknown",
            nobody.with(&format!("kw_mgmt_{}", "x".repeat(43))),
        ),
        ("revoked", nobody.with(&dead.revoked)),
        ("expired", nobody.with(&dead.expired)),
        ("revoked key", nobody.with(&dead.revoked_key)),
        ("expired key", nobody.with(&dead.expired_key)),
        ("inactive key", nobody.with(&dead.inactive_key)),
        (
            "suspended organization's key",
            nobody.with(&dead.suspended_key),
        ),
        ("key", nobody.with(&key)),
    ];
    for (name, preset, organization) in [
        ("other organization", "admin", other),
        ("verify-only", "verify-only", own),
        ("read-only", "read-only", own),
        ("admin", "admin", own),
        ("operator", "admin", "*"),
    ] {
        let secret = server.management_key(preset, organization).await;
        callers.push((name, nobody.with(&secret)));
    }
    callers.extend(lasting.people.iter().cloned());
    callers
}
