//! The public surface, one line per route, in the order of the documentation. `/v1/authorize` is not
//! here: it branches off in `serve/edge.rs`.

pub(crate) mod audit;
pub(crate) mod docs;
pub(crate) mod follow;
pub(crate) mod health;
pub(crate) mod invitations;
pub(crate) mod key_set;
pub(crate) mod keys;
pub(crate) mod management_keys;
pub(crate) mod members;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod organizations;
pub(crate) mod path;
pub(crate) mod portal_sessions;
pub(crate) mod problems;
pub(crate) mod profile;
pub(crate) mod projects;
pub(crate) mod resources;
pub(crate) mod roles;
pub(crate) mod sign_in_links;
pub(crate) mod signing_keys;
mod step;
pub(crate) mod tokens;
pub(crate) mod whoami;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::routing::{delete, get, post};
use keyway_api::code::Code;

use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::dialects::Dialects;

/// Everything but forward-auth.
pub(crate) fn router(app: Arc<App>) -> Router {
    let dialects = Dialects::new(&app);
    let others = move |State(app): State<AppState>, request: Request| {
        let dialects = dialects.clone();
        async move { dialects.answer(&app, request).await }
    };
    Router::new()
        .merge(native())
        .merge(crate::dashboard::routes())
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(openapi::openapi))
        .route("/docs", get(docs::docs))
        .route("/problems", get(problems::list))
        .route("/problems/{code}", get(problems::page))
        .fallback(others)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::disable())
        .with_state(app)
}

fn native() -> Router<AppState> {
    people()
        .route(
            "/v1/organizations",
            post(organizations::create).get(organizations::list),
        )
        .route(
            "/v1/organizations/{id}",
            get(organizations::show).patch(organizations::edit),
        )
        .route(
            "/v1/organizations/{id}/suspend",
            post(organizations::suspend),
        )
        .route("/v1/organizations/{id}/resume", post(organizations::resume))
        .route("/v1/projects", post(projects::create).get(projects::list))
        .route("/v1/resources", get(resources::list))
        .route(
            "/v1/resources/{*path}",
            get(resources::show)
                .put(resources::put)
                .delete(resources::remove),
        )
        .route("/v1/keys", post(keys::create::create).get(keys::list::list))
        .route("/v1/keys/verify", post(keys::verify::verify))
        .route("/v1/keys/verify-batch", post(keys::verify::verify_batch))
        .route(
            "/v1/keys/revoke-batch",
            post(keys::revoke_batch::revoke_batch),
        )
        .route("/v1/keys/import", post(keys::import::import))
        .route(
            "/v1/keys/{id}",
            get(keys::one::show)
                .patch(keys::edit::edit)
                .delete(keys::one::delete),
        )
        .route("/v1/keys/{id}/usage", get(keys::usage::usage))
        .route("/v1/keys/{id}/deactivate", post(keys::one::deactivate))
        .route("/v1/keys/{id}/activate", post(keys::one::activate))
        .route("/v1/keys/{id}/revoke", post(keys::revoke::revoke))
        .route("/v1/keys/{id}/rotate", post(keys::rotate::rotate))
        .route("/v1/follow", get(follow::follow))
        .route("/v1/whoami", get(whoami::whoami))
        .route("/v1/whoami/revoke", post(whoami::revoke))
        .route(
            "/v1/management-keys",
            post(management_keys::create).get(management_keys::list),
        )
        .route("/v1/management-keys/{id}", get(management_keys::show))
        .route(
            "/v1/management-keys/{id}/revoke",
            post(management_keys::revoke),
        )
        .route("/v1/tokens", post(tokens::exchange))
        .route("/.well-known/jwks.json", get(key_set::show))
        .route(
            "/v1/signing-keys",
            post(signing_keys::create).get(signing_keys::list),
        )
        .route("/v1/signing-keys/{id}/revoke", post(signing_keys::revoke))
        .route("/v1/profile", get(profile::show).put(profile::apply))
        .route("/v1/audit", get(audit::list))
        .route("/v1/audit/verify", get(audit::verify))
}

fn people() -> Router<AppState> {
    Router::new()
        .route("/v1/members", post(members::create).get(members::list))
        .route(
            "/v1/members/{id}",
            get(members::show)
                .patch(members::edit)
                .delete(members::remove),
        )
        .route("/v1/roles", get(roles::list))
        .route(
            "/v1/invitations",
            post(invitations::create).get(invitations::list),
        )
        .route("/v1/invitations/{id}", delete(invitations::withdraw))
        .route("/v1/sign-in-links", post(sign_in_links::create))
        .route(
            "/v1/portal-sessions",
            post(portal_sessions::create).get(portal_sessions::list),
        )
        .route(
            "/v1/portal-sessions/{id}/revoke",
            post(portal_sessions::revoke),
        )
}

pub(crate) async fn nothing_here() -> Problem {
    Problem::new(Code::RouteNotFound)
}

/// The router adds which methods there are.
pub(crate) async fn other_method() -> Problem {
    Problem::new(Code::MethodNotAllowed)
}
