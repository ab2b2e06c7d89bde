//! Calls that the server itself makes, to addresses that its operator configured: one guarded client
//! (S-ASVS-18).
//!
//! It follows no redirect, waits for an answer only so long and reads only so much of it,
//! and uses no proxy that a variable names.

use std::sync::Arc;
use std::time::Duration;

use form_urlencoded::Serializer;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use keyway_token::secret::Secret;
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::config::remote_url::RemoteUrl;

/// Longest time until a connection stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest time for a whole call.
const CALL_TIMEOUT: Duration = Duration::from_secs(8);
/// Most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 256 * 1_024;

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    #[error("the certificates of this machine cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    #[error("the client for outgoing calls cannot be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// Why there is no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("it cannot be reached: {0}")]
    Unreachable(#[source] reqwest::Error),
    #[error("it answered with status {0}")]
    Status(u16),
    #[error("its answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
}

/// A status, and all of the body.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    http: reqwest::Client,
}

impl Outgoing {
    /// For addresses over TLS, or for this machine's own.
    pub(crate) fn build(is_tls: bool) -> Result<Self, OutgoingError> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("keyway/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .tls_backend_preconfigured(tls(is_tls)?)
            .build()?;
        Ok(Self { http })
    }

    /// A document, if the answer is 200; with this `Authorization`.
    pub(crate) async fn fetch(
        &self,
        url: &RemoteUrl,
        authorization: Option<&Secret>,
    ) -> Result<Vec<u8>, CallError> {
        let call = self.http.get(url.as_url().clone());
        let reply = send(authorized(call, authorization)).await?;
        match reply.status {
            200 => Ok(reply.body),
            status => Err(CallError::Status(status)),
        }
    }

    /// What a form is answered with, whatever the status.
    pub(crate) async fn post_form(
        &self,
        url: &RemoteUrl,
        form: &[(&str, &str)],
        authorization: Option<&Secret>,
    ) -> Result<Reply, CallError> {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let call = self.http.post(url.as_url().clone()).body(body);
        let call = call.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        send(authorized(call, authorization)).await
    }
}

fn authorized(call: RequestBuilder, authorization: Option<&Secret>) -> RequestBuilder {
    let value = authorization.map(|it| HeaderValue::from_str(it.expose()));
    match value {
        Some(Ok(mut value)) => {
            value.set_sensitive(true);
            call.header(AUTHORIZATION, value)
        }
        Some(Err(_)) | None => call,
    }
}

async fn send(call: RequestBuilder) -> Result<Reply, CallError> {
    let unreachable = |error: reqwest::Error| CallError::Unreachable(error.without_url());
    let call = call.header(ACCEPT, "application/json");
    let answer = call.send().await.map_err(unreachable)?;
    Ok(Reply {
        status: answer.status().as_u16(),
        body: read(answer).await?,
    })
}

async fn read(mut answer: Response) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    let unreachable = |error: reqwest::Error| CallError::Unreachable(error.without_url());
    while let Some(part) = answer.chunk().await.map_err(unreachable)? {
        if body.len() + part.len() > ANSWER_BYTES_MAX {
            return Err(CallError::TooLarge);
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

/// The system's certificates, read only where they are needed: many a container has none.
fn tls(is_tls: bool) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = if is_tls {
        config.with_platform_verifier()?
    } else {
        config.with_root_certificates(RootCertStore::empty())
    };
    Ok(config.with_no_client_auth())
}
