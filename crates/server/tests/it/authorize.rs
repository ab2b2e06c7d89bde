//! `/v1/authorize`: forward-auth.

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::caller::{Answer, Caller};
use crate::server::{Made, ROOT, Server, Setting};

const IDENTITY: &[&str] = &[
    "keyway-key-id",
    "keyway-key-name",
    "keyway-organization",
    "keyway-project",
    "keyway-environment",
    "keyway-owner",
    "keyway-permissions",
];

async fn ask(caller: &Caller, query: &str) -> Answer {
    caller.get(&format!("/v1/authorize?{query}")).await
}

/// A status, the code for people's programs, and the challenge.
fn told(answer: &Answer) -> (u16, String, String) {
    (
        answer.status,
        answer.header("keyway-code"),
        answer.header("www-authenticate"),
    )
}

async fn a_key(server: &Server) -> Made {
    let own = server.organization("Own").await;
    server
        .key(
            &own,
            json!({"grants": [{"permissions": ["read"], "resource": "*"}]}),
        )
        .await
}

#[tokio::test]
async fn s_proxy_13_who_is_let_through_is_told_in_every_identity_header() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    let fields = json!({
        "name": "Grüße, \"du\"; 100% {ok}",
        "project": "alpha",
        "environment": "test",
        "owner": "u 1",
        "grants": [
            {"permissions": ["write", "read"], "resource": "project/alpha"},
            {"role": "viewer", "resource": "*"},
            {"permissions": ["admin"], "resource": "project/alpha/workflow/w"},
        ],
    });
    let full = server.key(&own, fields).await;
    let bare = server.key(&own, json!({"name": "bare"})).await;
    let answer = ask(&server.nobody().with(&full.secret), "permission=read").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, ""));
    let identity: Vec<String> = IDENTITY.iter().map(|name| answer.header(name)).collect();
    assert_eq!(
        identity,
        [
            full.id.as_str(),
            "Gr%C3%BC%C3%9Fe%2C%20%22du%22%3B%20100%25%20{ok}",
            own.as_str(),
            "alpha",
            "test",
            "u%201",
            "*.read,read,write",
        ]
    );
    let answer = ask(&server.nobody().with(&bare.secret), "").await;
    assert_eq!(answer.status, 200);
    for name in IDENTITY {
        assert!(
            answer.headers.contains_key(*name),
            "{name} must be there, empty or not"
        );
    }
    for empty in ["keyway-project", "keyway-owner", "keyway-permissions"] {
        assert_eq!(answer.header(empty), "", "{empty}");
    }
}

#[tokio::test]
async fn who_is_refused_is_told_why_and_nothing_of_who_it_is() {
    let server = Server::start().await;
    let key = a_key(&server).await;
    let holder = server.nobody().with(&key.secret);
    let refused = ask(&holder, "permission=read,write,purge").await;
    let scope = r#"Bearer realm="keyway", error="insufficient_scope", scope="write purge""#;
    let code = "insufficient_permissions";
    assert_eq!(told(&refused), (403, code.to_owned(), scope.to_owned()));
    assert_eq!(refused.json()["detail"], "it needs write, purge");
    for name in IDENTITY {
        assert!(!refused.headers.contains_key(*name), "{name}");
    }
    for (query, code) in [
        ("environment=test", "environment_mismatch"),
        ("organization=org_nobody", "out_of_scope"),
        ("permission=write", "insufficient_permissions"),
    ] {
        let refused = ask(&holder, query).await;
        assert_eq!(
            (refused.status, refused.header("keyway-code").as_str()),
            (403, code)
        );
    }
}

