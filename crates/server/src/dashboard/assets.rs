//! Stylesheets, icons and scripts, embedded in the binary and cached for good: their address changes
//! with their content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::header;
use keyway_api::code::Code;
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use crate::answer::problem::Problem;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

#[derive(RustEmbed)]
#[folder = "../../web/assets"]
struct Folder;

/// Of all files together: one address for a deployment, another after an upgrade.
pub(crate) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Folder::iter().collect();
    names.sort_unstable();
    let mut hasher = Sha256::new();
    for name in names {
        hasher.update(name.as_bytes());
        if let Some(file) = Folder::get(&name) {
            hasher.update(&file.data);
        }
    }
    hex::encode(hasher.finalize().get(..8).unwrap_or_default())
});

/// A file by its name. Any version is answered with the present content, so that a page from before an
/// upgrade still has its style.
pub(crate) async fn asset(Path((_, name)): Path<(String, String)>) -> Result<Response, Problem> {
    let file = Folder::get(&name).ok_or_else(|| Problem::new(Code::RouteNotFound))?;
    let media_type = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, IMMUTABLE),
    ];
    Ok((headers, file.data.into_owned()).into_response())
}
