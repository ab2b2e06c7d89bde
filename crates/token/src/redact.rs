//! Masks what looks like a key in free text: the last net, for log lines and error texts.
//!
//! Nothing should rely on it alone; the first net is [`crate::secret::Secret`].

use std::borrow::Cow;

use regex::{NoExpand, Regex, RegexBuilder};

use crate::management::{MANAGEMENT_PREFIX, MANAGEMENT_SECRET_CHARS_MIN};

/// What stands where a key stood.
pub const REDACTED: &str = "[redacted]";

/// The most memory that one compiled pattern may take.
pub(crate) const PATTERN_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Finds management keys and the keys of some patterns in text.
#[derive(Debug, Clone)]
pub struct Redactor {
    pattern: Regex,
}

/// A pattern is no regular expression, or needs too much memory.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the pattern `{pattern}` cannot be used")]
pub struct InvalidPattern {
    /// The pattern as it was given.
    pub pattern: String,
    /// What is wrong with it.
    pub source: regex::Error,
}

impl Redactor {
    /// A redactor for management keys and for `patterns`, usually
    /// [`crate::template::Template::regex`] and the legacy patterns.
    pub fn new(patterns: &[&str]) -> Result<Self, InvalidPattern> {
        // What follows a key without a gap goes with it: a key with one character too many is
        // what a refusal is most likely to quote.
        let mut any =
            format!("(?:{MANAGEMENT_PREFIX}[0-9A-Za-z_]{{{MANAGEMENT_SECRET_CHARS_MIN},}}");
        for pattern in patterns {
            compile(pattern, pattern)?;
            any.push_str("|(?:");
            any.push_str(pattern);
            any.push(')');
        }
        any.push_str(")[0-9A-Za-z_]*");
        Ok(Self {
            pattern: compile(&any, &any)?,
        })
    }

    /// The text with every key replaced by [`REDACTED`]; borrowed where there is none.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.pattern.replace_all(text, NoExpand(REDACTED))
    }
}

/// Compiles `expression`; an error names `pattern`, what the operator wrote.
pub(crate) fn compile(expression: &str, pattern: &str) -> Result<Regex, InvalidPattern> {
    RegexBuilder::new(expression)
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|source| InvalidPattern {
            pattern: pattern.to_owned(),
            source,
        })
}
