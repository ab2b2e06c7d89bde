//! What is shown this one time: a link, or the secret of a management key. The page stands at the
//! address of the form that was sent, so that no later GET has it.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::frame::Frame;
use super::page::page;

#[derive(Clone, Template)]
#[template(path = "reveal.html")]
pub(crate) struct Reveal {
    pub frame: Frame,
    pub heading: String,
    pub label: String,
    pub secret: String,
    pub bold: String,
    pub rest: String,
    pub hint: String,
    /// What closing without a copy means.
    pub uncopied: String,
    /// Where closing leads.
    pub behind: String,
}

/// Without the secret.
impl std::fmt::Debug for Reveal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reveal")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

impl Reveal {
    pub(crate) fn answer(&self) -> Response {
        page(StatusCode::CREATED, self)
    }
}
