//! `POST /oauth2/{server}/v1/token`

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::HeaderMap;
use keyway_api::token::ExchangeKey;
use serde_json::json;

use super::is_issuer;
use crate::answer::problem::Problem;
use crate::app::AppState;
use crate::request::context::RequestContext;
use crate::request::form::Form;
use crate::routes::tokens::{TOKEN_TYPE, exchanged};

/// The one scope that there is.
const SCOPE: &str = "m2m";

pub(super) async fn token(
    State(app): State<AppState>,
    Path(server): Path<String>,
    Extension(request): Extension<RequestContext>,
    headers: HeaderMap,
    Form(body): Form<ExchangeKey>,
) -> Result<Response, Problem> {
    is_issuer(&app, &server)?;
    let it = exchanged(&app, &request, &headers, &body.grant_type)?;
    let answer = json!({
        "token_type": TOKEN_TYPE,
        "expires_in": it.lives_seconds,
        "access_token": it.token.expose(),
        "scope": SCOPE,
    });
    Ok(Json(answer).into_response())
}
