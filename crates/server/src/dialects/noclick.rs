//! `/api/keys`, as the Developer page of that product calls it: by session cookie alone, refusals as
//! `{"detail": "…"}`. A key belongs to the account, or to one workflow of it, which is a resource
//! that the product told of.

mod account;
mod create;
mod list;
mod revoke;
mod wire;

use axum::Router;
use axum::middleware::map_response;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, post};
use keyway_core::resource::ResourcePath;
use serde_json::json;

use crate::answer::problem::{Problem, status};
use crate::app::AppState;
use crate::routes::other_method;

/// Where an account's workflows lie.
const WORKFLOWS: &str = "project/default/workflow/";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/keys", post(create::create).get(list::list))
        .route("/api/keys/{id}", delete(revoke::revoke))
        .method_not_allowed_fallback(other_method)
        .layer(map_response(in_its_words))
}

/// A refusal as its clients read it.
async fn in_its_words(mut response: Response) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let detail = problem
        .as_detail()
        .unwrap_or_else(|| problem.code().title());
    let body = axum::Json(json!({"detail": with_fields(detail, &problem)}));
    let mut told = (status(problem.code().status()), body).into_response();
    told.headers_mut().extend(problem.headers().clone());
    told
}

/// What is wrong with the fields, if that is what is wrong.
fn with_fields(detail: &str, problem: &Problem) -> String {
    if problem.errors().is_empty() {
        return detail.to_owned();
    }
    let faults = problem.errors().iter();
    let faults: Vec<String> = faults
        .map(|it| format!("{}: {}", it.pointer.trim_start_matches('/'), it.detail))
        .collect();
    faults.join("; ")
}

/// A workflow by its id; None for what cannot be one.
fn workflow(id: &str) -> Option<ResourcePath> {
    let is_one_segment = !id.contains('/');
    is_one_segment
        .then(|| format!("{WORKFLOWS}{id}").parse().ok())
        .flatten()
}
