//! Conditional requests: an object's `ETag` is its version, with a mark once a key has expired, because
//! then it reads differently without having changed (S-COND-01).

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use keyway_api::code::Code;
use keyway_api::key::{Key, KeyStatus};
use keyway_api::management_key::{ManagementKey, ManagementKeyStatus};
use serde::Serialize;

use crate::answer::problem::Problem;

/// The version that `If-Match` names, if there is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IfMatch(pub Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        let value = match (values.next(), values.next()) {
            (None, _) => return Ok(Self(None)),
            (Some(_), Some(_)) => None,
            (Some(value), None) => value.to_str().ok(),
        };
        match value.map(str::trim) {
            Some("*") => Ok(Self(None)),
            // Another form than ours names no version that there ever was.
            value => match value.and_then(version_of) {
                Some(version) => Ok(Self(Some(version))),
                None => Err(Problem::new(Code::PreconditionFailed)),
            },
        }
    }
}

impl IfMatch {
    /// For changes that are only made to a version that the caller has seen (S-COND-05).
    pub(crate) fn required(self) -> Result<i64, Problem> {
        self.0
            .ok_or_else(|| Problem::new(Code::PreconditionRequired))
    }
}

/// `"3"` or `"3-expired"`.
fn version_of(tag: &str) -> Option<i64> {
    let quoted = tag.strip_prefix('"')?.strip_suffix('"')?;
    quoted
        .strip_suffix(EXPIRED_MARK)
        .unwrap_or(quoted)
        .parse()
        .ok()
}

const EXPIRED_MARK: &str = "-expired";

/// The tags of `If-None-Match`, as they were sent.
#[derive(Clone, Debug)]
pub(crate) struct IfNoneMatch(Vec<String>);

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let values = parts.headers.get_all(header::IF_NONE_MATCH).iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        let tags = texts
            .flat_map(|text| text.split(','))
            .map(|tag| tag.trim().to_owned());
        Ok(Self(tags.collect()))
    }
}

impl IfNoneMatch {
    fn matches(&self, tag: &str) -> bool {
        let is_it = |it: &String| it == "*" || it.strip_prefix("W/").unwrap_or(it) == tag;
        self.0.iter().any(is_it)
    }

    /// Whether the caller wants to make a thing only if it is not there: `If-None-Match: *`.
    pub(crate) fn is_any(&self) -> bool {
        self.0.iter().any(|tag| tag == "*")
    }

    /// The object, or 304 when the caller has it.
    pub(crate) fn answer<W: Serialize>(&self, tag: &str, object: &W) -> Response {
        if self.matches(tag) {
            return tagged(StatusCode::NOT_MODIFIED.into_response(), tag);
        }
        tagged(axum::Json(object).into_response(), tag)
    }
}

pub(crate) fn version_tag(version: i64) -> String {
    format!("\"{version}\"")
}

pub(crate) fn key_tag(key: &Key) -> String {
    marked_tag(key.version, key.status == KeyStatus::Expired)
}

pub(crate) fn management_key_tag(key: &ManagementKey) -> String {
    marked_tag(key.version, key.status == ManagementKeyStatus::Expired)
}

fn marked_tag(version: i64, is_expired: bool) -> String {
    let mark = if is_expired { EXPIRED_MARK } else { "" };
    format!("\"{version}{mark}\"")
}

pub(crate) fn tagged(mut response: Response, tag: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_a_version_with_or_without_its_mark() {
        assert_eq!(version_of("\"3\""), Some(3));
        assert_eq!(version_of("\"3-expired\""), Some(3));
        for bad in ["3", "\"\"", "W/\"3\"", "\"x\"", "\"3", "*"] {
            assert_eq!(version_of(bad), None, "{bad}");
        }
    }
}