#[tokio::test]
async fn s_bearer_02_03_one_key_per_state_gets_its_code_and_challenge_through_each_door() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let valid = server.key(&own, json!({})).await;
    let expired = server
        .key(&own, json!({"expires_at": server.clock.text_in(1)}))
        .await;
    server.clock.advance(1);
    let (revoked, inactive) = (
        server.key(&own, json!({})).await,
        server.key(&own, json!({})).await,
    );
    server
        .root()
        .post(&format!("{}/revoke", revoked.path()), json!({}))
        .await
        .expect(200);
    server
        .root()
        .post(&format!("{}/deactivate", inactive.path()), json!({}))
        .await
        .expect(200);
    let unknown = Server::forge("live", &valid.id);
    let invalid = r#"Bearer realm="keyway", error="invalid_token""#;
    let mut typo = valid.secret.clone();
    typo.replace_range(
        30..31,
        if typo.as_bytes()[30] == b'a' {
            "b"
        } else {
            "a"
        },
    );
    for (secret, code) in [
        (typo.as_str(), "api_key_malformed"),
        ("x", "api_key_malformed"),
        (ROOT, "api_key_malformed"),
        (&*unknown, "api_key_invalid"),
        (&*revoked.secret, "api_key_revoked"),
        (&*expired.secret, "api_key_expired"),
        (&*inactive.secret, "api_key_inactive"),
    ] {
        let expected = (401, code.to_owned(), invalid.to_owned());
        let bearer = ask(&server.nobody().with(secret), "").await;
        assert_eq!(told(&bearer), expected, "{code}");
        let nobody = server.nobody();
        let header = nobody
            .call(Method::GET, "/v1/authorize")
            .header("x-api-key", secret);
        // S-BEARER-09: both are equal doors.
        assert_eq!(told(&header.send().await), expected, "{code}");
        let whoami = server.nobody().with(secret).get("/v1/whoami").await;
        if secret != ROOT {
            whoami.refuses(401, code);
            assert_eq!(whoami.header("www-authenticate"), invalid);
        }
        let verdict = server.ask(json!({"secret": secret})).await;
        assert_eq!(
            (&verdict["code"], &verdict["http_status"]),
            (&json!(code), &json!(401))
        );
    }
    let bare = ask(&server.nobody(), "").await;
    let missing = r#"Bearer realm="keyway""#;
    assert_eq!(
        told(&bare),
        (401, "api_key_missing".to_owned(), missing.to_owned())
    );
}

