//! `GET /.well-known/jwks.json`: the public keys that tokens are proved with (RFC 7517).

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};
use keyway_api::code::Code;

use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::request::query::NoQuery;
use crate::tokens::KEYS_MAX_AGE_SECONDS;

/// Shows the keys that sign, signed lately, or are about to.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "tokens",
    responses((status = 200, body = serde_json::Value)))]
pub(crate) async fn show(
    State(app): State<AppState>,
    _query: NoQuery,
) -> Result<Response, Problem> {
    key_set(&app)
}

pub(crate) fn key_set(app: &App) -> Result<Response, Problem> {
    let in_force = app.profile_in_force()?;
    let rules = in_force.profile.tokens.as_ref();
    let rules = rules.ok_or_else(|| Problem::new(Code::TokensNotOffered))?;
    if let Some(cause) = app.index.doubt() {
        return Err(cause.into());
    }
    let keys = app.key_ring.published(rules.lifetime, app.clock.now());
    let mut response = axum::Json(keys).into_response();
    let age = format!("public, max-age={KEYS_MAX_AGE_SECONDS}");
    if let Ok(age) = HeaderValue::from_str(&age) {
        response.headers_mut().insert(header::CACHE_CONTROL, age);
    }
    Ok(response)
}
