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

#[cfg(test)]
mod tests {
    use super::*;

    const MANAGEMENT: &str = "kw_mgmt_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcd";
    const NOCLICK: &str = "nk_live_[0-9a-f]{64}";

    fn noclick_key() -> String {
        format!("nk_live_{}", "0a".repeat(32))
    }

    #[test]
    fn text_without_a_key_is_handed_back_as_it_was() {
        let redactor = Redactor::new(&[NOCLICK]).unwrap();
        for text in ["", "kw_mgmt_0123…", "nk_live_0a0a", "no key: ключ"] {
            assert!(matches!(redactor.redact(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn every_key_in_a_text_is_masked() {
        let redactor = Redactor::new(&[NOCLICK]).unwrap();
        let key = noclick_key();
        let text = format!("{MANAGEMENT} and \"{key}\", then /v1?key={key}&é");
        assert_eq!(
            redactor.redact(&text),
            "[redacted] and \"[redacted]\", then /v1?key=[redacted]&é"
        );
    }

    #[test]
    fn what_sticks_to_a_key_goes_with_it() {
        let redactor = Redactor::new(&[NOCLICK]).unwrap();
        let text = format!("{}0x", noclick_key());
        assert_eq!(redactor.redact(&text), "[redacted]");
        let text = format!("{MANAGEMENT}{MANAGEMENT}.");
        assert_eq!(redactor.redact(&text), "[redacted].");
    }

    #[test]
    fn a_pattern_that_does_not_compile_is_named() {
        let error = Redactor::new(&[NOCLICK, "nk_("]).unwrap_err();
        assert_eq!(error.to_string(), "the pattern `nk_(` cannot be used");
        assert!(Redactor::new(&["(?:a{1000}){1000}"]).is_err());
    }

    #[test]
    fn patterns_do_not_leak_into_each_other() {
        assert!(Redactor::new(&["a)|(b"]).is_err());
        let redactor = Redactor::new(&["(?i)abc", "xyz"]).unwrap();
        assert_eq!(redactor.redact("ABC XYZ xyz"), "[redacted] XYZ [redacted]");
    }
}
