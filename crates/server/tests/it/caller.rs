//! A client per kind of caller. Every answer is held against what every answer must be.

use std::net::SocketAddr;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, IF_MATCH};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use keyway_api::problem::QUOTA_EXCEEDED;
use serde_json::Value;

/// Longest wait for a line of an answer that goes on.
const LINE_PATIENCE: Duration = Duration::from_secs(20);

/// Who calls, and where.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    http: Client<HttpConnector, Full<Bytes>>,
    address: String,
    token: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A call that is being written.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    caller: &'a Caller,
    request: http::request::Builder,
    path: String,
    body: Bytes,
}

/// One JSON value per line, as they come.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) status: u16,
    body: Incoming,
    read: Vec<u8>,
}

impl Lines {
    /// None at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let frame = tokio::time::timeout(LINE_PATIENCE, self.body.frame()).await;
            let frame = frame.unwrap_or_else(|_| panic!("no line came in time"));
            let frame = frame?.unwrap();
            self.read.extend_from_slice(&frame.into_data().unwrap());
        }
    }
}

impl Caller {
    /// Somebody without a credential.
    pub(crate) fn nobody(address: SocketAddr) -> Self {
        Self {
            http: Client::builder(TokioExecutor::new()).build_http(),
            address: address.to_string(),
            token: None,
        }
    }

    /// The same with a bearer token.
    pub(crate) fn with(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        let url = format!("http://{}{path}", self.address);
        let mut request = Request::builder().method(method).uri(url);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        Call {
            caller: self,
            request,
            path: path.to_owned(),
            body: Bytes::new(),
        }
    }

    /// An answer that goes on, of which the head has come.
    pub(crate) async fn lines(&self, path: &str) -> Lines {
        let request = self.call(Method::GET, path).request;
        let request = request.body(Full::new(Bytes::new())).unwrap();
        let response = self.http.request(request).await.unwrap();
        Lines {
            status: response.status().as_u16(),
            body: response.into_body(),
            read: Vec::new(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path).json(&body).send().await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path).json(&body).send().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path).send().await
    }
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn if_match(self, tag: &str) -> Self {
        self.header(IF_MATCH.as_str(), tag)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn body(self, media_type: &str, body: impl Into<Bytes>) -> Self {
        let mut call = self.header(CONTENT_TYPE.as_str(), media_type);
        call.body = body.into();
        call
    }

    pub(crate) async fn send(self) -> Answer {
        let request = self.request.body(Full::new(self.body)).unwrap();
        let is_head = request.method() == Method::HEAD;
        let response = self.caller.http.request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let answer = Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes(),
        };
        assert_whole(&self.path, &answer, is_head);
        answer
    }
}

impl Answer {
    /// The body of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap()
    }

    /// That it is a refusal of this status and code.
    #[track_caller]
    pub(crate) fn refuses(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status, self.code().as_str()),
            (status, code),
            "{}",
            self.text()
        );
    }

    /// That it is `invalid_request`, and which fields it names.
    #[track_caller]
    pub(crate) fn pointers(&self) -> Vec<String> {
        self.refuses(422, "invalid_request");
        let body = self.json();
        let errors = body["errors"].as_array().unwrap().iter();
        errors
            .map(|it| it["pointer"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Of a problem or a verdict; empty where there is none.
    pub(crate) fn code(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The value of a header that stands there once; empty without it.
    pub(crate) fn header(&self, name: &str) -> String {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map(|it| it.to_str().unwrap().to_owned());
        assert!(
            values.next().is_none(),
            "{name} stands there more than once"
        );
        value.unwrap_or_default()
    }

    pub(crate) fn etag(&self) -> String {
        self.header("etag")
    }
}

/// Where public keys are published, by us and in the words of products.
fn is_key_set(path: &str) -> bool {
    path == "/.well-known/jwks.json" || path.ends_with("/v1/keys") && path.starts_with("/oauth2/")
}

/// Whether refusals there are in a product's own words.
fn is_of_dialect(path: &str) -> bool {
    path.starts_with("/oauth2/") || path == "/api/accessToken"
}

/// S-PROBLEM-01, -03, -06 and S-ASVS-14, -21, of every answer that any test gets.
fn assert_whole(path: &str, answer: &Answer, is_head: bool) {
    let told = || {
        format!(
            "{path}: {} {:?} {}",
            answer.status,
            answer.headers,
            answer.text()
        )
    };
    let request_id = answer.header("x-request-id");
    assert!(request_id.starts_with("req_"), "{}", told());
    assert_eq!(
        answer.header("x-content-type-options"),
        "nosniff",
        "{}",
        told()
    );
    let is_page = answer.header("content-type").starts_with("text/html");
    // With `no-referrer` a browser would not say where a page's form comes from.
    let has_forms = answer
        .header("content-security-policy")
        .contains("form-action");
    let policy = if has_forms {
        "same-origin"
    } else {
        "no-referrer"
    };
    assert_eq!(answer.header("referrer-policy"), policy, "{}", told());
    assert_eq!(answer.header("x-frame-options"), "DENY", "{}", told());
    // Published keys are the one thing that others are to keep for a while.
    let is_published = answer.status == 200 && is_key_set(path);
    let kept = if is_published {
        "public, max-age=300"
    } else {
        "no-store"
    };
    assert_eq!(answer.header("cache-control"), kept, "{}", told());
    assert!(
        answer
            .header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    for (status, header) in [
        (401, "www-authenticate"),
        (405, "allow"),
        (429, "retry-after"),
        (503, "retry-after"),
    ] {
        let has = !answer.header(header).is_empty();
        // Whoever fills in a form is asked by the form.
        let is_form = is_page && status == 401;
        assert!(
            has || is_form || answer.status != status,
            "{header} is missing: {}",
            told()
        );
    }
    if answer.status >= 400 && !is_head && !is_page && !is_of_dialect(path) {
        assert_problem(path, answer, &request_id);
    }
}

fn assert_problem(path: &str, answer: &Answer, request_id: &str) {
    let told = || {
        format!(
            "{path}: {} {:?} {}",
            answer.status,
            answer.headers,
            answer.text()
        )
    };
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{}",
        told()
    );
    let body = answer.json();
    for field in ["type", "title", "detail", "instance", "code", "request_id"] {
        let text = body[field].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{field} is missing: {}", told());
    }
    // nginx knows fewer statuses; the body keeps the true one.
    if !path.contains("proxy=nginx") {
        assert_eq!(body["status"], answer.status, "{}", told());
    }
    // A rate limit has a registered type (S-LIMIT-05); every other is a page here.
    let kind = body["type"].as_str().unwrap();
    let is_registered = kind == QUOTA_EXCEEDED && body["violated-policies"].is_array();
    let is_page = kind.starts_with("https://keys.example/problems/");
    assert!(is_registered || is_page, "{}", told());
    let instance = body["instance"].as_str().unwrap();
    let is_path = instance == path.split('?').next().unwrap();
    assert!(is_path || instance.contains("[redacted]"), "{}", told());
    assert_eq!(body["request_id"], request_id, "{}", told());
    for inside in [
        "panicked", "sqlx", "SQLITE", "SELECT ", "INSERT ", ".rs:", "/tmp",
    ] {
        assert!(!answer.text().contains(inside), "{}", told());
    }
}
