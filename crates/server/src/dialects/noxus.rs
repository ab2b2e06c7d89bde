//! `/v1/admin`, as that product's client calls it, by a key in the profile's header. What a key is it
//! asks the product, which knows it from the verdict; the rest comes here. A workspace of theirs is a
//! project, and a system key is a key of the organization, which is in no project: the hidden workspace.
//!
//! Projects are not deleted here and roles come from the profile, so those calls of the client do not
//! exist.

mod groups;
mod keys;
mod roles;
mod system_key;
mod system_keys;
mod users;
mod wire;

use axum::Router;
use axum::middleware::map_response;
use axum::routing::{any, delete, get, post};

use super::detail;
use crate::app::AppState;
use crate::routes::{nothing_here, other_method};

/// Most things in one answer; the client knows no pages.
const LISTED_MAX: usize = 2_000;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/v1/admin/groups", get(groups::list).post(groups::create))
        .route("/v1/admin/groups/{id}/api-keys", post(groups::create_key))
        .route(
            "/v1/admin/system-keys",
            get(system_keys::list).post(system_keys::create),
        )
        .route("/v1/admin/system-keys/{id}", delete(system_keys::delete))
        .route("/v1/admin/users", get(users::list))
        .route("/v1/admin/roles", get(roles::list))
        // In their words as well.
        .route("/v1/admin/{*rest}", any(nothing_here))
        .method_not_allowed_fallback(other_method)
        .layer(map_response(detail::in_its_words))
}
