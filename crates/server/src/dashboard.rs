//! The pages on which people manage keys. Handlers like all others: the same permits, the same store
//! methods, the same wait until a change is in force; only what they answer with is HTML.
//!
//! A page is a template with a [`Frame`](frame::Frame) around it. Words, and what stands where, are the
//! profile's; no page knows which profile that is. A visitor without the permission for a page gets a
//! locked page that names who can change that.

pub(crate) mod assets;
pub(crate) mod frame;
pub(crate) mod page;
pub(crate) mod sign_in;
pub(crate) mod visitor;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;

/// Every page, in the order of the navigation.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(sign_in::home))
        .route("/assets/{version}/{name}", get(assets::asset))
        .route("/sign-in", get(sign_in::form).post(sign_in::with_password))
        .route(
            "/sign-in/link/{secret}",
            get(sign_in::link).post(sign_in::with_link),
        )
        .route(
            "/invitation/{secret}",
            get(sign_in::link).post(sign_in::with_link),
        )
        .route(
            "/portal/open/{secret}",
            get(sign_in::link).post(sign_in::with_link),
        )
        .route("/sign-out", post(sign_in::out))
        .route("/sign-out-everywhere", post(sign_in::out_everywhere))
}
