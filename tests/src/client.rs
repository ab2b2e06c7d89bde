//! Calls to a server, each with one credential. Every answer is held against the contract.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, ORIGIN};
use http::{HeaderValue, Method};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::contract;
use crate::wait::PATIENCE;
use crate::witness::{Seen, Witness};

/// Who calls, and where.
#[derive(Clone, Debug)]
pub struct Caller {
    http: Client<HttpConnector, Full<Bytes>>,
    /// Host and port.
    authority: String,
    /// What makes it this caller and no other.
    credential: Vec<(HeaderName, String)>,
    /// None: whoever answers is not Keyway, or not Keyway alone.
    witness: Option<Arc<Witness>>,
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A call that is being written.
#[derive(Debug)]
pub struct Call<'a> {
    caller: &'a Caller,
    request: http::request::Builder,
    path: String,
    body: Bytes,
    /// Whether the answer goes on for ever, so that its first piece is all that is read.
    is_endless: bool,
}

/// No answer came: the server is gone, or went while it was answering.
#[derive(Debug)]
pub struct NoAnswer;

impl Caller {
    /// Somebody without a credential, whose answers come from anywhere.
    pub fn of_anything(authority: &str) -> Self {
        Self {
            http: Client::builder(TokioExecutor::new()).build_http(),
            authority: authority.to_owned(),
            credential: Vec::new(),
            witness: None,
        }
    }

    /// Somebody without a credential, whose answers come from Keyway.
    pub(crate) fn of_keyway(authority: &str, witness: Arc<Witness>) -> Self {
        Self {
            witness: Some(witness),
            ..Self::of_anything(authority)
        }
    }

    /// The same with a credential.
    #[must_use]
    pub fn with(&self, token: &str) -> Self {
        Self {
            credential: vec![(AUTHORIZATION, format!("Bearer {token}"))],
            ..self.clone()
        }
    }

    /// The same with a client id and a client secret.
    #[must_use]
    pub fn with_basic(&self, id: &str, secret: &str) -> Self {
        let pair = STANDARD.encode(format!("{id}:{secret}"));
        Self {
            credential: vec![(AUTHORIZATION, format!("Basic {pair}"))],
            ..self.clone()
        }
    }

    /// The same as a page of the server's own calls for somebody who is signed in.
    #[must_use]
    pub fn with_session(&self, cookie: &str) -> Self {
        let origin = format!("http://{}", self.authority);
        Self {
            credential: vec![(COOKIE, cookie.to_owned()), (ORIGIN, origin)],
            ..self.clone()
        }
    }

    pub fn call(&self, method: Method, path: &str) -> Call<'_> {
        let url = format!("http://{}{path}", self.authority);
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in &self.credential {
            request = request.header(name, value);
        }
        Call {
            caller: self,
            request,
            path: path.to_owned(),
            body: Bytes::new(),
            is_endless: false,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).send().await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path).json(body).send().await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PATCH, path).json(body).send().await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path).send().await
    }
}

impl Call<'_> {
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", serde_json::to_vec(body).unwrap())
    }

    #[must_use]
    pub fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.request = self.request.header(CONTENT_TYPE, media_type);
        self.body = body.into();
        self
    }

    /// For an answer that goes on for ever: reads its first piece alone.
    #[must_use]
    pub fn first_piece(mut self) -> Self {
        self.is_endless = true;
        self
    }

    pub async fn send(self) -> Answer {
        let path = self.path.clone();
        let answer = self.try_send().await;
        answer.unwrap_or_else(|NoAnswer| panic!("{path}: no answer"))
    }

    pub async fn try_send(self) -> Result<Answer, NoAnswer> {
        let request = self.request.body(Full::new(self.body)).unwrap();
        let method = request.method().clone();
        let caller = self.caller;
        let exchange = async {
            let response = caller.http.request(request).await.map_err(|_| NoAnswer)?;
            let (head, mut body) = response.into_parts();
            let body = if self.is_endless {
                let piece = body.frame().await.and_then(Result::ok);
                piece.and_then(|it| it.into_data().ok()).unwrap_or_default()
            } else {
                body.collect().await.map_err(|_| NoAnswer)?.to_bytes()
            };
            Ok(Answer {
                status: head.status.as_u16(),
                headers: head.headers,
                body,
            })
        };
        let answer = tokio::time::timeout(PATIENCE, exchange).await;
        let answer =
            answer.unwrap_or_else(|_| panic!("{method} {}: no answer in time", self.path))?;
        if let Some(witness) = &caller.witness {
            contract::assert_kept(&method, &self.path, &answer);
            witness.note(answer.seen(&method, &self.path));
        }
        Ok(answer)
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        let body = serde_json::from_slice(&self.body);
        body.unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The code of a problem or of a verdict; empty where there is none.
    pub fn code(&self) -> String {
        let body: Option<Value> = serde_json::from_slice(&self.body).ok();
        let code = body.as_ref().and_then(|body| body.get("code")?.as_str());
        code.unwrap_or_default().to_owned()
    }

    /// Empty where there is none.
    pub fn header(&self, name: &str) -> String {
        let name: HeaderName = name.parse().unwrap();
        let value = self.headers.get(name).map(HeaderValue::as_bytes);
        String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
    }

    /// The body, after the status was found to be this one.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// Fails unless it is this refusal.
    pub fn refuses(&self, status: u16, code: &str) {
        let found = (self.status, self.code());
        assert_eq!(found, (status, code.to_owned()), "{}", self.text());
    }

    fn seen(&self, method: &Method, path: &str) -> Seen {
        Seen {
            call: format!("{method} {path}"),
            status: self.status,
            headers: format!("{:?}", self.headers),
            body: self.text(),
            is_issue: false,
        }
    }
}
