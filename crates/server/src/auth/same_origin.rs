//! Proof that a write by cookie comes from a page of our own: a browser says where a request comes
//! from, and pages of others cannot make it lie (S-JWT-12).

use http::request::Parts;
use http::{HeaderMap, Method, header};
use keyway_api::code::Code;

use super::request_context;
use crate::answer::problem::Problem;
use crate::app::App;

const FETCH_SITE: &str = "sec-fetch-site";

/// Reading needs no proof; whatever may change something does.
pub(crate) fn prove(parts: &Parts, app: &App) -> Result<(), Problem> {
    let is_reading = matches!(parts.method, Method::GET | Method::HEAD);
    if is_reading || is_ours(&parts.headers, &app.public_url) {
        return Ok(());
    }
    app.refusals
        .of_stranger(Code::CrossOrigin, &request_context(parts)?);
    Err(Problem::new(Code::CrossOrigin))
}

fn is_ours(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &str| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Some(None),
            (Some(value), None) => value.to_str().ok().map(Some),
            (Some(_), Some(_)) => None,
        }
    };
    let (Some(site), Some(Some(origin)), Some(host)) = (
        text(FETCH_SITE),
        text(header::ORIGIN.as_str()),
        text(header::HOST.as_str()),
    ) else {
        return false;
    };
    let is_of_host = |host: &str| {
        origin
            .strip_prefix("https://")
            .or_else(|| origin.strip_prefix("http://"))
            == Some(host)
    };
    let is_own_origin = origin == origin_of(public_url) || host.is_some_and(is_of_host);
    site.is_none_or(|site| site == "same-origin") && is_own_origin
}

/// Scheme, host and port.
fn origin_of(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    match url.get(after_scheme..).and_then(|rest| rest.find('/')) {
        Some(path) => url.get(..after_scheme + path).unwrap_or(url),
        None => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        is_ours(&headers.collect(), "https://keys.example.com/app")
    }

    #[test]
    fn a_write_is_ours_only_where_the_browser_says_so() {
        let host = ("host", "keys.example.com");
        assert!(ours(&[host, ("origin", "https://keys.example.com")]));
        assert!(ours(&[
            host,
            ("origin", "https://keys.example.com"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(ours(&[
            ("host", "127.0.0.1:7878"),
            ("origin", "http://127.0.0.1:7878")
        ]));
        assert!(!ours(&[host]));
        assert!(!ours(&[host, ("origin", "null")]));
        assert!(!ours(&[host, ("origin", "https://evil.example")]));
        assert!(!ours(&[
            host,
            ("origin", "https://keys.example.com.evil.example")
        ]));
        assert!(!ours(&[
            host,
            ("origin", "https://keys.example.com"),
            ("sec-fetch-site", "same-site")
        ]));
        assert!(!ours(&[
            host,
            ("origin", "https://keys.example.com"),
            ("origin", "https://evil.example")
        ]));
    }
}
