//! Who is not let through, and what they are told.

use http::Method;
use keyway_tests::server::{Options, Server};
use serde_json::json;

use crate::gateway::{Proxy, Scene};

/// S-PROXY-05, S-PROXY-06, S-PROXY-08: a decided case is never a 500, and the challenge arrives.
pub(crate) async fn a_refused_request_gets_its_reason_and_does_not_reach_the_product(proxy: Proxy) {
    let scene = Scene::set(proxy).await;
    for (status, code, secret) in refused_secrets(&scene).await {
        let answer = scene.customer(&secret).get("/").await;
        let found = (answer.status, answer.header("keyway-code"));
        assert_eq!(found, (status, code.to_owned()), "{}", answer.text());
        let challenge = answer.header("www-authenticate");
        // nginx passes the challenge of a 401 on, and no other.
        if status == 401 {
            assert!(challenge.contains("invalid_token"), "{code}: {challenge}");
        } else if proxy == Proxy::Caddy {
            assert_eq!(answer.code(), code, "{}", answer.text());
        }
    }
    let bare = scene.stranger().get("/").await;
    assert_eq!(
        (bare.status, bare.header("keyway-code").as_str()),
        (401, "api_key_missing")
    );
    let challenge = bare.header("www-authenticate");
    assert!(challenge.starts_with("Bearer realm="), "{challenge}");
    assert!(!challenge.contains("error"), "{challenge}");
    assert_eq!(scene.product.arrived().len(), 0);
}

/// Status, code, and a key that gets them when it wants to read everything.
async fn refused_secrets(scene: &Scene) -> Vec<(u16, &'static str, String)> {
    let granting = async |permission: &str, resource: &str| {
        let grants = json!([{"permissions": [permission], "resource": resource}]);
        scene.key(json!({"grants": grants})).await.1
    };
    vec![
        (401, "api_key_malformed", "nonsense".to_owned()),
        (401, "api_key_invalid", of_another_deployment().await),
        (401, "api_key_revoked", changed(scene, "revoke").await),
        (401, "api_key_inactive", changed(scene, "deactivate").await),
        (
            401,
            "api_key_expired",
            scene.server.expired_key(&scene.organization).await,
        ),
        (403, "insufficient_permissions", granting("list", "*").await),
        (403, "out_of_scope", granting("read", "project/alpha").await),
    ]
}

async fn of_another_deployment() -> String {
    let server = Server::start().await;
    let organization = server.organization("Elsewhere").await;
    server.key(&organization, json!({})).await.1
}

async fn changed(scene: &Scene, verb: &str) -> String {
    let (id, secret) = scene.key(json!({})).await;
    let path = format!("/v1/keys/{id}/{verb}");
    let root = scene.server.root();
    root.post(&path, &json!({})).await.expect(200);
    secret
}

/// The sample asks for another permission where something is changed.
pub(crate) async fn a_key_that_may_read_does_not_write(proxy: Proxy) {
    let scene = Scene::set(proxy).await;
    let (_, reader) = scene.key(json!({})).await;
    let customer = scene.customer(&reader);
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"] {
        let answer = customer.call(method.parse().unwrap(), "/").send().await;
        let found = (answer.status, answer.header("keyway-code"));
        assert_eq!(
            found,
            (403, "insufficient_permissions".to_owned()),
            "{method}"
        );
    }
    assert_eq!(scene.product.arrived().len(), 0);
    let answer = customer.call(Method::HEAD, "/").send().await;
    assert_eq!(
        (answer.status, scene.product.last().method.as_str()),
        (200, "HEAD")
    );
}

/// Two readers of one request must not see two callers.
pub(crate) async fn two_credentials_are_never_let_through(proxy: Proxy) {
    let scene = Scene::set(proxy).await;
    let (_, ours) = scene.key(json!({})).await;
    let (_, theirs) = scene.key(json!({})).await;
    let bearer = |secret: &str| format!("Bearer {secret}");
    for (first, second) in [
        (
            ("authorization", bearer(&ours)),
            ("authorization", bearer(&theirs)),
        ),
        (
            ("authorization", bearer(&ours)),
            ("x-api-key", theirs.clone()),
        ),
    ] {
        let stranger = scene.stranger();
        let call = stranger.call(Method::GET, "/");
        let call = call.header(first.0, &first.1).header(second.0, &second.1);
        let answer = call.send().await;
        assert!([400, 401].contains(&answer.status), "{}", answer.status);
    }
    assert_eq!(scene.product.arrived().len(), 0);
}

/// The proxy is trusted to say where the client is; the client is not.
pub(crate) async fn address_rules_are_about_the_client_and_not_about_the_proxy(proxy: Proxy) {
    let scene = Scene::set_with(proxy, Options::trusting("127.0.0.1/32")).await;
    let (_, elsewhere) = scene.key(json!({"ip_rules": ["203.0.113.0/24"]})).await;
    for header in ["x-forwarded-for", "x-real-ip", "forwarded"] {
        let value = match header {
            "forwarded" => "for=203.0.113.7",
            _ => "203.0.113.7",
        };
        let customer = scene.customer(&elsewhere);
        let call = customer.call(Method::GET, "/").header(header, value);
        let answer = call.send().await;
        let found = (answer.status, answer.header("keyway-code"));
        assert_eq!(found, (403, "ip_not_allowed".to_owned()), "{header}");
    }
    assert_eq!(scene.product.arrived().len(), 0);
}
