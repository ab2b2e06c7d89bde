//! The pages about keys: the list, a key's own page, and the dialogs that make, change and end keys.
//!
//! The same pages stand at several addresses: a member's `/keys`, a project's page, and a product's
//! customer's `/portal`.
//! A [`Desk`](desk::Desk) is where a visitor is; the handlers ask it for addresses and for what is fixed there, and
//! know neither.
//!
//! Every dialog is a page. With htmx its form alone is put into the page that is open; without, the
//! page has nothing but the dialog.

mod access;
mod activity;
mod chart;
mod create;
mod desk;
mod details;
mod edit;
mod ending;
mod fields;
mod foot;
mod grants;
mod groups;
mod list;
mod names;
mod pick;
mod reveal;
mod revoke;
mod rotate;
mod row;
mod scope;
mod sent;
mod swap;
mod switch;
mod unusual;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;

/// The list at `list`, all others below `base`.
pub(crate) fn routes(list: &str, base: &str) -> Router<AppState> {
    let at = |rest: &str| format!("{base}{rest}");
    Router::new()
        .route(list, get(list::list))
        .route(&at("/new"), get(create::form).post(create::create))
        .route(&at("/{id}"), get(details::details))
        .route(&at("/{id}/edit"), get(edit::form).post(edit::edit))
        .route(&at("/{id}/revoke"), get(revoke::form).post(revoke::revoke))
        .route(&at("/{id}/rotate"), get(rotate::form).post(rotate::rotate))
        .route(
            &at("/{id}/delete"),
            get(switch::delete_form).post(switch::delete),
        )
        .route(&at("/{id}/deactivate"), post(switch::deactivate))
        .route(&at("/{id}/activate"), post(switch::activate))
        .route(&at("/{id}/test"), post(reveal::test))
}
