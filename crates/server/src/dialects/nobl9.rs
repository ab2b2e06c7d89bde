//! The token exchange as that product's clients call it: `/oauth2/{server}/v1/token`, whose refusals are
//! those of OAuth, and `/api/accessToken`, whose refusals are those of its API. The server of the path is
//! the end of the issuer that the profile names.

mod access_token;
mod keys;
mod pace;
mod token;

use std::sync::Arc;

use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use keyway_api::code::Code;
use serde_json::{Value, json};

use super::refusal;
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::routes::other_method;

pub(super) fn routes() -> Router<AppState> {
    let oauth = Router::new()
        .route("/oauth2/{server}/v1/token", post(token::token))
        .route("/oauth2/{server}/v1/keys", get(keys::keys))
        .method_not_allowed_fallback(other_method)
        .layer(map_response(in_words_of_oauth));
    let api = Router::new()
        .route("/api/accessToken", post(access_token::access_token))
        .method_not_allowed_fallback(other_method)
        .layer(Extension(Arc::new(pace::Pace::default())))
        .layer(map_response(in_words_of_api));
    oauth.merge(api)
}

/// RFC 6749, section 5.2. Nobody is told which half of a pair is wrong, nor what has become of a key.
async fn in_words_of_oauth(response: Response) -> Response {
    told(response, |problem| {
        let (error, description) = match problem.code().status() {
            401 | 403 => ("invalid_client", "the client id or secret is not valid"),
            429 | 503 => ("temporarily_unavailable", problem.code().title()),
            _ => ("invalid_request", problem.code().title()),
        };
        json!({"error": error, "error_description": description})
    })
}

async fn in_words_of_api(response: Response) -> Response {
    told(
        response,
        |problem| json!({"errors": [{"title": problem.code().title(), "code": problem.code().name()}]}),
    )
}

fn told(response: Response, words: impl Fn(&Problem) -> Value) -> Response {
    refusal::told(response, |problem| {
        // To an exchange, whatever is wrong with the form is a bad request.
        let number = match problem.code().status() {
            415 | 422 => 400,
            number => number,
        };
        (number, words(problem))
    })
}

/// The server that a path names must be the one whose tokens these are.
fn is_issuer(app: &App, server: &str) -> Result<(), Problem> {
    let in_force = app.profile_in_force()?;
    let rules = in_force.profile.tokens.as_ref();
    let is_it = rules.is_some_and(|it| it.issuer_path == format!("/oauth2/{server}"));
    if is_it {
        Ok(())
    } else {
        Err(Problem::new(Code::RouteNotFound))
    }
}
