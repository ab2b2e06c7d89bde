//! Pages on their way out: HTML, never stored, and under a policy that lets in nothing but what this
//! server sends.

use askama::Template;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use keyway_api::code::Code;

use super::frame::Frame;
use crate::answer::problem::{Problem, status};

/// No inline script or style, no frame, no other host.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";
/// No other host learns of a page. With `no-referrer` a browser would hide from us too where a form
/// was sent from (`Origin: null`), and every form would be refused.
const REFERRER_POLICY: &str = "same-origin";
const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// A template with a status.
pub(crate) fn page<T: Template>(code: StatusCode, template: &T) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => return Problem::internal(&error).into_response(),
    };
    let mut response = (code, Html(html)).into_response();
    let policies = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::REFERRER_POLICY, REFERRER_POLICY),
    ];
    for (name, policy) in policies {
        let policy = HeaderValue::from_static(policy);
        response.headers_mut().insert(name, policy);
    }
    response
}

/// To another page, by GET.
pub(crate) fn to(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// To another page, for htmx: a redirect would be followed before it hears of it.
pub(crate) fn anew(address: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert(HX_REDIRECT, address);
    }
    response
}

/// An address on this server: a path and a query, nothing that a browser reads as another host.
pub(crate) fn local_path(unverified: &str) -> Option<&str> {
    let is_path = unverified.starts_with('/')
        && !unverified.starts_with("//")
        && unverified
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    is_path.then_some(unverified)
}

/// A refusal of a page that has its frame already.
pub(crate) fn refusal<E: Into<Problem>>(frame: &Frame) -> impl Fn(E) -> Response + '_ {
    move |error| refused(frame, &error.into())
}

#[derive(Template)]
#[template(path = "locked.html")]
struct Locked<'a> {
    frame: &'a Frame,
    heading: &'a str,
    permission: &'a str,
    role: &'a str,
    administrators: &'a [Administrator],
}

/// Who can give a permission.
#[derive(Clone, Debug)]
pub(crate) struct Administrator {
    pub name: String,
    pub email: String,
    pub role: String,
}

pub(crate) fn locked(
    frame: &Frame,
    heading: &str,
    permission: &str,
    role: &str,
    administrators: &[Administrator],
) -> Response {
    let page_of = Locked {
        frame,
        heading,
        permission,
        role,
        administrators,
    };
    page(StatusCode::FORBIDDEN, &page_of)
}

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused<'a> {
    frame: &'a Frame,
    heading: &'a str,
    sentence: &'a str,
    code: &'a str,
}

/// A problem in sentences.
pub(crate) fn refused(frame: &Frame, problem: &Problem) -> Response {
    let code = problem.code();
    let sentence = problem.as_detail().unwrap_or_else(|| code.page().to_do);
    let refused = Refused {
        frame,
        heading: code.title(),
        sentence,
        code: code.name(),
    };
    let mut response = page(status(code.status()), &refused);
    if code == Code::Undecided || code == Code::StoreUnavailable {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_server_is_gone_back_to() {
        for good in ["/", "/keys", "/keys/k1?tab=usage"] {
            assert_eq!(local_path(good), Some(good));
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "keys",
            "/a b",
        ] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
    }
}
