//! Words for what may be done, and sets of them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Longest permission, in bytes.
pub const PERMISSION_BYTES_MAX: usize = 100;

/// One word of a profile's catalogue: `[a-z][a-z0-9_.:-]*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(Box<str>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a permission is at most {PERMISSION_BYTES_MAX} characters: a-z, then a-z 0-9 _ . : -")]
pub struct InvalidPermission;

impl Permission {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Permission {
    type Err = InvalidPermission;

    fn from_str(raw: &str) -> Result<Self, InvalidPermission> {
        let is_rest = |byte: u8| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || matches!(byte, b'_' | b'.' | b':' | b'-')
        };
        let is_word = raw.len() <= PERMISSION_BYTES_MAX
            && raw
                .bytes()
                .next()
                .is_some_and(|first| first.is_ascii_lowercase())
            && raw.bytes().all(is_rest);
        if is_word {
            Ok(Self(raw.into()))
        } else {
            Err(InvalidPermission)
        }
    }
}

/// What a grant names: everything (`*`), or sorted words without repetition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PermissionSet {
    All,
    /// Shared, because most keys of a product name one of a few sets.
    Words(Arc<[Permission]>),
}

impl PermissionSet {
    pub fn of(mut words: Vec<Permission>) -> Self {
        words.sort_unstable();
        words.dedup();
        Self::Words(words.into())
    }

    pub fn contains(&self, permission: &Permission) -> bool {
        match self {
            Self::All => true,
            Self::Words(words) => words.binary_search(permission).is_ok(),
        }
    }
}

/// What a role holds: `*`, a word, every word that begins (`keys.*`) or ends (`*.read`) so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermissionPattern {
    All,
    Word(Permission),
    BeginsWith(Box<str>),
    EndsWith(Box<str>),
}

impl PermissionPattern {
    pub fn matches(&self, permission: &Permission) -> bool {
        match self {
            Self::All => true,
            Self::Word(word) => word == permission,
            Self::BeginsWith(start) => permission.as_str().starts_with(&**start),
            Self::EndsWith(end) => permission.as_str().ends_with(&**end),
        }
    }
}

impl PermissionPattern {
    /// Whether every word that `other` matches is one that this matches.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (_, Self::Word(word)) => self.matches(word),
            (Self::BeginsWith(start), Self::BeginsWith(longer)) => longer.starts_with(&**start),
            (Self::EndsWith(end), Self::EndsWith(longer)) => longer.ends_with(&**end),
            (Self::Word(_) | Self::BeginsWith(_) | Self::EndsWith(_), _) => false,
        }
    }
}

impl fmt::Display for PermissionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Word(word) => write!(f, "{word}"),
            Self::BeginsWith(start) => write!(f, "{start}*"),
            Self::EndsWith(end) => write!(f, "*{end}"),
        }
    }
}

impl FromStr for PermissionPattern {
    type Err = InvalidPermission;

    fn from_str(raw: &str) -> Result<Self, InvalidPermission> {
        if raw == "*" {
            return Ok(Self::All);
        }
        if let Some(start) = raw.strip_suffix(".*") {
            start.parse::<Permission>()?;
            return Ok(Self::BeginsWith(format!("{start}.").into()));
        }
        if let Some(end) = raw.strip_prefix("*.") {
            end.parse::<Permission>()?;
            return Ok(Self::EndsWith(format!(".{end}").into()));
        }
        raw.parse().map(Self::Word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_is_a_lower_case_word() {
        for raw in ["read", "keys.read", "a1:b-c_d"] {
            assert!(raw.parse::<Permission>().is_ok(), "{raw:?}");
        }
        for raw in ["", "*", "Read", "1a", ".read", "keys.*", "a b", "é"] {
            assert_eq!(raw.parse::<Permission>(), Err(InvalidPermission), "{raw:?}");
        }
    }

    #[test]
    fn a_pattern_covers_what_matches_no_more_than_itself() {
        let covers = |wide: &str, narrow: &str| {
            let parse = |raw: &str| raw.parse::<PermissionPattern>().unwrap();
            parse(wide).covers(&parse(narrow))
        };
        assert!(covers("*", "*") && covers("*", "keys.*") && covers("keys.*", "keys.read"));
        assert!(covers("keys.*", "keys.*") && covers("*.read", "keys.read"));
        assert!(!covers("keys.*", "*") && !covers("keys.read", "keys.*"));
        assert!(!covers("*.read", "keys.*") && !covers("keys.*", "*.read"));
    }

    #[test]
    fn a_pattern_matches_by_its_fixed_part() {
        let matches = |pattern: &str, word: &str| {
            pattern
                .parse::<PermissionPattern>()
                .unwrap()
                .matches(&word.parse().unwrap())
        };
        assert!(matches("keys.*", "keys.read"));
        assert!(!matches("keys.*", "keysafe.read"));
        assert!(matches("*.read", "keys.read"));
        assert!(!matches("*.read", "read"));
        assert!(matches("*", "anything"));
        assert!("k*".parse::<PermissionPattern>().is_err());
    }
}
