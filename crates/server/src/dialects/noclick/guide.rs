//! `GET /guides/external-apps`: how an application connects, and every event that it may send.

use axum::response::Response;

use crate::routes::docs::page;

const BODY: &str = include_str!("guide.html");

pub(super) async fn guide() -> Response {
    page("External applications", BODY)
}
