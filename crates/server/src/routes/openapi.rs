//! `GET /openapi.json`: what this server speaks.

use std::sync::LazyLock;

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header;
use utoipa::OpenApi as _;

use crate::openapi::Document;

/// Made once; a document that cannot be written as JSON would be empty, and a test holds that it is
/// not.
pub(crate) static JSON: LazyLock<Bytes> = LazyLock::new(|| {
    Document::openapi()
        .to_pretty_json()
        .unwrap_or_default()
        .into()
});

/// The `OpenAPI` document.
#[utoipa::path(get, path = "/openapi.json", tag = "server",
    responses((status = 200, content_type = "application/json", body = serde_json::Value)))]
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], JSON.clone()).into_response()
}
