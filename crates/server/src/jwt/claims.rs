//! What a proved token says, and whether it says it to us and now.

use keyway_core::time::Timestamp;
use serde_json::{Map, Value};

use super::InvalidToken;

/// By how many seconds two clocks may differ (S-JWT-06).
const LEEWAY_SECONDS: i64 = 60;
/// The last second of the year 9999: what is later is a mistake, such as milliseconds.
const SECONDS_MAX: i64 = 253_402_300_799;

#[derive(Clone, Debug)]
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    /// Of a token whose signature holds.
    pub(super) fn of(proved: Map<String, Value>) -> Self {
        Self(proved)
    }

    /// Whether they are of this issuer, for this audience, and in force. All three are compared as they
    /// are written: no prefix, no other case, no slash more or less (S-JWT-05).
    pub(crate) fn hold(
        &self,
        issuer: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<(), InvalidToken> {
        if self.text("iss")? != issuer {
            return Err(InvalidToken::Issuer);
        }
        if !self.audience()?.contains(&audience) {
            return Err(InvalidToken::Audience);
        }
        self.are_in_force(now.micros().div_euclid(1_000_000))
    }

    fn are_in_force(&self, now: i64) -> Result<(), InvalidToken> {
        let expires_at = self.seconds("exp")?.ok_or(InvalidToken::Claim("exp"))?;
        if now >= expires_at + LEEWAY_SECONDS {
            return Err(InvalidToken::Expired);
        }
        for begin in ["nbf", "iat"] {
            if self
                .seconds(begin)?
                .is_some_and(|it| it > now + LEEWAY_SECONDS)
            {
                return Err(InvalidToken::Early);
            }
        }
        Ok(())
    }

    /// One or several.
    pub(crate) fn audience(&self) -> Result<Vec<&str>, InvalidToken> {
        let refusal = InvalidToken::Claim("aud");
        match self.0.get("aud") {
            Some(Value::String(only)) => Ok(vec![only]),
            Some(Value::Array(all)) => {
                let all = all.iter().map(Value::as_str);
                all.collect::<Option<_>>().ok_or(refusal)
            }
            _ => Err(refusal),
        }
    }

    pub(crate) fn text(&self, name: &'static str) -> Result<&str, InvalidToken> {
        let found = self.0.get(name).and_then(Value::as_str);
        found.ok_or(InvalidToken::Claim(name))
    }

    /// By the claim's name; by a JSON pointer where that begins with a slash.
    pub(crate) fn find(&self, path: &str) -> Option<&Value> {
        let Some(pointer) = path.strip_prefix('/') else {
            return self.0.get(path);
        };
        let mut steps = pointer.split('/').map(unescaped);
        let first = self.0.get(&steps.next()?)?;
        steps.try_fold(first, |value, step| value.get(&step))
    }

    /// Whole seconds since the epoch, in a year of four digits.
    pub(crate) fn seconds(&self, name: &'static str) -> Result<Option<i64>, InvalidToken> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        let seconds = value.as_i64().filter(|it| (0..=SECONDS_MAX).contains(it));
        seconds.map(Some).ok_or(InvalidToken::Claim(name))
    }
}

/// RFC 6901 §4.
fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}
