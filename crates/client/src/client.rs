//! The client itself: an address, a credential, and how a call is made of them.

use std::sync::Arc;
use std::time::Duration;

use keyway_api::problem::Problem;
use keyway_token::secret::Secret;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, Url};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde::de::DeserializeOwned;

use crate::error::{BuildError, ClientError};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a call may take in all, if nothing else is said. Streams have no such end.
const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// What a client is made of.
#[derive(Debug)]
pub struct ClientBuilder {
    /// Where the server is, such as `https://keys.example.com`; a path in it is kept.
    pub url: String,
    /// The management key, or for `whoami` a key itself.
    pub token: Secret,
    /// How long a call may take in all; a minute if absent. Longer than any `wait`.
    pub timeout: Option<Duration>,
}

/// Calls one server with one credential. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: Url,
    timeout: Duration,
}

impl ClientBuilder {
    /// Makes the client. Nothing is sent yet.
    pub fn build(self) -> Result<Client, BuildError> {
        let url = parse_url(&self.url)?;
        let bearer = format!("Bearer {}", self.token.expose());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| BuildError::Token)?;
        bearer.set_sensitive(true);
        let http = reqwest::Client::builder()
            .user_agent(concat!("keyway-client/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .referer(false)
            .tls_backend_preconfigured(tls(&url)?)
            .build()
            .map_err(BuildError::Http)?;
        Ok(Client {
            http,
            url,
            timeout: self.timeout.unwrap_or(CALL_TIMEOUT),
        })
    }
}

fn parse_url(raw: &str) -> Result<Url, BuildError> {
    let refusal = || BuildError::Url {
        url: raw.to_owned(),
    };
    let mut url = Url::parse(raw).map_err(|_| refusal())?;
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() {
        return Err(refusal());
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// The system's certificates, read only for an address that needs them: a container that speaks
/// plain HTTP over loopback often has none.
fn tls(url: &Url) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = if url.scheme() == "https" {
        config.with_platform_verifier()?
    } else {
        config.with_root_certificates(RootCertStore::empty())
    };
    Ok(config.with_no_client_auth())
}

impl Client {
    /// The address that calls go to.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// A call with an end.
    pub(crate) fn call(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.stream(method, path).timeout(self.timeout)
    }

    /// A call that may last as long as data flows.
    pub(crate) fn stream(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.url.clone();
        // A segment is percent-encoded here, so that an id cannot change the path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        self.http.request(method, url)
    }
}

/// Sends, and reads the answer or the problem.
pub(crate) async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ClientError> {
    let response = accepted(request).await?;
    let status = response.status().as_u16();
    let body = response.bytes().await.map_err(ClientError::from_http)?;
    serde_json::from_slice(&body).map_err(|_| ClientError::Foreign { status })
}

/// Sends, and hands on an answer of success with its body unread.
pub(crate) async fn accepted(request: RequestBuilder) -> Result<Response, ClientError> {
    let response = request.send().await.map_err(ClientError::from_http)?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = response.bytes().await.map_err(ClientError::from_http)?;
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => Err(ClientError::Problem(Box::new(problem))),
        Err(_) => Err(ClientError::Foreign {
            status: status.as_u16(),
        }),
    }
}
