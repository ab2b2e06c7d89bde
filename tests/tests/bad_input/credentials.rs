//! More than one credential, and none that can be read.

use http::Method;

use crate::Scene;

/// S-BEARER-06: two readers could take the call for two callers.
#[tokio::test]
async fn two_credentials_are_refused_before_anything_is_looked_up() {
    let scene = Scene::set().await;
    let nobody = scene.server.nobody();
    let ours = format!("Bearer {}", scene.secret);
    let root = format!("Bearer {}", scene.server.root_key());
    for path in ["/v1/authorize", "/v1/whoami"] {
        for pair in [
            [
                ("authorization", ours.as_str()),
                ("authorization", ours.as_str()),
            ],
            [
                ("authorization", ours.as_str()),
                ("authorization", "Bearer nonsense"),
            ],
            [
                ("authorization", ours.as_str()),
                ("authorization", "Basic YTpi"),
            ],
            [
                ("authorization", ours.as_str()),
                ("x-api-key", scene.secret.as_str()),
            ],
            [
                ("x-api-key", scene.secret.as_str()),
                ("x-api-key", "nonsense"),
            ],
        ] {
            let mut call = nobody.call(Method::GET, path);
            for (header, value) in pair {
                call = call.header(header, value);
            }
            let answer = call.send().await;
            answer.refuses(400, "duplicate_credentials");
        }
    }
    let call = nobody.call(Method::GET, "/v1/keys");
    let twice = call
        .header("authorization", &root)
        .header("authorization", &ours);
    twice.send().await.refuses(400, "duplicate_credentials");
}

/// S-BEARER-01, S-BEARER-07
#[tokio::test]
async fn a_credential_is_read_by_its_scheme_and_from_headers_alone() {
    let scene = Scene::set().await;
    let nobody = scene.server.nobody();
    let secret = &scene.secret;
    for (value, status) in [
        (format!("Bearer {secret}"), 200),
        (format!("bearer {secret}"), 200),
        (format!("BEARER   {secret}"), 200),
        (format!("Basic {secret}"), 401),
        (format!("Bearer{secret}"), 401),
        (format!("Bearer {secret},{secret}"), 401),
        (format!("Bearer {secret} x"), 401),
        ("Bearer ".to_owned(), 401),
        (secret.clone(), 401),
        (String::new(), 401),
        ("Bearer \u{e9}".to_owned(), 401),
    ] {
        let call = nobody.call(Method::GET, "/v1/authorize");
        let answer = call.header("authorization", &value).send().await;
        assert_eq!(answer.status, status, "{value:?}: {}", answer.text());
    }
    for parameter in ["access_token", "api_key", "key", "token", "secret"] {
        let path = format!("/v1/authorize?{parameter}={secret}");
        assert_ne!(nobody.get(&path).await.status, 200, "{parameter}");
        let path = format!("/v1/keys?{parameter}={}", scene.server.root_key());
        nobody.get(&path).await.refuses(401, "credential_missing");
    }
}
