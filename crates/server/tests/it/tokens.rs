//! `POST /v1/tokens`, and a token wherever a key string is taken.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use serde_json::{Value, json};

use crate::caller::Answer;
use crate::client_credentials::use_clients;
use crate::server::{Made, Server};

const FORM: &str = "application/x-www-form-urlencoded";
const GRANT: &str = "grant_type=client_credentials&scope=any";

pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) own: String,
}

impl Scene {
    /// A server that exchanges client credentials for tokens, with one signing key.
    pub(crate) async fn of(tokens: &str) -> Self {
        let server = Server::start().await;
        use_clients(&server, &format!("\n[tokens]\n{tokens}\n")).await;
        let made = server.root().post("/v1/signing-keys", json!({})).await;
        made.expect(201);
        let own = server.organization("Own").await;
        Self { server, own }
    }

    pub(crate) async fn key(&self, fields: Value) -> Made {
        self.server.key(&self.own, fields).await
    }

    pub(crate) async fn exchange(&self, id: &str, secret: &str) -> Answer {
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let nobody = self.server.nobody();
        let call = nobody.call(Method::POST, "/v1/tokens");
        call.header("authorization", &basic)
            .body(FORM, GRANT)
            .send()
            .await
    }

    pub(crate) async fn token(&self, key: &Made) -> String {
        let issued = self.exchange(&key.id, &key.secret).await.expect(200);
        issued["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn step(&self, key: &Made, step: &str) {
        let path = format!("{}/{step}", key.path());
        self.server.root().post(&path, json!({})).await.expect(200);
    }
}

/// Header and claims, as anybody can read them.
pub(crate) fn read(token: &str) -> (Value, Value) {
    let part = |at: usize| {
        let part = token.split('.').nth(at).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    (part(0), part(1))
}

#[tokio::test]
async fn s_jwt_04_a_token_names_its_key_and_says_who_made_it_for_whom_and_until_when() {
    let claims = "lifetime = \"1h\"\nissuer = \"/oauth2/default\"\naudience = \"the api\"\n\
                  claims = { cid = \"{key}\", who = { org = \"{organization}\", at = \"{host}\" } }";
    let scene = Scene::of(claims).await;
    let key = scene.key(json!({})).await;
    let issued = scene.exchange(&key.id, &key.secret).await;
    assert_eq!(issued.header("cache-control"), "no-store");
    let issued = issued.expect(200);
    assert_eq!(
        (&issued["token_type"], &issued["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );
    assert_eq!(issued["expires_at"], scene.server.clock.text_in(3_600));
    let (header, claims) = read(issued["access_token"].as_str().unwrap());
    let kid = header["kid"].as_str().unwrap();
    assert_eq!(header, json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid}));
    let jti = claims["jti"].as_str().unwrap();
    assert_eq!(jti.len(), 20);
    let expected = json!({
        "iss": "https://keys.example/oauth2/default", "aud": "the api",
        "sub": key.id, "client_id": key.id, "iat": 1_767_323_045, "exp": 1_767_326_645,
        "jti": jti, "cid": key.id, "who": {"org": scene.own, "at": "keys.example"},
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn s_jwt_07_s_jwt_08_each_algorithm_signs_and_publishes_no_private_member() {
    let members = [
        ("EdDSA", vec!["alg", "crv", "kid", "kty", "use", "x"]),
        ("ES256", vec!["alg", "crv", "kid", "kty", "use", "x", "y"]),
        ("RS256", vec!["alg", "e", "kid", "kty", "n", "use"]),
    ];
    for (algorithm, members) in members {
        let scene = Scene::of(&format!("algorithm = \"{algorithm}\"")).await;
        let key = scene.key(json!({})).await;
        let token = scene.token(&key).await;
        assert_eq!(read(&token).0["alg"], algorithm);
        assert_eq!(scene.server.verdict(&token).await, "valid", "{algorithm}");
        let keys = scene.server.nobody().get("/.well-known/jwks.json").await;
        assert_eq!(keys.header("cache-control"), "public, max-age=300");
        let keys = keys.expect(200);
        assert_eq!(keys.as_object().unwrap().len(), 1);
        let [published] = keys["keys"].as_array().unwrap().as_slice() else {
            panic!("{keys}");
        };
        let named: Vec<&String> = published.as_object().unwrap().keys().collect();
        assert_eq!(named, members);
        assert_eq!(
            (&published["use"], &published["alg"]),
            (&json!("sig"), &json!(algorithm))
        );
        assert_eq!(published["kid"], read(&token).0["kid"]);
    }
}

#[tokio::test]
async fn s_jwt_13_a_token_stands_for_its_key_as_it_is_now() {
    let scene = Scene::of("").await;
    let key = scene
        .key(json!({"grants": [{"role": "viewer", "resource": "*"}]}))
        .await;
    let token = scene.token(&key).await;
    let server = &scene.server;
    let by_proxy = || async {
        let holder = server.nobody().with(&token);
        holder.get("/v1/authorize?permission=orders.read").await
    };
    let answer = by_proxy().await;
    assert_eq!(
        (answer.status, answer.header("keyway-key-id")),
        (200, key.id.clone())
    );
    let grants = json!({"grants": [{"role": "viewer", "resource": "project/other"}]});
    server.root().patch(&key.path(), grants).await.expect(200);
    by_proxy().await.refuses(403, "out_of_scope");
    scene.step(&key, "deactivate").await;
    by_proxy().await.refuses(401, "api_key_inactive");
    scene.step(&key, "activate").await;
    assert_eq!(server.verdict(&token).await, "valid");
    scene.step(&key, "revoke").await;
    assert_eq!(server.verdict(&token).await, "api_key_revoked");
    server.root().delete(&key.path()).await.expect(200);
    assert_eq!(server.verdict(&token).await, "api_key_invalid");
}

#[tokio::test]
async fn s_jwt_13_a_token_lives_no_longer_than_the_profile_says_and_than_its_key() {
    let scene = Scene::of("").await;
    let long = scene.key(json!({})).await;
    let end = scene.server.clock.text_in(200);
    let short = scene.key(json!({"expires_at": end})).await;
    let of_long = scene.token(&long).await;
    let of_short = scene.token(&short).await;
    let (_, claims) = read(&of_short);
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        200
    );
    scene.server.clock.advance(200);
    assert_eq!(scene.server.verdict(&of_short).await, "api_key_expired");
    assert_eq!(scene.server.verdict(&of_long).await, "valid");
    scene.server.clock.advance(100 + 60);
    assert_eq!(scene.server.verdict(&of_long).await, "access_token_expired");
    let refused = scene.exchange(&short.id, &short.secret).await;
    refused.refuses(401, "api_key_expired");
}

#[tokio::test]
async fn only_the_id_and_the_secret_of_one_key_that_is_let_through_make_a_token() {
    let scene = Scene::of("").await;
    let (key, other) = (scene.key(json!({})).await, scene.key(json!({})).await);
    let never = "x".repeat(64);
    for (id, secret, code) in [
        (&key.id, &never, "api_key_invalid"),
        (&other.id, &key.secret, "api_key_invalid"),
        (&key.id, &key.id, "api_key_malformed"),
        (&String::new(), &key.secret, "api_key_invalid"),
    ] {
        let refused = scene.exchange(id, secret).await;
        refused.refuses(401, code);
        assert!(refused.header("www-authenticate").starts_with("Basic "));
    }
    scene.step(&key, "deactivate").await;
    let refused = scene.exchange(&key.id, &key.secret).await;
    refused.refuses(401, "api_key_inactive");
    scene.step(&key, "revoke").await;
    let refused = scene.exchange(&key.id, &key.secret).await;
    refused.refuses(401, "api_key_revoked");
}

#[tokio::test]
async fn a_call_that_is_no_exchange_is_told_what_is_wrong() {
    let scene = Scene::of("").await;
    let key = scene.key(json!({})).await;
    let basic = format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", key.id, key.secret))
    );
    let nobody = scene.server.nobody();
    let call = |form: &str| {
        let call = nobody.call(Method::POST, "/v1/tokens");
        call.header("authorization", &basic)
            .body(FORM, form.to_owned())
    };
    for form in [
        "",
        "grant_type=password",
        "grant_type=client_credentials&client_id=a",
    ] {
        let refused = call(form).send().await;
        refused.refuses(422, "invalid_request");
    }
    let twice = call("grant_type=client_credentials&grant_type=client_credentials");
    twice.send().await.refuses(400, "duplicate_parameter");
    let json = nobody
        .post("/v1/tokens", json!({"grant_type": "client_credentials"}))
        .await;
    json.refuses(415, "unsupported_media_type");
    let bare = nobody.call(Method::POST, "/v1/tokens").body(FORM, GRANT);
    bare.send().await.refuses(401, "api_key_missing");
    let two = call(GRANT).header("authorization", &basic).send().await;
    two.refuses(400, "duplicate_credentials");
    let unreadable = nobody.call(Method::POST, "/v1/tokens").body(FORM, GRANT);
    let unreadable = unreadable.header("authorization", "Basic e").send().await;
    unreadable.refuses(401, "api_key_malformed");
}

#[tokio::test]
async fn a_profile_without_tokens_has_neither_exchange_nor_published_keys() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let keys = nobody.get("/.well-known/jwks.json").await;
    keys.refuses(404, "tokens_not_offered");
    let call = nobody.call(Method::POST, "/v1/tokens").body(FORM, GRANT);
    let call = call.header("authorization", "Basic YTpi").send().await;
    call.refuses(404, "tokens_not_offered");
    assert_eq!(server.verdict("a.b.c").await, "api_key_malformed");
}

/// S-LIMIT-14
#[tokio::test]
async fn s_limit_14_one_network_exchanges_so_often_and_no_more() {
    let scene = Scene::of("").await;
    let key = scene.key(json!({})).await;
    for _ in 0..300 {
        assert_eq!(scene.exchange(&key.id, "wrong").await.status, 401);
    }
    let refused = scene.exchange(&key.id, &key.secret).await;
    refused.refuses(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), "60");
    scene.server.clock.advance(60);
    scene.exchange(&key.id, &key.secret).await.expect(200);
}

#[tokio::test]
async fn s_jwt_01_a_token_that_keyway_did_not_sign_stands_for_nothing() {
    let scene = Scene::of("").await;
    let key = scene.key(json!({})).await;
    let token = scene.token(&key).await;
    let elsewhere = Scene::of("").await;
    let parts: Vec<&str> = token.split('.').collect();
    let (header, claims) = read(&token);
    let with = |name: &str, value: Value, of: &Value| {
        let mut changed = of.clone();
        changed[name] = value;
        URL_SAFE_NO_PAD.encode(changed.to_string())
    };
    let forged = [
        format!("{}.{}.", parts[0], parts[1]),
        format!(
            "{}.{}.{}",
            parts[0],
            with("sub", json!("other"), &claims),
            parts[2]
        ),
        format!(
            "{}.{}.{}",
            with("alg", json!("none"), &header),
            parts[1],
            parts[2]
        ),
        format!(
            "{}.{}.{}",
            with("alg", json!("HS256"), &header),
            parts[1],
            parts[2]
        ),
        format!(
            "{}.{}.{}",
            with("kid", json!("sig_0"), &header),
            parts[1],
            parts[2]
        ),
        format!(
            "{}.{}.{}",
            with("jwk", json!({}), &header),
            parts[1],
            parts[2]
        ),
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(86)),
        "a.b.c".to_owned(),
    ];
    for token in &forged {
        let code = scene.server.verdict(token).await;
        let is_refused = ["api_key_invalid", "api_key_malformed"].contains(&code.as_str());
        assert!(is_refused, "{code}");
    }
    assert_eq!(elsewhere.server.verdict(&token).await, "api_key_invalid");
    assert_eq!(scene.server.verdict(&token).await, "valid");
}
