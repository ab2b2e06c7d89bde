//! On which terms a change is made.

use reqwest::RequestBuilder;
use reqwest::header::IF_MATCH;

/// On which terms a change is made; the default asks for nothing special.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How long to wait until the change holds everywhere, such as `30s`.
    pub wait: Option<String>,
    /// Repeating a call with the same key and content repeats its answer, not the change.
    pub idempotency_key: Option<String>,
    /// Only if the object still has this version.
    pub version: Option<i64>,
}

impl Terms {
    pub(crate) fn on(&self, mut request: RequestBuilder) -> RequestBuilder {
        if let Some(wait) = &self.wait {
            request = request.query(&[("wait", wait)]);
        }
        if let Some(key) = &self.idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(version) = self.version {
            request = request.header(IF_MATCH, format!("\"{version}\""));
        }
        request
    }
}
