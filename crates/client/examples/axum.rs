//! A product's API on axum whose routes need a key: the guard is an extractor, so that a handler
//! which takes a [`Holder`] cannot be reached without one.
//!
//! ```sh
//! KEYWAY_URL=… KEYWAY_TOKEN=… cargo run -p keyway-client --example axum
//! ```
//!
//! It fails closed: without an answer nobody is let through, and nobody is told that the key is bad.

use std::error::Error;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use keyway_api::code::Code;
use keyway_api::problem::{PROBLEM_JSON, Problem};
use keyway_api::verify::{Principal, VerifyAnswer, VerifyKey};
use keyway_client::client::{Client, ClientBuilder};
use keyway_token::secret::Secret;
use tokio::net::TcpListener;

/// Who called: what the key of this request stands for.
struct Holder(Principal);

/// Why a request is refused.
struct Refused(Box<Problem>);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let builder = ClientBuilder {
        url: from_environment("KEYWAY_URL")?,
        token: Secret::new(from_environment("KEYWAY_TOKEN")?),
        timeout: None,
    };
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    Ok(serve(listener, builder.build()?).await?)
}

#[expect(clippy::disallowed_methods, reason = "start-up code")]
fn from_environment(name: &str) -> Result<String, Box<dyn Error>> {
    std::env::var(name).map_err(|_| format!("{name} is not set").into())
}

pub(crate) async fn serve(listener: TcpListener, keyway: Client) -> std::io::Result<()> {
    let routes = Router::new().route("/orders", get(orders));
    let app = routes.with_state(keyway);
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await
}

async fn orders(Holder(holder): Holder) -> String {
    format!("orders of {}", holder.organization)
}

impl FromRequestParts<Client> for Holder {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, keyway: &Client) -> Result<Self, Refused> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let ask = VerifyKey {
            secret: bearer(&parts.headers)?,
            permissions: vec!["read".to_owned()],
            resource: None,
            organization: None,
            environment: None,
            ip: address.map(|ConnectInfo(address)| address.ip().to_string()),
        };
        // An error means that nothing was decided, whatever it says.
        let answer = keyway.verify_key(&ask).await;
        let answer = answer.map_err(|_| Refused::for_code(Code::Undecided))?;
        match answer {
            VerifyAnswer {
                valid: true,
                key: Some(principal),
                ..
            } => Ok(Self(principal)),
            answer => Err(Refused::of(&answer)),
        }
    }
}

/// The one credential of the request; two could be read as two callers.
fn bearer(headers: &HeaderMap) -> Result<Secret, Refused> {
    let mut carried = headers.get_all(AUTHORIZATION).iter();
    let value = match (carried.next(), carried.next()) {
        (Some(_), Some(_)) => return Err(Refused::for_code(Code::DuplicateCredentials)),
        (first, _) => first.and_then(|value| value.to_str().ok()),
    };
    value
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(|secret| Secret::new(secret.trim().to_owned()))
        .ok_or_else(|| Refused::for_code(Code::ApiKeyMissing))
}

impl Refused {
    fn for_code(code: Code) -> Self {
        Self(Box::new(Problem::new(code)))
    }

    /// In the words of the code, where this version knows it.
    fn of(answer: &VerifyAnswer) -> Self {
        let code = Code::from_name(&answer.code).unwrap_or(Code::Undecided);
        let mut refused = Self::for_code(code);
        if !answer.missing_permissions.is_empty() {
            let missing = answer.missing_permissions.join(", ");
            refused.0.detail = Some(format!("it needs {missing}"));
        }
        refused
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        let mut response = (status, Json(*self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
