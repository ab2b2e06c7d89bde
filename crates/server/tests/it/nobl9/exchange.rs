//! The two exchanges, in the words of the clients.

use http::Method;
use serde_json::{Value, json};

use super::{FORM, GRANT, Scene, TOKEN, is_refused};
use crate::server::Made;
use crate::tokens::read;

#[tokio::test]
async fn n9_38_the_exchange_is_what_the_client_expects() {
    let scene = Scene::set().await;
    let key = scene.key(json!({})).await;
    let issued = scene.exchange(&key).await.expect(200);
    let token = issued["access_token"].as_str().unwrap();
    let expected = json!({"token_type": "Bearer", "expires_in": 3600, "access_token": token,
        "scope": "m2m"});
    assert_eq!(issued, expected);
    let (header, claims) = read(token);
    assert_eq!(header["alg"], "RS256");
    assert_eq!(claims["iss"], "https://keys.example/oauth2/default");
    assert_eq!(claims["cid"], key.id);
    let profile = json!({"user": key.id, "organization": scene.own, "environment": "keys.example"});
    assert_eq!(claims["m2mProfile"], profile);
    assert_eq!(claims["agentProfile"], Value::Null);
    let keys = scene
        .server
        .nobody()
        .get("/oauth2/default/v1/keys")
        .await
        .expect(200);
    assert_eq!(keys["keys"][0]["kid"], header["kid"]);
    assert_eq!(
        (&keys["keys"][0]["kty"], &keys["keys"][0]["alg"]),
        (&json!("RSA"), &json!("RS256"))
    );
}

#[tokio::test]
async fn n9_38_the_exchange_refuses_in_the_words_of_oauth() {
    let scene = Scene::set().await;
    let key = scene.key(json!({})).await;
    is_refused(
        &scene
            .exchange_with(&key.id, &"x".repeat(64), TOKEN, GRANT)
            .await,
    );
    is_refused(&scene.exchange_with(&key.id, "", TOKEN, GRANT).await);
    is_refused(&scene.exchange_with("", &key.secret, TOKEN, GRANT).await);
    let bare = scene.server.nobody();
    let bare = bare
        .call(Method::POST, TOKEN)
        .body(FORM, GRANT)
        .send()
        .await;
    is_refused(&bare);
    for (path, form, status) in [
        (TOKEN, "grant_type=password", 400),
        (TOKEN, "", 400),
        (TOKEN, "grant_type=client_credentials&x=1", 400),
        ("/oauth2/another/v1/token", GRANT, 404),
    ] {
        let refused = scene.exchange_with(&key.id, &key.secret, path, form).await;
        assert_eq!(refused.status, status, "{form}: {}", refused.text());
        assert_eq!(refused.json()["error"], "invalid_request");
    }
    for _ in 0..300 {
        scene.exchange_with(&key.id, "wrong", TOKEN, GRANT).await;
    }
    let refused = scene.exchange(&key).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (429, &json!("temporarily_unavailable"))
    );
}

#[tokio::test]
async fn n9_39_a_second_exchange_gives_the_same_kind_of_token_once_in_three_seconds() {
    let scene = Scene::set().await;
    let (key, other) = (scene.viewer().await, scene.key(json!({})).await);
    let issued = scene.access_token(&key, &scene.own).await.expect(200);
    let token = issued["access_token"].as_str().unwrap();
    assert_eq!(issued.as_object().unwrap().len(), 1);
    let (_, claims) = read(token);
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        3_600
    );
    assert_eq!(scene.may(token, "slo.read", "default").await, "valid");
    let refused = scene.access_token(&other, &scene.own).await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (429, "3".to_owned())
    );
    assert!(refused.json()["errors"][0]["title"].is_string());
    // Another organization has a pace of its own.
    let elsewhere = scene.server.organization("Elsewhere").await;
    let theirs = scene.server.key(&elsewhere, json!({})).await;
    scene.access_token(&theirs, &elsewhere).await.expect(200);
    scene.server.clock.advance(3);
    scene.access_token(&other, &scene.own).await.expect(200);
    let wrong = scene.access_token(&key, "another").await;
    assert_eq!(wrong.status, 403, "{}", wrong.text());
    let never = Made {
        secret: "x".repeat(64),
        ..key
    };
    let wrong = scene.access_token(&never, &scene.own).await;
    assert_eq!(wrong.status, 401, "{}", wrong.text());
}

#[tokio::test]
async fn n9_40_a_token_ends_with_its_key() {
    let scene = Scene::set().await;
    let key = scene
        .key(json!({"expires_at": scene.server.clock.text_in(90)}))
        .await;
    let issued = scene.exchange(&key).await.expect(200);
    assert_eq!(issued["expires_in"], 90);
    scene.server.clock.advance(90);
    let token = issued["access_token"].as_str().unwrap();
    assert_eq!(scene.server.verdict(token).await, "api_key_expired");
}