#[tokio::test]
async fn s_bearer_04_an_unknown_key_and_a_wrong_secret_look_the_same() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    server
        .root()
        .post(&format!("{}/revoke", key.path()), json!({}))
        .await
        .expect(200);
    // The id of the revoked key with another secret, and an id that nobody has.
    let wrong = Server::forge("live", &key.id);
    let unknown = Server::forge("live", "NobodyNobody");
    let mut answers = Vec::new();
    for secret in [wrong, unknown] {
        let answer = ask(&server.nobody().with(&secret), "").await;
        assert_eq!(answer.header("keyway-code"), "api_key_invalid");
        let mut body = answer.json();
        body["request_id"] = Value::Null;
        let mut headers = answer.headers.clone();
        headers.remove("x-request-id");
        headers.remove("date");
        answers.push((body, headers));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn s_bearer_06_two_credentials_are_refused_before_any_look_up() {
    let mut server = Server::start().await;
    let key = a_key(&server).await;
    let bearer = format!("Bearer {}", key.secret);
    for (name, value) in [
        ("authorization", bearer.as_str()),
        ("authorization", "Basic abc"),
        ("x-api-key", &key.secret),
        ("x-api-key", "another"),
    ] {
        let holder = server.nobody().with(&key.secret);
        let twice = holder
            .call(Method::GET, "/v1/authorize")
            .header(name, value)
            .send()
            .await;
        let challenge = r#"Bearer realm="keyway", error="invalid_request""#;
        let code = "duplicate_credentials";
        assert_eq!(told(&twice), (400, code.to_owned(), challenge.to_owned()));
    }
    server.restart().await;
    let usage = server
        .root()
        .get(&format!("{}/usage", key.path()))
        .await
        .expect(200);
    assert_eq!(usage["hours"], json!([]), "nothing was looked up");
}

#[tokio::test]
async fn s_bearer_07_a_key_in_the_query_is_none() {
    let server = Server::start().await;
    let key = a_key(&server).await;
    for name in ["access_token", "api_key", "key", "token"] {
        let answer = ask(&server.nobody(), &format!("{name}={}", key.secret)).await;
        assert!(matches!(answer.status, 401 | 422), "{}", answer.text());
        assert!(!answer.text().contains(&key.secret));
    }
}

#[tokio::test]
async fn what_is_asked_stands_in_the_query_once_and_nowhere_else() {
    let server = Server::start().await;
    let key = a_key(&server).await;
    let holder = server.nobody().with(&key.secret);
    for query in [
        "permission=read&permission=write",
        "resource=*&resource=project/a",
        "permission=read&%70ermission=write",
        "proxy=nginx&proxy=nginx",
    ] {
        let refused = ask(&holder, query).await;
        assert_eq!(
            refused.header("keyway-code"),
            "duplicate_parameter",
            "{query}"
        );
    }
    for query in [
        "permission=",
        "permission=Read",
        "resource=",
        "resource=project/a/../b",
        "resource=project%2Fa%2F..%2Fb",
        "resource=project/a%252fb",
        "organization=",
        "environment=",
        "proxy=traefik",
        "scope=read",
    ] {
        let refused = ask(&holder, query).await;
        refused.refuses(422, "invalid_request");
        assert_eq!(refused.header("keyway-code"), "invalid_request", "{query}");
    }
    // S-PROXY-02: headers ask for nothing and take nothing away.
    for (name, value) in [
        ("x-original-uri", "/v1/authorize?permission=read"),
        ("x-original-method", "DELETE"),
        ("x-forwarded-uri", "/?permission=read"),
        ("x-forwarded-method", "DELETE"),
        ("x-forwarded-host", "elsewhere.example"),
        ("keyway-permissions", "write"),
        ("x-http-method-override", "DELETE"),
    ] {
        let lacking = holder.call(Method::GET, "/v1/authorize?permission=write");
        assert_eq!(
            lacking.header(name, value).send().await.status,
            403,
            "{name}"
        );
        let holding = holder.call(Method::GET, "/v1/authorize?permission=read");
        let holding = holding.header(name, value).send().await;
        assert_eq!(
            (holding.status, holding.header("keyway-permissions")),
            (200, "read".to_owned())
        );
    }
}

#[tokio::test]
async fn a_list_of_permissions_too_long_for_a_header_is_left_out_whole() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    // 41 bytes each with its comma, and one that fills the list up.
    let words: Vec<String> = (0..99).map(|it| format!("p{it:039}")).collect();
    let listed = async |last: &str| {
        let mut words = words.clone();
        words.push(last.to_owned());
        let grants = json!([{"permissions": words, "resource": "*"}]);
        let key = server.key(&own, json!({"grants": grants})).await;
        let holder = server.nobody().with(&key.secret);
        let allowed = ask(&holder, &format!("permission={last}")).await;
        assert_eq!(allowed.status, 200);
        allowed.header("keyway-permissions")
    };
    let fits = "q".repeat(4_096 - 99 * 41);
    assert_eq!(listed(&fits).await.len(), 4_096);
    assert_eq!(listed(&format!("{fits}q")).await, "!omitted");
}

#[tokio::test]
async fn s_proxy_05_in_the_mode_of_nginx_every_decided_case_is_200_401_or_403() {
    let server = Server::start().await;
    let key = a_key(&server).await;
    let holder = server.nobody().with(&key.secret);
    let long = format!("resource=project/{}", "a".repeat(9_000));
    for (query, status, code) in [
        ("permission=read", 200, ""),
        ("permission=write", 403, "insufficient_permissions"),
        ("resource=project/..", 403, "invalid_request"),
        ("permission=", 403, "invalid_request"),
        (
            "permission=read&permission=write",
            401,
            "duplicate_parameter",
        ),
        (&*long, 403, "uri_too_long"),
    ] {
        let answer = ask(&holder, &format!("proxy=nginx&{query}")).await;
        assert_eq!(
            (answer.status, answer.header("keyway-code").as_str()),
            (status, code),
            "{query}"
        );
    }
    let bare = ask(&server.nobody(), "proxy=nginx").await;
    assert_eq!(
        (bare.status, bare.json()["status"].clone()),
        (401, json!(401))
    );
    let call = holder
        .call(Method::GET, "/v1/authorize?proxy=nginx")
        .header("x-api-key", "a");
    let twice = call.send().await;
    assert_eq!(
        (twice.status, twice.json()["status"].clone()),
        (401, json!(400))
    );
    let call = holder
        .call(Method::GET, "/v1/authorize?proxy=nginx")
        .header("x-big", &"a".repeat(8_192));
    let large = call.send().await;
    assert_eq!(
        (large.status, large.header("keyway-code").as_str()),
        (403, "headers_too_large")
    );
}

