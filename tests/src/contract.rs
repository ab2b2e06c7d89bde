//! What holds of every answer, whatever was asked.

use http::Method;
use serde_json::Value;

use crate::client::Answer;

const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";
const PROBLEM_JSON: &str = "application/problem+json";
/// Header, and a part that its value must have.
const ALWAYS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "frame-ancestors 'none'"),
    ("x-request-id", ""),
];
/// S-PROBLEM-06: a status, and the header that must come with it.
const PAIRS: &[(u16, &str)] = &[
    (401, "www-authenticate"),
    (405, "allow"),
    (429, "retry-after"),
    (503, "retry-after"),
];
/// What only a mistake of ours would tell.
const INSIDES: &[&str] = &[
    "panicked at",
    "sqlx",
    "SQLITE",
    "SELECT ",
    "INSERT ",
    ".rs:",
];

pub(crate) fn assert_kept(method: &Method, path: &str, answer: &Answer) {
    let faults = faults(method, path, answer);
    assert!(
        faults.is_empty(),
        "{method} {path} answered {}: {}\n{:?}\n{}",
        answer.status,
        faults.join("; "),
        answer.headers,
        answer.text()
    );
}

/// What is wrong with an answer.
pub fn faults(method: &Method, path: &str, answer: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    if answer.status == 500 {
        faults.push("a 500 is a mistake of ours".to_owned());
    }
    for (header, part) in ALWAYS {
        let value = answer.header(header);
        if value.is_empty() || !value.contains(part) {
            faults.push(format!("{header} is {value:?}"));
        }
    }
    for (status, header) in PAIRS {
        if answer.status == *status && answer.header(header).is_empty() {
            faults.push(format!("{status} without {header}"));
        }
    }
    if path.starts_with("/v1/") && !answer.header("cache-control").contains("no-store") {
        faults.push("may be stored by a cache".to_owned());
    }
    // Another product's calls refuse in its own words.
    let is_foreign = path.starts_with("/api/") || path.starts_with("/v1/admin/");
    let is_refusal = answer.status >= 400 && !is_foreign;
    if is_refusal && method != Method::HEAD {
        faults.extend(problem_faults(path, answer));
    }
    faults
}

/// S-PROBLEM-01 and -03: the one shape of a refusal.
fn problem_faults(path: &str, answer: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    let media_type = answer.header("content-type");
    if media_type != PROBLEM_JSON {
        faults.push(format!("a refusal as {media_type:?}"));
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    for name in ["type", "title", "code", "request_id"] {
        if text(name).is_empty() {
            faults.push(format!("a problem without {name}"));
        }
    }
    // nginx knows fewer statuses; the body keeps the true one.
    let is_for_nginx = path.contains("proxy=nginx");
    let status = body.get("status").and_then(Value::as_u64);
    if status != Some(u64::from(answer.status)) && !is_for_nginx {
        faults.push("its status is not that of the status line".to_owned());
    }
    // A rate limit has a registered type; every other is a page of the server.
    let kind = text("type");
    if !kind.contains("/problems/") && kind != QUOTA_EXCEEDED {
        faults.push(format!("its type is {kind:?}"));
    }
    let instance = path.split('?').next().unwrap_or_default();
    let is_redacted = text("instance").contains("[redacted]");
    if !text("instance").is_empty() && text("instance") != instance && !is_redacted {
        faults.push(format!("its instance is {:?}", text("instance")));
    }
    if text("request_id") != answer.header("x-request-id") {
        faults.push("its request id is not that of the header".to_owned());
    }
    let inside = INSIDES.iter().find(|word| answer.text().contains(**word));
    faults.extend(inside.map(|word| format!("tells {word:?}")));
    faults
}

#[cfg(test)]
mod tests {
    use http::header::HeaderMap;

    use super::*;

    fn sample(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let mut all = HeaderMap::new();
        for (name, value) in ALWAYS.iter().copied().chain(headers.iter().copied()) {
            let value = if value.is_empty() { "r1" } else { value };
            all.insert(name, value.parse().unwrap());
        }
        Answer {
            status,
            headers: all,
            body: body.to_owned().into(),
        }
    }

    const BODY: &str =
        r#"{"type":"/problems/a","title":"A","status":401,"code":"a","request_id":"r1"}"#;
    const JSON: (&str, &str) = ("content-type", PROBLEM_JSON);

    #[test]
    fn a_whole_refusal_has_no_fault_and_a_bare_one_has() {
        let challenge = ("www-authenticate", "Bearer realm=\"x\"");
        let whole = sample(401, &[JSON, challenge], BODY);
        assert_eq!(faults(&Method::GET, "/", &whole), Vec::<String>::new());
        let bare = sample(401, &[JSON], BODY);
        assert_eq!(
            faults(&Method::GET, "/", &bare),
            ["401 without www-authenticate"]
        );
        let empty = sample(401, &[challenge], "");
        assert_eq!(faults(&Method::GET, "/", &empty).len(), 8);
    }

    #[test]
    fn an_answer_of_the_api_is_not_stored() {
        let answer = sample(200, &[], "{}");
        assert_eq!(
            faults(&Method::GET, "/v1/keys", &answer),
            ["may be stored by a cache"]
        );
    }
}
