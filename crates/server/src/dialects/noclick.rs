//! `/api/keys`, as the Developer page of that product calls it: by session cookie alone, refusals as
//! `{"detail": "…"}`. A key belongs to the account, or to one workflow of it, which is a resource
//! that the product told of. Beside it stands the guide that the page leads to.

mod account;
mod create;
mod guide;
mod list;
mod revoke;
mod wire;

use axum::Router;
use axum::middleware::map_response;
use axum::routing::{delete, get, post};
use keyway_core::resource::ResourcePath;

use super::detail;
use crate::app::AppState;
use crate::routes::other_method;

/// Where an account's workflows lie.
const WORKFLOWS: &str = "project/default/workflow/";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/keys", post(create::create).get(list::list))
        .route("/api/keys/{id}", delete(revoke::revoke))
        .method_not_allowed_fallback(other_method)
        .layer(map_response(detail::in_its_words))
        .route("/guides/external-apps", get(guide::guide))
}

/// A workflow by its id; None for what cannot be one.
fn workflow(id: &str) -> Option<ResourcePath> {
    let is_one_segment = !id.contains('/');
    is_one_segment
        .then(|| format!("{WORKFLOWS}{id}").parse().ok())
        .flatten()
}
