//! Text that people and products attach to what they own.

use std::str::FromStr;

/// Longest name, in characters.
pub const NAME_CHARS_MAX: usize = 253;
/// Longest description, in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 1_024;
/// Longest owner, `managed_by` or external id, in characters.
pub const LABEL_CHARS_MAX: usize = 253;
/// Longest metadata, in bytes of compact JSON.
pub const METADATA_BYTES_MAX: usize = 4_096;

/// Longest e-mail address, in bytes (RFC 5321).
pub const EMAIL_BYTES_MAX: usize = 254;

fn is_printable(raw: &str) -> bool {
    !raw.chars().any(char::is_control)
}

fn is_label(raw: &str, chars_max: usize) -> bool {
    let chars = raw.chars().count();
    (1..=chars_max).contains(&chars) && raw.trim() == raw && is_printable(raw)
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident, $error:ident, $message:literal, $rule:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error($message)]
        pub struct $error;

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = $error;

            fn from_str(raw: &str) -> Result<Self, $error> {
                if $rule(raw) { Ok(Self(raw.into())) } else { Err($error) }
            }
        }
    )*};
}

texts! {
    /// The name of a key, project, organization or management key.
    Name, InvalidName,
    "a name is 1 to 253 characters without control characters or surrounding space",
    |raw: &str| is_label(raw, NAME_CHARS_MAX);

    /// Free text about a key; may have line breaks.
    Description, InvalidDescription,
    "a description is at most 1024 characters without control characters but line breaks and tabs",
    |raw: &str| raw.chars().count() <= DESCRIPTION_CHARS_MAX
        && !raw.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t'));

    /// An e-mail address. Two that differ in case alone belong to one person: see
    /// [`Email::folded`].
    Email, InvalidEmail,
    "an e-mail address is a name, an @ and a domain, at most 254 characters without spaces",
    is_email;

    /// A word of the product's own: whose key it is, what manages it, what it calls a thing.
    Label, InvalidLabel,
    "this is 1 to 253 characters without control characters or surrounding space",
    |raw: &str| is_label(raw, LABEL_CHARS_MAX);
}

/// Enough to refuse slips; whether a person reads it, only a link sent there can tell.
fn is_email(raw: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || c == '@')
    };
    raw.len() <= EMAIL_BYTES_MAX
        && raw.split_once('@').is_some_and(|(name, domain)| {
            let is_domain =
                domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
            is_part(name) && is_part(domain) && is_domain
        })
}

impl Email {
    /// The form in which addresses are compared.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

/// A JSON object of the product's own, as compact JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata(Box<str>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("metadata is a JSON object of at most {METADATA_BYTES_MAX} bytes without NUL characters")]
pub struct InvalidMetadata;

impl Metadata {
    pub fn empty() -> Self {
        Self("{}".into())
    }

    /// Compact JSON.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        &*self.0 == "{}"
    }
}

impl TryFrom<&serde_json::Map<String, serde_json::Value>> for Metadata {
    type Error = InvalidMetadata;

    fn try_from(
        object: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Self, InvalidMetadata> {
        let json = serde_json::to_string(object).map_err(|_| InvalidMetadata)?;
        // PostgreSQL text holds no NUL, and neither should anything that reads this later.
        if json.len() > METADATA_BYTES_MAX || json.contains("\\u0000") {
            return Err(InvalidMetadata);
        }
        Ok(Self(json.into()))
    }
}

impl FromStr for Metadata {
    type Err = InvalidMetadata;

    fn from_str(raw: &str) -> Result<Self, InvalidMetadata> {
        if raw == "{}" {
            return Ok(Self::empty());
        }
        let object: serde_json::Map<_, _> =
            serde_json::from_str(raw).map_err(|_| InvalidMetadata)?;
        Self::try_from(&object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_counted_in_characters_and_shown_as_it_is() {
        assert!("é".repeat(NAME_CHARS_MAX).parse::<Name>().is_ok());
        let long = "é".repeat(NAME_CHARS_MAX + 1);
        for raw in ["", " a", "a ", "a\0b", "a\nb", &long] {
            assert_eq!(raw.parse::<Name>(), Err(InvalidName), "{raw:?}");
        }
    }

    #[test]
    fn metadata_is_a_small_object() {
        assert_eq!(
            "{ \"a\": 1 }"
                .parse::<Metadata>()
                .map(|m| m.as_json().to_owned()),
            Ok("{\"a\":1}".to_owned())
        );
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(METADATA_BYTES_MAX));
        for raw in ["", "[]", "1", "{", "{\"a\":\"\\u0000\"}", &long] {
            assert_eq!(raw.parse::<Metadata>(), Err(InvalidMetadata), "{raw:?}");
        }
    }
}
