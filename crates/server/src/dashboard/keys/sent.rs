//! Forms as browsers send them: names may repeat, lines end in CR LF, and what is left empty is sent
//! all the same.

use axum::extract::{FromRequest, Request};
use axum::response::Response;

use super::super::frame::Frame;
use super::super::page;
use crate::app::AppState;
use crate::request::body;

/// Names and values, in the order of the form.
#[derive(Clone, Default)]
pub(crate) struct Sent(Vec<(String, String)>);

/// Without values: a secret may be among them.
impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

impl FromRequest<AppState> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Response> {
        let bytes = body::collect(request.into_body(), body::BODY_BYTES_MAX).await;
        let bytes = bytes.map_err(|problem| page::refused(&Frame::solo(app), &problem))?;
        Ok(Self::parse(&bytes))
    }
}

impl Sent {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(bytes);
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n")))
                .collect(),
        )
    }

    /// The first value without space around it; empty where there is none.
    pub(crate) fn one(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(it, _)| it == name)
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(it, _)| it == name)
            .map(|(_, value)| value.as_str())
    }

    /// All of it, to know it again by.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_repeated_names_and_plain_line_ends() {
        let sent = Sent::parse(b"name=+CI+&p=a&p=b&text=one%0D%0Atwo");
        assert_eq!(sent.one("name"), "CI");
        assert_eq!(sent.all("p").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(sent.one("text"), "one\ntwo");
        assert_eq!(sent.one("absent"), "");
        assert!(!format!("{sent:?}").contains("CI"));
    }
}
