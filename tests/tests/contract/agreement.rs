//! There is one decision and several doors to it: whoever asks through whichever hears the same.

use http::Method;
use keyway_tests::client::Answer;
use keyway_tests::raw::{self, Wire};
use keyway_tests::server::Server;
use serde_json::{Value, json};

/// What is asked, as fields of `POST /v1/keys/verify`.
fn asks(organization: &str, other: &str) -> Vec<Value> {
    let mut asks = vec![
        json!({}),
        json!({"permissions": ["read"]}),
        json!({"permissions": ["read", "write"]}),
        json!({"permissions": ["write", "erase"]}),
        json!({"permissions": ["read"], "resource": "*"}),
        json!({"permissions": ["read"], "resource": "project/alpha"}),
        json!({"permissions": ["read"], "resource": "project/alpha/file/a"}),
        json!({"permissions": ["read"], "resource": "project/alphabet"}),
        json!({"resource": "project/beta"}),
        json!({"environment": "live"}),
        json!({"environment": "test"}),
    ];
    for organization in [organization, "acme-1", other, "nowhere"] {
        asks.push(json!({"organization": organization, "permissions": ["read"]}));
    }
    asks
}

/// Keys in every state and with every kind of limit.
async fn secrets(server: &Server, organization: &str) -> Vec<String> {
    let root = server.root();
    let grant = |resource: &str| json!([{"permissions": ["read"], "resource": resource}]);
    let mut secrets = vec![
        "nonsense".to_owned(),
        server.expired_key(organization).await,
    ];
    for fields in [
        json!({}),
        json!({"grants": []}),
        json!({"grants": [{"role": "admin", "resource": "*"}]}),
        json!({"grants": grant("project/alpha")}),
        json!({"grants": grant("*"), "project": "alpha"}),
        json!({"environment": "test"}),
        json!({"ip_rules": ["127.0.0.0/8"]}),
        json!({"ip_rules": ["203.0.113.0/24"]}),
    ] {
        secrets.push(server.key(organization, fields).await.1);
    }
    for verb in ["revoke", "deactivate"] {
        let (id, secret) = server.key(organization, json!({})).await;
        let path = format!("/v1/keys/{id}/{verb}");
        root.post(&path, &json!({})).await.expect(200);
        secrets.push(secret);
    }
    secrets
}

fn query(ask: &Value) -> String {
    let fields = ask.as_object().unwrap().iter();
    let pairs = fields.map(|(name, value)| match value.as_array() {
        Some(permissions) => {
            let words: Vec<&str> = permissions.iter().filter_map(Value::as_str).collect();
            format!("permission={}", words.join(","))
        }
        None => format!("{name}={}", value.as_str().unwrap()),
    });
    pairs.collect::<Vec<String>>().join("&")
}

/// Status and code of what a proxy hears.
fn heard(answer: &Answer) -> (u64, String) {
    let code = match answer.status {
        200 => "valid".to_owned(),
        _ => answer.header("keyway-code"),
    };
    (u64::from(answer.status), code)
}

/// S-PROXY-14, S-BEARER-09, S-PROBLEM-08
#[tokio::test]
async fn every_door_gives_the_same_verdict() {
    let server = Server::start().await;
    let root = server.root();
    let organization = server.organization("Acme").await;
    let path = format!("/v1/organizations/{organization}");
    root.patch(&path, &json!({"external_id": "acme-1"}))
        .await
        .expect(200);
    let project = json!({"organization": organization, "id": "alpha", "name": "Alpha"});
    root.post("/v1/projects", &project).await.expect(201);
    let other = server.organization("Other").await;
    let mut seen = std::collections::BTreeSet::new();
    for secret in secrets(&server, &organization).await {
        for ask in asks(&organization, &other) {
            let mut item = ask.clone();
            item["secret"] = json!(secret);
            item["ip"] = json!("127.0.0.1");
            let single = root.post("/v1/keys/verify", &item).await.expect(200);
            let batch = json!({"items": [item]});
            let batch = root.post("/v1/keys/verify-batch", &batch).await.expect(200);
            assert_eq!(batch["data"][0], single, "{item}");
            let code = single["code"].as_str().unwrap().to_owned();
            let expected = (single["http_status"].as_u64().unwrap(), code.clone());
            assert_eq!(single["valid"], code == "valid");
            for answer in by_proxy(&server, &secret, &query(&ask)).await {
                assert_eq!(heard(&answer), expected, "{item}");
            }
            seen.insert(code);
        }
    }
    let all = [
        "api_key_expired",
        "api_key_inactive",
        "api_key_malformed",
        "api_key_revoked",
    ];
    let more = [
        "environment_mismatch",
        "insufficient_permissions",
        "ip_not_allowed",
    ];
    for code in all.iter().chain(&more).chain(&["out_of_scope", "valid"]) {
        assert!(seen.contains(*code), "{code} did not come up");
    }
}

