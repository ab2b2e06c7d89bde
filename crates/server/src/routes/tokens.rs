//! `POST /v1/tokens`: exchanges a key for a short token (RFC 6749, section 4.4). It is open to strangers,
//! as whoever holds a key's id and secret is known by nothing else.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, header};
use keyway_api::code::Code;
use keyway_api::token::{ExchangeKey, IssuedToken};
use keyway_core::time::Timestamp;

use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::{App, AppState};
use crate::request::context::RequestContext;
use crate::request::credential::CHALLENGE_BASIC;
use crate::request::form::Form;
use crate::request::query::NoQuery;
use crate::tokens::basic::{ClientCredentials, NoClient};
use crate::tokens::exchange::{Exchanged, NoToken};

/// The one way to ask for a token here.
pub(crate) const GRANT_TYPE: &str = "client_credentials";
pub(crate) const TOKEN_TYPE: &str = "Bearer";

/// Exchanges a key for a token.
#[utoipa::path(post, path = "/v1/tokens", tag = "tokens",
    request_body(content = ExchangeKey, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = IssuedToken)))]
pub(crate) async fn exchange(
    State(app): State<AppState>,
    axum::Extension(request): axum::Extension<RequestContext>,
    headers: HeaderMap,
    _query: NoQuery,
    Form(body): Form<ExchangeKey>,
) -> Result<Response, Problem> {
    let it = exchanged(&app, &request, &headers, &body.grant_type)?;
    Ok(axum::Json(issued(it)).into_response())
}

/// The exchange itself, whoever's words it is asked for in.
pub(crate) fn exchanged(
    app: &App,
    request: &RequestContext,
    headers: &HeaderMap,
    grant_type: &str,
) -> Result<Exchanged, Problem> {
    if grant_type != GRANT_TYPE {
        return Err(Problem::field("grant_type", format!("is {GRANT_TYPE}")));
    }
    let client = ClientCredentials::read(headers).map_err(no_client)?;
    app.exchange(&client, request.address).map_err(no_token)
}

fn issued(it: Exchanged) -> IssuedToken {
    let ends_at = Timestamp::from_micros(it.ends_at.saturating_mul(1_000_000));
    IssuedToken {
        access_token: it.token,
        token_type: TOKEN_TYPE.to_owned(),
        expires_in: it.lives_seconds,
        expires_at: wire::moment(ends_at),
    }
}

fn no_client(fault: NoClient) -> Problem {
    let code = match fault {
        NoClient::Missing => Code::ApiKeyMissing,
        NoClient::Several => Code::DuplicateCredentials,
        NoClient::Unreadable => Code::ApiKeyMalformed,
    };
    challenged(Problem::new(code))
}

fn no_token(fault: NoToken) -> Problem {
    match fault {
        NoToken::NotOffered => Problem::new(Code::TokensNotOffered),
        NoToken::TooMany(problem) => problem,
        NoToken::Denied(reason) => {
            let code = Code::from_name(reason.code()).unwrap_or(Code::ApiKeyInvalid);
            challenged(Problem::new(code))
        }
        NoToken::Undecided(cause) => cause.into(),
        NoToken::NoSigner => Problem::new(Code::NoSigningKey),
    }
}

fn challenged(problem: Problem) -> Problem {
    let challenge = HeaderValue::from_static(CHALLENGE_BASIC);
    if problem.code().status() == 401 {
        problem.header(header::WWW_AUTHENTICATE, challenge)
    } else {
        problem
    }
}
