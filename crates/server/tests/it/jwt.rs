//! Signed tokens of an issuer that the operator configured: whom they let in, and which do not.

mod issuer;

use keyway_server::config::jwt_issuer::{JwtIssuer, Organizations};
use keyway_token::secret::Secret;
use serde_json::{Value, json};

use crate::caller::Answer;
use crate::jwt::issuer::{Key, Keyring, NAME, SECRET, encoded};
use crate::server::{Server, Setting};

const AUDIENCE: &str = "authenticated";
const EMAIL: &str = "mara@example.com";
/// 2026-01-02T03:04:05Z, when every test begins.
const NOW: i64 = 1_767_323_045;

/// What a server is told of an issuer.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) secret: Option<&'static str>,
    pub(crate) jwks_url: Option<String>,
    pub(crate) organization_claim: Option<&'static str>,
    pub(crate) organizations: Vec<String>,
}

impl Told {
    pub(crate) fn config(&self) -> JwtIssuer {
        let ids = self.organizations.iter().map(|id| id.parse().unwrap());
        JwtIssuer {
            issuer: NAME.to_owned(),
            audience: AUDIENCE.to_owned(),
            secret: self.secret.map(|it| Secret::new(it.to_owned())),
            jwks_url: self.jwks_url.as_ref().map(|it| it.parse().unwrap()),
            member_claim: "email".to_owned(),
            organization_claim: self.organization_claim.map(str::to_owned),
            organizations: match self.organizations.as_slice() {
                [] => Organizations::All,
                [..] => Organizations::Named(ids.collect()),
            },
        }
    }
}

fn secret_alone() -> Told {
    Told {
        secret: Some(SECRET),
        jwks_url: None,
        organization_claim: None,
        organizations: Vec::new(),
    }
}

async fn server(told: Told) -> Server {
    Server::start_with(Setting {
        jwt: Some(told),
        ..Setting::default()
    })
    .await
}

