//! What a token says: who made it, for whom, of which key, until when, and what the profile adds.

use std::collections::BTreeMap;

use keyway_core::key::Lifetime;
use keyway_core::profile::tokens::{ClaimTemplate, TokenRules};
use keyway_core::time::Timestamp;
use keyway_index::verify::Found;
use serde_json::{Map, Value, json};

const MICROS_PER_SECOND: i64 = 1_000_000;

/// What a token says of its key.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub key: String,
    pub organization: String,
    pub environment: String,
    pub lifetime: Lifetime,
}

impl Subject {
    pub(crate) fn of(found: &Found<'_>) -> Self {
        Self {
            key: found.texts().id.to_owned(),
            organization: found.organization().id.to_string(),
            environment: found.environment().to_owned(),
            lifetime: found.lifetime(),
        }
    }
}

/// Who issues, under which rules, and the moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Issuing<'a> {
    pub rules: &'a TokenRules,
    pub public_url: &'a str,
    /// `jti`
    pub token_id: &'a str,
    pub now: Timestamp,
}

impl Issuing<'_> {
    pub(crate) fn issuer(&self) -> String {
        issuer(self.rules, self.public_url)
    }

    /// The second in which the token ends: never after its key.
    pub(crate) fn ends_at(&self, subject: &Subject) -> i64 {
        let own = self.now.plus(self.rules.lifetime);
        let end = match subject.lifetime.at_most(own) {
            Lifetime::Until(end) => end,
            Lifetime::Forever => own,
        };
        end.micros().div_euclid(MICROS_PER_SECOND)
    }

    pub(crate) fn claims(&self, subject: &Subject) -> Value {
        let host = host(self.public_url);
        let mut claims = table(&self.rules.claims, subject, host);
        let own = json!({
            "iss": self.issuer(),
            "aud": audience(self.rules, self.public_url),
            "sub": subject.key,
            "client_id": subject.key,
            "iat": self.now.micros().div_euclid(MICROS_PER_SECOND),
            "exp": self.ends_at(subject),
            "jti": self.token_id,
        });
        if let Value::Object(own) = own {
            claims.extend(own);
        }
        Value::Object(claims)
    }
}

pub(crate) fn issuer(rules: &TokenRules, public_url: &str) -> String {
    format!("{public_url}{}", rules.issuer_path)
}

pub(crate) fn audience(rules: &TokenRules, public_url: &str) -> String {
    let own = || issuer(rules, public_url);
    rules.audience.clone().unwrap_or_else(own)
}

fn table(
    templates: &BTreeMap<String, ClaimTemplate>,
    subject: &Subject,
    host: &str,
) -> Map<String, Value> {
    let filled = templates.iter().map(|(name, template)| {
        let value = match template {
            ClaimTemplate::Table(inner) => Value::Object(table(inner, subject, host)),
            ClaimTemplate::Text(text) => text
                .replace("{key}", &subject.key)
                .replace("{organization}", &subject.organization)
                .replace("{environment}", &subject.environment)
                .replace("{host}", host)
                .into(),
        };
        (name.clone(), value)
    });
    filled.collect()
}

/// Without scheme and port.
fn host(public_url: &str) -> &str {
    let rest = public_url.split_once("://").map_or(public_url, |it| it.1);
    let authority = rest.split('/').next().unwrap_or_default();
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) => host,
        _ => authority,
    }
}
