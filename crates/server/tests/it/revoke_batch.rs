//! `POST /v1/keys/revoke-batch`

use serde_json::{Value, json};

use crate::server::Server;

const PATH: &str = "/v1/keys/revoke-batch";

#[tokio::test]
async fn leaked_secrets_are_revoked_and_each_is_told_of_in_its_place() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    let one = server.key(&own, json!({})).await;
    let two = server.key(&own, json!({})).await;
    let dead = server.key(&own, json!({})).await;
    let foreign = server.key(&other, json!({})).await;
    server
        .root()
        .post(&format!("{}/revoke", dead.path()), json!({}))
        .await
        .expect(200);
    let admin = server.manager(&own, "admin").await.caller;
    let unknown = Server::forge("live", "NobodyNobody");
    let body = json!({
        "secrets": [two.secret, unknown, "no key at all", dead.secret, foreign.secret, one.secret],
        "reason": "leaked", "reason_code": "leak",
    });
    server.clock.advance(1);
    let revoked = admin.post(PATH, body).await.expect(200);
    let nothing = json!({"id": null, "result": "unknown"});
    let expected = json!({
        "data": [
            {"id": two.id, "result": "revoked"},
            nothing, nothing,
            {"id": dead.id, "result": "already_revoked"},
            nothing,
            {"id": one.id, "result": "revoked"},
        ],
        "has_more": false,
        "effective_everywhere_at": server.clock.text(),
    });
    assert_eq!(revoked, expected);
    for key in [&one, &two] {
        assert_eq!(server.verdict(&key.secret).await, "api_key_revoked");
        let shown = server.root().get(&key.path()).await.expect(200);
        assert_eq!(shown["revoked_reason_code"], "leak");
    }
    assert_eq!(server.verdict(&foreign.secret).await, "valid");
    let shown = server.root().get(&dead.path()).await.expect(200);
    assert_eq!(
        shown["revoked_reason"],
        Value::Null,
        "the first revoke stays"
    );
}

/// The keys that were revoked, in order.
fn ids(revoked: &Value) -> Vec<&str> {
    let items = revoked["data"].as_array().unwrap().iter();
    let mut ids: Vec<&str> = items.map(|it| it["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn a_filter_revokes_what_matches_all_of_it_and_nothing_else() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    server.project(&own, "alpha").await;
    let hit = json!({"owner": "u_1", "project": "alpha", "managed_by": "terraform"});
    let hits = [
        server.key(&own, hit.clone()).await,
        server.key(&own, hit).await,
    ];
    let misses = [
        server
            .key(&own, json!({"owner": "u_1", "managed_by": "terraform"}))
            .await,
        server
            .key(
                &own,
                json!({"owner": "u_2", "project": "alpha", "managed_by": "terraform"}),
            )
            .await,
        server
            .key(&other, json!({"owner": "u_1", "managed_by": "terraform"}))
            .await,
    ];
    let filter = json!({"owner": "u_1", "project": "alpha", "managed_by": "terraform"});
    let revoked = server
        .root()
        .post(PATH, json!({"filter": filter}))
        .await
        .expect(200);
    let ids = ids(&revoked);
    let mut expected = [hits[0].id.as_str(), &hits[1].id];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    for key in &hits {
        assert_eq!(server.verdict(&key.secret).await, "api_key_revoked");
    }
    for key in &misses {
        assert_eq!(server.verdict(&key.secret).await, "valid");
    }
    // Again there is nothing left to do.
    let again = server
        .root()
        .post(PATH, json!({"filter": filter}))
        .await
        .expect(200);
    assert_eq!(again["data"], json!([]));
    let foreign = server.manager(&own, "admin").await.caller;
    let body = json!({"filter": {"organization": other}});
    foreign
        .post(PATH, body)
        .await
        .refuses(404, "organization_not_found");
    let everything = foreign
        .post(PATH, json!({"filter": {"owner": "u_1"}}))
        .await
        .expect(200);
    assert_eq!(everything["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        server.verdict(&misses[2].secret).await,
        "valid",
        "of another organization"
    );
}

#[tokio::test]
async fn nothing_never_means_everything() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    for (body, pointer) in [
        (json!({}), ""),
        (json!({"filter": {"owner": "a"}, "secrets": []}), ""),
        (json!({"filter": null, "secrets": null}), ""),
        (json!({"filter": {}}), "/filter"),
        (json!({"filter": {"owner": null}}), "/filter"),
        (
            json!({"filter": {"everything": true}}),
            "/filter/everything",
        ),
        (json!({"secrets": vec!["x"; 1_001]}), "/secrets"),
        (json!({"secrets": [7]}), "/secrets/0"),
    ] {
        let refused = server.root().post(PATH, body.clone()).await;
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    assert_eq!(
        server
            .root()
            .post(PATH, json!({"secrets": []}))
            .await
            .expect(200)["data"],
        json!([])
    );
    for project in ["..", "nothing"] {
        let body = json!({"filter": {"project": project}});
        assert_eq!(
            server.root().post(PATH, body).await.expect(200)["data"],
            json!([])
        );
    }
    assert_eq!(server.verdict(&key.secret).await, "valid");
}

#[tokio::test]
async fn more_than_one_call_can_take_are_revoked_by_calling_again() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let lines: Vec<String> = (0..1_100)
        .map(|number| {
            let digest = Server::digest(&number.to_string());
            let line = json!({
                "organization": own, "name": "imported", "sha256": digest,
                "display_prefix": "x", "managed_by": "mover",
            });
            line.to_string()
        })
        .collect();
    let root = server.root();
    let import = root.call(http::Method::POST, "/v1/keys/import");
    let imported = import
        .body("application/x-ndjson", lines.join("\n"))
        .send()
        .await;
    assert_eq!(
        imported.expect(200),
        json!({"imported": 1_100, "refused": 0})
    );
    let body = json!({"filter": {"managed_by": "mover"}});
    let mut revoked = 0;
    for _ in 0..3 {
        let answer = root.post(PATH, body.clone()).await.expect(200);
        revoked += answer["data"].as_array().unwrap().len();
        if answer["has_more"] == false {
            break;
        }
    }
    assert_eq!(revoked, 1_100);
    let left = root
        .get("/v1/keys?managed_by=mover&include_revoked=false")
        .await
        .expect(200);
    assert_eq!(left["data"], json!([]));
}