/// With either carrier, and as nginx asks.
async fn by_proxy(server: &Server, secret: &str, query: &str) -> [Answer; 3] {
    let path = format!("/v1/authorize?{query}");
    let for_nginx = format!("{path}&proxy=nginx");
    let bearer = server.nobody().with(secret);
    let nobody = server.nobody();
    let header = nobody.call(Method::GET, &path).header("x-api-key", secret);
    [
        bearer.get(&path).await,
        header.send().await,
        bearer.get(&for_nginx.replace("?&", "?")).await,
    ]
}

/// S-PROXY-01: no method changes the answer, and no body is waited for.
#[tokio::test]
async fn forward_auth_answers_any_method_without_reading_a_body() {
    let server = Server::start().await;
    let organization = server.organization("Acme").await;
    let (_, secret) = server.key(&organization, json!({})).await;
    for method in [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND",
    ] {
        for (permission, status) in [("read", 200), ("write", 403)] {
            let mut wire = Wire::to(server.authority()).await;
            // A body is announced and never comes.
            let request = format!(
                "{method} /v1/authorize?permission={permission} HTTP/1.1\r\nHost: a\r\n\
                 Authorization: Bearer {secret}\r\nConnection: close\r\nContent-Length: 9\r\n\r\n"
            );
            wire.say(request.as_bytes()).await;
            let answer = raw::parse(&wire.hear().await).unwrap();
            assert_eq!(answer.status, status, "{method} {permission}");
        }
    }
}

/// S-PROXY-02: only the query asks, and the client's address is not what the client says.
#[tokio::test]
async fn headers_of_the_client_decide_nothing() {
    let server = Server::start().await;
    let organization = server.organization("Acme").await;
    let rules = json!({"ip_rules": ["203.0.113.0/24"]});
    let (_, elsewhere) = server.key(&organization, rules).await;
    let (_, secret) = server.key(&organization, json!({})).await;
    for (header, value) in [
        ("x-forwarded-for", "203.0.113.7"),
        ("x-real-ip", "203.0.113.7"),
        ("forwarded", "for=203.0.113.7"),
        ("x-original-method", "GET"),
        ("x-forwarded-method", "GET"),
        ("x-forwarded-uri", "/projects/alpha?permission=read"),
        ("x-original-url", "http://a/projects/alpha?permission=read"),
        ("keyway-permissions", "write"),
    ] {
        let caller = server.nobody().with(&elsewhere);
        let call = caller
            .call(Method::GET, "/v1/authorize")
            .header(header, value);
        call.send().await.refuses(403, "ip_not_allowed");
        let caller = server.nobody().with(&secret);
        let path = "/v1/authorize?permission=write";
        let call = caller.call(Method::GET, path).header(header, value);
        call.send().await.refuses(403, "insufficient_permissions");
    }
}

/// S-PROXY-03: the first address from the right that no trusted proxy has.
#[tokio::test]
async fn the_clients_address_is_the_rightmost_that_is_not_trusted() {
    let options = keyway_tests::server::Options::trusting("127.0.0.1, 10.0.0.0/8, fd00::/8");
    let server = Server::start_with(options).await;
    let organization = server.organization("Acme").await;
    let rules = json!({"ip_rules": ["203.0.113.0/24", "2001:db8::/32"]});
    let (_, secret) = server.key(&organization, rules).await;
    let caller = server.nobody().with(&secret);
    for (chain, status) in [
        ("203.0.113.7", 200),
        ("198.51.100.1, 203.0.113.7", 200),
        ("203.0.113.7, 198.51.100.1", 403),
        ("203.0.113.7, 10.1.2.3", 200),
        ("203.0.113.7,10.1.2.3,fd00::1", 200),
        ("2001:db8::7", 200),
        ("[2001:db8::7]:4711", 200),
        ("203.0.113.7:4711", 200),
        ("nonsense", 403),
        ("203.0.113.7, nonsense", 403),
        ("nonsense, 203.0.113.7", 200),
        ("203.0.113.7, ", 403),
        ("10.1.2.3", 403),
        ("", 403),
    ] {
        let call = caller.call(Method::GET, "/v1/authorize");
        let answer = call.header("x-forwarded-for", chain).send().await;
        assert_eq!(answer.status, status, "{chain:?}: {}", answer.text());
    }
    let call = caller.call(Method::GET, "/v1/authorize");
    let call = call.header("x-forwarded-for", "198.51.100.1");
    let answer = call.header("x-forwarded-for", "203.0.113.7").send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}
