//! Keys that are two fields: a client id, which everybody may know, and a client secret.

use http::Method;
use serde_json::{Value, json};

use crate::server::Server;

/// A server whose keys are client credentials, five to an organization.
async fn a_server() -> Server {
    let server = Server::start().await;
    let limits = "\n[limits]\nkeys_per_organization = 5\n";
    use_clients(&server, limits).await;
    server
}

/// Puts a profile in force whose keys are client credentials, with `more` behind it.
pub(crate) async fn use_clients(server: &Server, more: &str) {
    let profile = server.root().get("/v1/profile").await;
    let tag = profile.etag();
    let toml = profile.expect(200)["toml"].as_str().unwrap().to_owned();
    let fields = "id = \"{id:20}\"\ntemplate = \"{secret:base62:64}\"";
    let template = "template = \"kw_{env}_{id:12}_{secret:base62:40}{check:6}\"";
    let toml = toml.replace(template, fields);
    let toml = format!("{toml}{more}");
    let root = server.root();
    let apply = root.call(Method::PUT, "/v1/profile").if_match(&tag);
    apply.json(&json!({"toml": toml})).send().await.expect(200);
}

fn is_base62(text: &str, chars: usize) -> bool {
    text.len() == chars && text.bytes().all(|it| it.is_ascii_alphanumeric())
}

#[tokio::test]
async fn a_key_is_an_id_in_clear_and_a_secret_that_is_shown_once() {
    let server = a_server().await;
    let own = server.organization("Own").await;
    let made = server.key(&own, json!({})).await;
    assert!(is_base62(&made.id, 20), "{}", made.id);
    assert!(
        is_base62(&made.secret, 64),
        "{} characters",
        made.secret.len()
    );
    assert_eq!(made.key["display_prefix"], *made.id);
    assert_eq!(made.key["suffix"], made.secret[60..]);
    let shown = server.root().get(&made.path()).await.expect(200);
    assert_eq!(shown, made.key);
    let audit = Value::from(server.audit().await).to_string();
    assert!(audit.contains(&made.id) && !audit.contains(&made.secret));
}

#[tokio::test]
async fn the_secret_alone_is_no_credential() {
    let server = a_server().await;
    let own = server.organization("Own").await;
    let made = server.key(&own, json!({})).await;
    assert_eq!(server.verdict(&made.secret).await, "api_key_malformed");
    let both = format!("{}{}", made.id, made.secret);
    assert_eq!(server.verdict(&both).await, "api_key_malformed");
    let by_proxy = server
        .nobody()
        .with(&made.secret)
        .get("/v1/authorize")
        .await;
    by_proxy.refuses(401, "api_key_malformed");
}

#[tokio::test]
async fn of_many_creations_at_once_only_the_last_place_is_taken() {
    let server = a_server().await;
    let own = server.organization("Own").await;
    for _ in 0..4 {
        server.key(&own, json!({})).await;
    }
    let root = server.root();
    let body = json!({"organization": own, "name": "one more"});
    let calls = (0..20).map(|_| root.post("/v1/keys", body.clone()));
    let answers = futures_util::future::join_all(calls).await;
    let made = answers.iter().filter(|it| it.status == 201).count();
    assert_eq!(made, 1);
    for refused in answers.iter().filter(|it| it.status != 201) {
        refused.refuses(409, "key_limit_reached");
    }
}