#[tokio::test]
async fn s_proxy_01_every_method_gets_the_same_answer_and_no_body_is_read() {
    let server = Server::start().await;
    let key = a_key(&server).await;
    for method in [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE",
    ] {
        for (permission, status) in [("read", "200"), ("write", "403")] {
            let mut stream = TcpStream::connect(server.address()).await.unwrap();
            let head = format!(
                "{method} /v1/authorize?permission={permission} HTTP/1.1\r\nHost: a\r\n\
                 Authorization: Bearer {}\r\nContent-Length: 1000000\r\n\r\n",
                key.secret
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            let expected = format!("HTTP/1.1 {status}");
            assert_eq!(
                String::from_utf8_lossy(&answer),
                expected,
                "{method} {permission}"
            );
        }
    }
}

#[tokio::test]
async fn s_proxy_02_03_the_address_is_believed_from_trusted_proxies_alone() {
    let trusting = Setting {
        trusted_proxies: vec![
            "127.0.0.0/8".parse().unwrap(),
            "10.0.0.0/8".parse().unwrap(),
        ],
        ..Setting::default()
    };
    for (setting, from_proxy) in [(Setting::default(), false), (trusting, true)] {
        let server = Server::start_with(setting).await;
        let own = server.organization("Own").await;
        let key = server
            .key(
                &own,
                json!({"ip_rules": ["203.0.113.0/24", "2001:db8::/32"]}),
            )
            .await;
        let holder = server.nobody().with(&key.secret);
        for (chain, is_inside) in [
            ("203.0.113.7", true),
            ("198.51.100.1, 203.0.113.7", true),
            ("203.0.113.7, 10.1.2.3", true),
            ("203.0.113.7:4711", true),
            ("[2001:db8::1]:443", true),
            ("::ffff:203.0.113.7", true),
            ("203.0.113.7, 198.51.100.1", false),
            ("203.0.113.7, unknown", false),
            ("203.0.113.7,", false),
            ("203.0.113.7, 10.1.2.3, 8.8.8.8", false),
            ("10.1.2.3", false),
            ("", false),
        ] {
            let call = holder
                .call(Method::GET, "/v1/authorize")
                .header("x-forwarded-for", chain);
            let answer = call.send().await;
            let expected = if from_proxy && is_inside { 200 } else { 403 };
            assert_eq!(answer.status, expected, "{chain:?} {}", answer.text());
        }
        for other in [
            "x-real-ip",
            "forwarded",
            "true-client-ip",
            "cf-connecting-ip",
        ] {
            let call = holder
                .call(Method::GET, "/v1/authorize")
                .header(other, "203.0.113.7");
            assert_eq!(call.send().await.status, 403, "{other}");
        }
    }
}

#[tokio::test]
async fn a_profile_says_where_a_key_may_be_carried_and_in_which_words_it_is_refused() {
    let server = Server::start_under("noukai").await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    let key = server.key(&own, json!({"project": "alpha"})).await;
    let nobody = server.nobody();
    let call = nobody
        .call(Method::GET, "/v1/authorize")
        .header("x-api-key", &key.secret);
    let elsewhere = call.send().await;
    assert_eq!(
        (elsewhere.status, elsewhere.header("keyway-code").as_str()),
        (401, "AUTH_REQUIRED")
    );
    assert_eq!(elsewhere.json()["code"], "AUTH_REQUIRED");
    let other = ask(&nobody.with(&key.secret), "resource=project/beta").await;
    assert_eq!(
        (other.status, other.header("keyway-code").as_str()),
        (403, "PROJECT_FORBIDDEN")
    );
    server
        .root()
        .post(&format!("{}/revoke", key.path()), json!({}))
        .await
        .expect(200);
    let revoked = ask(&nobody.with(&key.secret), "").await;
    assert_eq!(
        (revoked.status, revoked.header("keyway-code").as_str()),
        (401, "API_KEY_REVOKED")
    );
    // A verdict keeps the words of the table.
    assert_eq!(server.verdict(&key.secret).await, "api_key_revoked");
}
