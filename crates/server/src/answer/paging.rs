//! Pages of lists: `next_cursor` in the body and a `Link` beside it (RFC 8288).

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};
use keyway_api::list::List;
use keyway_store::page::{Cursor, PAGE_ROWS_MAX, Page};
use serde::Serialize;

use crate::answer::problem::Problem;
use crate::app::App;

/// Rows of a page whose caller names no number.
const LIMIT_DEFAULT: usize = 50;

/// A list: its route and everything that its rows depend on, without limit and cursor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listing<'a, L> {
    pub app: &'a App,
    pub path: &'a str,
    pub filter: &'a L,
}

pub(crate) fn limit(limit: Option<u32>) -> Result<usize, Problem> {
    match limit.map(usize::try_from) {
        None => Ok(LIMIT_DEFAULT),
        Some(Ok(limit)) if (1..=PAGE_ROWS_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::field(
            "limit",
            format!("from 1 to {PAGE_ROWS_MAX}"),
        )),
    }
}

impl<L: Serialize> Listing<'_, L> {
    pub(crate) fn open(&self, cursor: Option<&str>) -> Result<Option<Cursor>, Problem> {
        let list = (self.path, self.filter);
        cursor
            .map(|cursor| self.app.cursors.open(&list, cursor))
            .transpose()
    }

    /// `query` is the request's, from which the next page's address is made.
    pub(crate) fn answer<T, W: Serialize>(
        &self,
        page: Page<T>,
        query: Option<&str>,
        shape: impl FnMut(T) -> W,
    ) -> Response {
        let list = (self.path, self.filter);
        let next_cursor = page
            .next
            .map(|cursor| self.app.cursors.seal(&list, &cursor));
        let link = next_cursor
            .as_deref()
            .and_then(|cursor| self.link(query, cursor));
        let data: Vec<W> = page.rows.into_iter().map(shape).collect();
        let mut response = axum::Json(List { data, next_cursor }).into_response();
        response
            .headers_mut()
            .extend(link.map(|link| (header::LINK, link)));
        response
    }

    fn link(&self, query: Option<&str>, cursor: &str) -> Option<HeaderValue> {
        let kept = query.unwrap_or_default().split('&');
        let mut pairs: Vec<&str> = kept
            .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="))
            .collect();
        let next = format!("cursor={cursor}");
        pairs.push(&next);
        let url = format!("{}{}?{}", self.app.public_url, self.path, pairs.join("&"));
        HeaderValue::from_str(&format!("<{url}>; rel=\"next\"")).ok()
    }
}