/// A server that has fetched the keys, as each does at its start.
async fn server_of(keyring: &Keyring) -> Server {
    let before = keyring.asked();
    let told = Told {
        jwks_url: Some(keyring.url.clone()),
        ..secret_alone()
    };
    let server = server(told).await;
    while keyring.asked() == before {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    server
}

async fn member(server: &Server, organization: &str, role: &str) -> String {
    let body = json!({"organization": organization, "email": EMAIL, "name": "Mara", "role": role});
    let made = server.root().post("/v1/members", body).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

fn claims() -> Value {
    json!({"iss": NAME, "aud": AUDIENCE, "sub": "u1", "email": EMAIL, "iat": NOW, "exp": NOW + 3600})
}

fn with(member: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[member] = value;
    claims
}

fn shared() -> Key {
    Key::Hs256(SECRET.as_bytes())
}

fn token(key: &Key, kid: &str, claims: &Value) -> String {
    let header = json!({"alg": key.algorithm(), "kid": kid, "typ": "JWT"});
    key.token(header, &claims.to_string())
}

async fn asked(server: &Server, token: &str) -> Answer {
    server.nobody().with(token).get("/v1/keys").await
}

#[tokio::test]
async fn nk_1_s_jwt_08_a_token_of_each_algorithm_stands_for_the_member() {
    let keys = [("r", Key::rsa()), ("e", Key::p256()), ("d", Key::ed25519())];
    let public: Vec<Value> = keys.iter().map(|(name, key)| key.public(name)).collect();
    let server = server_of(&Keyring::open(&public).await).await;
    member(&server, &server.organization("Acme").await, "owner").await;
    for (name, key) in keys.iter().chain(&[("any", shared())]) {
        let token = token(key, name, &claims());
        asked(&server, &token).await.expect(200);
        let body = json!({"name": "by token"});
        let made = server.nobody().with(&token).post("/v1/keys", body).await;
        made.expect(201);
    }
    let entry = server.audit().await.pop().unwrap();
    assert!(
        entry["actor"].as_str().unwrap().starts_with("member/"),
        "{entry}"
    );
}

#[tokio::test]
async fn a_token_may_what_its_member_may_at_that_moment() {
    let server = server(secret_alone()).await;
    let id = member(&server, &server.organization("Acme").await, "viewer").await;
    let caller = server.nobody().with(&token(&shared(), "a", &claims()));
    caller.get("/v1/keys").await.expect(200);
    let refused = caller.post("/v1/keys", json!({"name": "a"})).await;
    refused.refuses(403, "permission_denied");
    let path = format!("/v1/members/{id}");
    let root = server.root();
    let change = |method, version, body| {
        let call = root.call(method, &path).header("if-match", version);
        call.json(&body).send()
    };
    let developer = json!({"role": "developer"});
    change(http::Method::PATCH, "\"1\"", developer)
        .await
        .expect(200);
    let made = caller.post("/v1/keys", json!({"name": "a"})).await;
    made.expect(201);
    change(http::Method::DELETE, "\"2\"", json!({}))
        .await
        .expect(200);
    let gone = caller.get("/v1/keys").await;
    gone.refuses(403, "permission_denied");
}

#[tokio::test]
async fn s_jwt_01_a_public_key_is_no_secret_and_no_key_is_of_two_algorithms() {
    let key = Key::p256();
    let public = key.public("e");
    let server = server_of(&Keyring::open(std::slice::from_ref(&public)).await).await;
    member(&server, &server.organization("Acme").await, "owner").await;
    asked(&server, &token(&key, "e", &claims()))
        .await
        .expect(200);
    let as_secret: &'static [u8] = public.to_string().leak().as_bytes();
    let point: &'static [u8] = public["x"].as_str().unwrap().to_owned().leak().as_bytes();
    for forger in [
        Key::Hs256(as_secret),
        Key::Hs256(point),
        Key::p256(),
        Key::ed25519(),
    ] {
        let answer = asked(&server, &token(&forger, "e", &claims())).await;
        answer.refuses(401, "credential_invalid");
    }
    for algorithm in ["none", "EdDSA", "RS256", "HS256", "ES384", ""] {
        let header = json!({"alg": algorithm, "kid": "e"});
        let answer = asked(&server, &key.token(header, &claims().to_string())).await;
        answer.refuses(401, "credential_invalid");
    }
    let unsigned = format!(
        "{}.{}.",
        encoded(r#"{"alg":"none"}"#),
        encoded(claims().to_string())
    );
    asked(&server, &unsigned)
        .await
        .refuses(401, "credential_invalid");
}

#[tokio::test]
async fn s_jwt_02_a_token_that_brings_its_own_key_is_refused_and_nothing_is_fetched() {
    let evil = Key::p256();
    let elsewhere = Keyring::open(&[evil.public("evil")]).await;
    let keyring = Keyring::open(&[Key::p256().public("e")]).await;
    let server = server_of(&keyring).await;
    member(&server, &server.organization("Acme").await, "owner").await;
    asked(&server, &token(&Key::p256(), "e", &claims()))
        .await
        .refuses(401, "credential_invalid");
    let before = keyring.asked();
    for (name, value) in [
        ("jku", json!(elsewhere.url)),
        ("x5u", json!(elsewhere.url)),
        ("jwk", evil.public("evil")),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
    ] {
        let mut header = json!({"alg": "ES256", "kid": "evil"});
        header[name] = value;
        let answer = asked(&server, &evil.token(header, &claims().to_string())).await;
        answer.refuses(401, "credential_invalid");
    }
    assert_eq!((elsewhere.asked(), keyring.asked()), (0, before));
}

#[tokio::test]
async fn s_jwt_03_a_token_of_another_kind_is_refused() {
    let server = server(secret_alone()).await;
    member(&server, &server.organization("Acme").await, "owner").await;
    for (kind, status) in [
        ("JWT", 200),
        ("jwt", 200),
        ("at+jwt", 200),
        ("application/at+jwt", 200),
        ("dpop+jwt", 401),
        ("logout+jwt", 401),
        ("secevent+jwt", 401),
        ("", 401),
    ] {
        let header = json!({"alg": "HS256", "typ": kind});
        let answer = asked(&server, &shared().token(header, &claims().to_string())).await;
        assert_eq!(answer.status, status, "{kind}");
    }
}

#[tokio::test]
async fn s_jwt_05_s_jwt_06_each_broken_claim_is_refused() {
    let server = server(secret_alone()).await;
    member(&server, &server.organization("Acme").await, "owner").await;
    for claims in [
        with("iss", json!("https://id.example/auth/v1/")),
        with("iss", json!("https://ID.example/auth/v1")),
        with("iss", json!([NAME])),
        with("aud", json!("Authenticated")),
        with("aud", json!(["other"])),
        with("aud", json!(null)),
        with("exp", json!(null)),
        with("exp", json!(f64::from(i32::MAX) + 0.5)),
        with("exp", json!((NOW + 3600).to_string())),
        with("exp", json!((NOW + 3600) * 1000)),
        with("exp", json!(-1)),
        with("nbf", json!(NOW + 61)),
        with("iat", json!(NOW + 61)),
        with("iat", json!("yesterday")),
        with("email", json!(null)),
        with("email", json!([EMAIL])),
    ] {
        let answer = asked(&server, &token(&shared(), "a", &claims)).await;
        answer.refuses(401, "credential_invalid");
    }
    let expired = asked(
        &server,
        &token(&shared(), "a", &with("exp", json!(NOW - 60))),
    )
    .await;
    expired.refuses(401, "credential_expired");
    let text = claims().to_string();
    let twice = text.replacen('{', r#"{"email":"other@example.com","#, 1);
    let header = json!({"alg": "HS256"});
    asked(&server, &shared().token(header, &twice))
        .await
        .refuses(401, "credential_invalid");
    asked(
        &server,
        &token(&shared(), "a", &with("aud", json!(["x", AUDIENCE]))),
    )
    .await
    .expect(200);
    server.clock.advance(3600 + 59);
    asked(&server, &token(&shared(), "a", &claims()))
        .await
        .expect(200);
    server.clock.advance(1);
    let over = asked(&server, &token(&shared(), "a", &claims())).await;
    over.refuses(401, "credential_expired");
}

#[tokio::test]
async fn s_jwt_09_a_new_key_works_at_once_and_one_that_was_taken_away_does_not() {
    let (old, new) = (Key::p256(), Key::p256());
    let keyring = Keyring::open(&[old.public("old")]).await;
    let server = server_of(&keyring).await;
    member(&server, &server.organization("Acme").await, "owner").await;
    asked(&server, &token(&old, "old", &claims()))
        .await
        .expect(200);
    keyring.show(200, &[new.public("new")]);
    server.clock.advance(10);
    asked(&server, &token(&new, "new", &claims()))
        .await
        .expect(200);
    asked(&server, &token(&old, "old", &claims()))
        .await
        .refuses(401, "credential_invalid");
}

#[tokio::test]
async fn however_many_tokens_name_an_unknown_key_it_is_looked_for_once() {
    let key = Key::p256();
    let keyring = Keyring::open(&[key.public("e")]).await;
    let server = server_of(&keyring).await;
    member(&server, &server.organization("Acme").await, "owner").await;
    asked(&server, &token(&key, "e", &claims()))
        .await
        .expect(200);
    for round in 1..=2 {
        server.clock.advance(10);
        let before = keyring.asked();
        let unknown: Vec<String> = (0..50)
            .map(|number| token(&key, &format!("{round}-{number}"), &claims()))
            .collect();
        let calls = unknown.iter().map(|token| asked(&server, token));
        for answer in futures_util::future::join_all(calls).await {
            answer.refuses(401, "credential_invalid");
        }
        assert_eq!(keyring.asked() - before, 1);
    }
}

#[tokio::test]
async fn when_the_keys_cannot_be_fetched_again_the_old_ones_go_on_for_a_day() {
    let key = Key::p256();
    let keyring = Keyring::open(&[key.public("e")]).await;
    let server = server_of(&keyring).await;
    member(&server, &server.organization("Acme").await, "owner").await;
    asked(&server, &token(&key, "e", &claims()))
        .await
        .expect(200);
    keyring.show(500, &[]);
    server.clock.advance(10);
    // It may be a new one.
    asked(&server, &token(&key, "other", &claims()))
        .await
        .refuses(503, "undecided");
    asked(&server, &token(&key, "e", &claims()))
        .await
        .expect(200);
    server.clock.advance(24 * 60 * 60);
    let late = with("exp", json!(NOW + 90_000));
    asked(&server, &token(&key, "e", &late))
        .await
        .refuses(503, "undecided");
}

#[tokio::test]
async fn without_keys_nothing_is_decided_and_a_redirect_brings_none() {
    let key = Key::p256();
    let keyring = Keyring::open(&[key.public("e")]).await;
    for status in [500, 404, 302] {
        keyring.show(status, &[key.public("e")]);
        let server = server_of(&keyring).await;
        member(&server, &server.organization("Acme").await, "owner").await;
        let before = keyring.asked();
        let answer = asked(&server, &token(&key, "e", &claims())).await;
        answer.refuses(503, "undecided");
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(keyring.asked(), before);
        keyring.show(200, &[key.public("e")]);
        server.clock.advance(10);
        let answer = asked(&server, &token(&key, "e", &claims())).await;
        answer.expect(200);
        assert_eq!(keyring.asked(), before + 1);
    }
}

#[tokio::test]
async fn an_issuer_speaks_for_its_own_organizations_only() {
    let mut server = server(secret_alone()).await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    member(&server, &other, "owner").await;
    server.setting.jwt = Some(Told {
        organizations: vec![own.clone()],
        ..secret_alone()
    });
    server.restart().await;
    let token = token(&shared(), "a", &claims());
    asked(&server, &token)
        .await
        .refuses(403, "permission_denied");
    member(&server, &own, "viewer").await;
    asked(&server, &token).await.expect(200);
    let caller = server.nobody().with(&token);
    let path = format!("/v1/keys?organization={other}");
    caller
        .get(&path)
        .await
        .refuses(404, "organization_not_found");
}

#[tokio::test]
async fn a_token_may_name_the_organization_by_its_id_or_the_products_own() {
    let server = server(Told {
        organization_claim: Some("/app_metadata/organization"),
        ..secret_alone()
    })
    .await;
    let first = server.organization("First").await;
    let body = json!({"name": "Second", "external_id": "team-2"});
    let second = server
        .root()
        .post("/v1/organizations", body)
        .await
        .expect(201);
    let second = second["id"].as_str().unwrap();
    member(&server, &first, "owner").await;
    member(&server, second, "viewer").await;
    for (named, role_may_create) in [(first.as_str(), 201), (second, 403), ("team-2", 403)] {
        let claims = with("app_metadata", json!({"organization": named}));
        let caller = server.nobody().with(&token(&shared(), "a", &claims));
        let answer = caller.post("/v1/keys", json!({"name": "a"})).await;
        assert_eq!(answer.status, role_may_create, "{named}: {}", answer.text());
    }
    let elsewhere = with("app_metadata", json!({"organization": "org_unknown"}));
    asked(&server, &token(&shared(), "a", &elsewhere))
        .await
        .refuses(403, "permission_denied");
    asked(&server, &token(&shared(), "a", &claims()))
        .await
        .refuses(401, "credential_invalid");
}

#[tokio::test]
async fn who_is_a_member_of_several_organizations_must_say_of_which() {
    let server = server(secret_alone()).await;
    for name in ["First", "Second"] {
        member(&server, &server.organization(name).await, "owner").await;
    }
    let answer = asked(&server, &token(&shared(), "a", &claims())).await;
    answer.refuses(403, "permission_denied");
    assert!(
        answer.text().contains("several organizations"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn an_address_that_was_not_verified_is_nobodys() {
    let server = server(secret_alone()).await;
    member(&server, &server.organization("Acme").await, "owner").await;
    let unverified = token(&shared(), "a", &with("email_verified", json!(false)));
    asked(&server, &unverified)
        .await
        .refuses(403, "permission_denied");
    let stranger = token(
        &shared(),
        "a",
        &with("email", json!("stranger@example.com")),
    );
    asked(&server, &stranger)
        .await
        .refuses(403, "permission_denied");
    let shouted = token(&shared(), "a", &with("email", json!("MARA@Example.com")));
    asked(&server, &shouted).await.expect(200);
}

#[tokio::test]
async fn nk_5_a_token_is_told_apart_by_its_shape_and_is_no_key() {
    let server = server(secret_alone()).await;
    let organization = server.organization("Acme").await;
    member(&server, &organization, "owner").await;
    let token = token(&shared(), "a", &claims());
    assert_eq!(server.verdict(&token).await, "api_key_malformed");
    let forwarded = server.nobody().with(&token).get("/v1/authorize").await;
    forwarded.refuses(401, "api_key_malformed");
    let (caller, root) = (server.nobody().with(&token), server.root());
    caller
        .get("/metrics")
        .await
        .refuses(403, "permission_denied");
    let call = caller
        .call(http::Method::GET, "/v1/keys")
        .header("x-api-key", "kw");
    call.send().await.refuses(400, "duplicate_credentials");
    root.get("/v1/keys").await.expect(200);
    let plain = Server::start().await;
    asked(&plain, &token)
        .await
        .refuses(401, "credential_invalid");
}
