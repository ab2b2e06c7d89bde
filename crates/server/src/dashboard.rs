//! The pages on which people manage keys. Handlers like all others: the same permits, the same store
//! methods, the same wait until a change is in force; only what they answer with is HTML.
//!
//! A page is a template with a [`Frame`](frame::Frame) around it. Words, and what stands where, are the
//! profile's; no page knows which profile that is. A visitor without the permission for a page gets a
//! locked page that names who can change that.

pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod frame;
pub(crate) mod invitations;
pub(crate) mod key_rows;
pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod management_keys;
pub(crate) mod members;
pub(crate) mod moments;
pub(crate) mod navigation;
pub(crate) mod notice;
pub(crate) mod organizations;
pub(crate) mod outcome;
pub(crate) mod page;
pub(crate) mod paged;
pub(crate) mod picked;
pub(crate) mod preferences;
pub(crate) mod projects;
pub(crate) mod reveal;
pub(crate) mod roles;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod visitor;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::app::AppState;
use crate::request::body::BODY_BYTES_MAX;

/// Every page, in the order of the navigation.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(sign_in::home))
        .route("/assets/{version}/{name}", get(assets::asset))
        .route("/sign-in", get(sign_in::form).post(sign_in::with_password))
        .route(
            "/sign-in/link/{secret}",
            get(sign_in::link::show).post(sign_in::link::spend),
        )
        .route(
            "/invitation/{secret}",
            get(sign_in::link::show).post(sign_in::link::spend),
        )
        .route(
            "/portal/open/{secret}",
            get(sign_in::link::show).post(sign_in::link::spend),
        )
        .route("/sign-in/oidc", get(sign_in::oidc::leave))
        .route("/sign-in/oidc/callback", get(sign_in::oidc::come_back))
        .route("/sign-out", post(sign_in::out::here))
        .route("/sign-out-everywhere", post(sign_in::out::everywhere))
        .merge(people())
        .merge(keys::routes("/keys", "/keys"))
        .merge(keys::routes(
            "/projects/{project}",
            "/projects/{project}/keys",
        ))
        .merge(keys::routes("/portal", "/portal/keys"))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

fn people() -> Router<AppState> {
    Router::new()
        .route("/projects", get(projects::list).post(projects::create))
        .route("/projects/new", get(projects::form))
        .route("/limits", get(limits::list))
        .route("/members", get(members::list))
        .route("/members/former", get(members::former::former))
        .route("/members/{id}", get(members::one::one))
        .route("/members/{id}/role", post(members::give_role))
        .route(
            "/members/{id}/project-role",
            post(members::one::give_project_role),
        )
        .route(
            "/members/{id}/remove",
            get(members::one::ask_removal).post(members::one::remove),
        )
        .route(
            "/members/{id}/sign-in-link",
            post(members::one::sign_in_link),
        )
        .route("/roles", get(roles::list))
        .route(
            "/invitations",
            get(invitations::list).post(invitations::create),
        )
        .route("/invitations/new", get(invitations::form))
        .route("/invitations/{id}/withdraw", post(invitations::withdraw))
        .route("/audit", get(audit::list))
        .route("/audit/export", get(audit::download))
        .route(
            "/management-keys",
            get(management_keys::list).post(management_keys::create),
        )
        .route("/management-keys/new", get(management_keys::form))
        .route(
            "/management-keys/managed",
            get(management_keys::managed::list),
        )
        .route(
            "/management-keys/{id}/revoke",
            get(management_keys::ask_revocation).post(management_keys::revoke),
        )
        .route("/settings", get(settings::show))
        .route("/settings/name", post(settings::rename))
        .route("/settings/password", post(settings::set_password))
        .route("/settings/preferences", post(preferences::save))
        .route(
            "/settings/organization",
            post(settings::rename_organization),
        )
        .route(
            "/organizations",
            get(organizations::list).post(organizations::switch),
        )
}
