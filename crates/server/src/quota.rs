//! What is left of a key's rate limit, as answers say it: the fields of the `RateLimit` headers draft
//! (S-LIMIT-01, -02), and how long a refused user waits.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use keyway_api::code::Code;
use keyway_api::rate_limit;
use keyway_core::profile::Profile;
use keyway_core::rate_limit::Quota;

use crate::answer::problem::Problem;

/// The name of the one policy that a key has.
pub(crate) const POLICY: &str = "default";

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const SECOND_MICROS: i64 = 1_000_000;

pub(crate) fn wire(it: &Quota) -> rate_limit::Quota {
    rate_limit::Quota {
        limit: it.of.limit(),
        window_seconds: it.of.window_seconds(),
        remaining: it.remaining,
        more_in_seconds: it.more_in_seconds,
    }
}

/// Never earlier than there is one more; later where the profile says so (S-LIMIT-07).
pub(crate) fn retry_after_seconds(it: &Quota, profile: &Profile) -> u64 {
    let least = profile.limits.retry_after.micros() / SECOND_MICROS;
    it.more_in_seconds.max(least.unsigned_abs())
}

/// Of a key that was let through or used up what it has, and of no other (S-LIMIT-04).
pub(crate) fn insert_headers(headers: &mut HeaderMap, it: &Quota) {
    let (limit, window) = (it.of.limit(), it.of.window_seconds());
    let policy = format!(r#""{POLICY}";q={limit};w={window}"#);
    let (left, wait) = (it.remaining, it.more_in_seconds);
    let rate = format!(r#""{POLICY}";r={left};t={wait}"#);
    for (name, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, rate)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    }
}

/// The refusal of a key that used up what it has.
pub(crate) fn problem(it: &Quota, profile: &Profile) -> Problem {
    let wait = retry_after_seconds(it, profile);
    Problem::new(Code::RateLimited)
        .header(header::RETRY_AFTER, HeaderValue::from(wait))
        .detail(format!(
            "the key may be used {} times in {}; again in {wait} s",
            it.of.limit(),
            it.of.window_text()
        ))
}
