//! Reading a template. Every fault has its own error, so that a profile's author is told the rule.

use std::str::FromStr;

use super::{Alphabet, ENVIRONMENT_BYTES_MAX, Part, Template};
use crate::KEY_BYTES_MAX;
use crate::base62::CHECK_CHARS;

/// The fewest literal characters that a key begins with: what a person and a scanner recognize.
pub const PREFIX_CHARS_MIN: usize = 2;
/// The shortest id: 47 bits, so that drawing one again is rare.
pub const ID_CHARS_MIN: usize = 8;
/// The longest id.
pub const ID_CHARS_MAX: usize = 64;
/// The fewest bits of a secret: what nobody guesses, and what makes a plain SHA-256 enough.
pub const SECRET_BITS_MIN: usize = 128;

/// The longest key that a template may describe, its environment aside.
const FIXED_BYTES_MAX: usize = KEY_BYTES_MAX - ENVIRONMENT_BYTES_MAX;

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTemplate {
    /// No literal text at the beginning, or too little.
    #[error("a template begins with at least {PREFIX_CHARS_MIN} literal characters")]
    NoPrefix,
    /// A literal character that no key may hold.
    #[error("literal text is [A-Za-z0-9_], not {0:?}")]
    Character(char),
    /// A `{` without its `}`.
    #[error("a {{ is not closed")]
    Unclosed,
    /// A part of an unknown kind.
    #[error(
        "there is no part {{{0}}}; the parts are env, id:N, secret:ALPHABET:N and check:{CHECK_CHARS}"
    )]
    UnknownPart(String),
    /// A part that may occur once occurs again.
    #[error("{{{0}}} occurs twice")]
    RepeatedPart(&'static str),
    /// A length that is no number.
    #[error("the length {0:?} is not a number")]
    Length(String),
    /// An id of a length that is not allowed.
    #[error("an id has {ID_CHARS_MIN} to {ID_CHARS_MAX} characters, not {0}")]
    IdLength(usize),
    /// A secret in an unknown alphabet.
    #[error("there is no alphabet {0:?}; there are hex and base62")]
    UnknownAlphabet(String),
    /// No secret at all.
    #[error("a template has a {{secret:ALPHABET:N}}")]
    NoSecret,
    /// A secret that is too short.
    #[error("the secret has {bits} bits and needs {SECRET_BITS_MIN}")]
    WeakSecret {
        /// Whole bits that this secret has.
        bits: usize,
    },
    /// A checksum of another length than a CRC-32 has.
    #[error("a checksum has {CHECK_CHARS} characters, not {0}")]
    CheckLength(usize),
    /// Something after the checksum, which would then not be covered.
    #[error("{{check}} is the last part")]
    CheckNotLast,
    /// A client secret with an id or an environment in it.
    #[error("a client secret has neither {{id}} nor {{env}}: the id is a field of its own")]
    MoreThanSecret,
    /// A client id that is more or less than an id.
    #[error("a client id is {{id:N}} and nothing else")]
    NotAnId,
    /// The keys would be too long to be read back.
    #[error("keys would be longer than {FIXED_BYTES_MAX} bytes")]
    TooLong,
}

impl FromStr for Template {
    type Err = InvalidTemplate;

    fn from_str(text: &str) -> Result<Self, InvalidTemplate> {
        // A key is no shorter than its literal text, and the other parts are few.
        if text.len() > KEY_BYTES_MAX {
            return Err(InvalidTemplate::TooLong);
        }
        let parts = read_parts(text)?;
        if !matches!(parts.first(), Some(Part::Literal(start)) if start.len() >= PREFIX_CHARS_MIN) {
            return Err(InvalidTemplate::NoPrefix);
        }
        Self::of_parts(text, parts)
    }
}

impl Template {
    /// The secret of a key that is two fields, as in client credentials. It needs no prefix: it is
    /// always found beside its id, which is not in it.
    pub fn client_secret(text: &str) -> Result<Self, InvalidTemplate> {
        if text.len() > KEY_BYTES_MAX {
            return Err(InvalidTemplate::TooLong);
        }
        let parts = read_parts(text)?;
        let is_of_secret = |part: &Part| !matches!(part, Part::Environment | Part::Id(_));
        if !parts.iter().all(is_of_secret) {
            return Err(InvalidTemplate::MoreThanSecret);
        }
        Self::of_parts(text, parts)
    }

    fn of_parts(text: &str, parts: Vec<Part>) -> Result<Self, InvalidTemplate> {
        refuse_repeated(&parts)?;
        if !parts.iter().any(|part| matches!(part, Part::Secret(..))) {
            return Err(InvalidTemplate::NoSecret);
        }
        if parts.iter().rev().skip(1).any(|part| *part == Part::Check) {
            return Err(InvalidTemplate::CheckNotLast);
        }
        let fixed_bytes = parts
            .iter()
            .fold(0_usize, |sum, part| sum.saturating_add(part.bytes()));
        if fixed_bytes > FIXED_BYTES_MAX {
            return Err(InvalidTemplate::TooLong);
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
            fixed_bytes,
        })
    }
}

/// The length of the client ids that `{id:N}` describes.
pub fn client_id_chars(text: &str) -> Result<usize, InvalidTemplate> {
    if text.len() > KEY_BYTES_MAX {
        return Err(InvalidTemplate::TooLong);
    }
    match read_parts(text)?.as_slice() {
        [Part::Id(chars)] => Ok(*chars),
        _ => Err(InvalidTemplate::NotAnId),
    }
}

impl Part {
    /// The length in a key; 0 for the environment, the only part whose length varies.
    fn bytes(&self) -> usize {
        match self {
            Self::Literal(text) => text.len(),
            Self::Environment => 0,
            Self::Id(len) | Self::Secret(_, len) => *len,
            Self::Check => CHECK_CHARS,
        }
    }
}

fn read_parts(text: &str) -> Result<Vec<Part>, InvalidTemplate> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (literal, placeholder) = match rest.split_once('{') {
            Some((literal, after)) => (literal, Some(after)),
            None => (rest, None),
        };
        if let Some(other) = literal
            .chars()
            .find(|c| !(c.is_ascii_alphanumeric() || *c == '_'))
        {
            return Err(InvalidTemplate::Character(other));
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        rest = match placeholder {
            None => "",
            Some(after) => {
                let (inside, after) = after.split_once('}').ok_or(InvalidTemplate::Unclosed)?;
                parts.push(read_placeholder(inside)?);
                after
            }
        };
    }
    Ok(parts)
}

fn read_placeholder(inside: &str) -> Result<Part, InvalidTemplate> {
    let mut words = inside.split(':');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some("env"), None, ..) => Ok(Part::Environment),
        (Some("id"), Some(len), None, _) => match read_len(len)? {
            len @ ID_CHARS_MIN..=ID_CHARS_MAX => Ok(Part::Id(len)),
            other => Err(InvalidTemplate::IdLength(other)),
        },
        (Some("secret"), Some(alphabet), Some(len), None) => {
            let alphabet = match alphabet {
                "hex" => Alphabet::Hex,
                "base62" => Alphabet::Base62,
                other => return Err(InvalidTemplate::UnknownAlphabet(other.to_owned())),
            };
            let len = read_len(len)?;
            let bits = len.saturating_mul(alphabet.millibits()) / 1_000;
            if bits < SECRET_BITS_MIN {
                return Err(InvalidTemplate::WeakSecret { bits });
            }
            Ok(Part::Secret(alphabet, len))
        }
        (Some("check"), Some(len), None, _) => match read_len(len)? {
            CHECK_CHARS => Ok(Part::Check),
            other => Err(InvalidTemplate::CheckLength(other)),
        },
        _ => Err(InvalidTemplate::UnknownPart(inside.to_owned())),
    }
}

/// Digits only: `parse` alone would read `+12` too, and a template is copied by other programs.
fn read_len(text: &str) -> Result<usize, InvalidTemplate> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidTemplate::Length(text.to_owned()));
    }
    text.parse()
        .map_err(|_| InvalidTemplate::Length(text.to_owned()))
}

fn refuse_repeated(parts: &[Part]) -> Result<(), InvalidTemplate> {
    let is_repeated =
        |is_kind: fn(&Part) -> bool| parts.iter().filter(|part| is_kind(part)).count() > 1;
    if is_repeated(|part| *part == Part::Environment) {
        return Err(InvalidTemplate::RepeatedPart("env"));
    }
    if is_repeated(|part| matches!(part, Part::Id(_))) {
        return Err(InvalidTemplate::RepeatedPart("id"));
    }
    if is_repeated(|part| matches!(part, Part::Secret(..))) {
        return Err(InvalidTemplate::RepeatedPart("secret"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> InvalidTemplate {
        text.parse::<Template>().unwrap_err()
    }

    #[test]
    fn every_fault_has_its_own_error() {
        use InvalidTemplate as E;
        let long = format!("kw_{}{{secret:hex:900}}", "a".repeat(100));
        let cases = [
            ("", E::NoPrefix),
            ("k{secret:hex:32}", E::NoPrefix),
            ("{secret:base62:64}", E::NoPrefix),
            ("{env}kw_{secret:hex:32}", E::NoPrefix),
            ("kw-{secret:hex:32}", E::Character('-')),
            ("kw_é{secret:hex:32}", E::Character('é')),
            ("kw_}{secret:hex:32}", E::Character('}')),
            ("kw_{secret:hex:32", E::Unclosed),
            ("kw_{", E::Unclosed),
            ("kw_{}", E::UnknownPart(String::new())),
            ("kw_{environment}", E::UnknownPart("environment".to_owned())),
            ("kw_{env:3}", E::UnknownPart("env:3".to_owned())),
            ("kw_{id}", E::UnknownPart("id".to_owned())),
            ("kw_{id:8:8}", E::UnknownPart("id:8:8".to_owned())),
            ("kw_{secret:hex}", E::UnknownPart("secret:hex".to_owned())),
            (
                "kw_{secret:hex:32:1}",
                E::UnknownPart("secret:hex:32:1".to_owned()),
            ),
            ("kw_{check}", E::UnknownPart("check".to_owned())),
            ("kw_{env}{env}{secret:hex:32}", E::RepeatedPart("env")),
            ("kw_{id:8}{id:8}{secret:hex:32}", E::RepeatedPart("id")),
            (
                "kw_{secret:hex:32}{secret:hex:32}",
                E::RepeatedPart("secret"),
            ),
            ("kw_{secret:hex:32}{check:6}{check:6}", E::CheckNotLast),
            ("kw_{id:+8}", E::Length("+8".to_owned())),
            ("kw_{id:}", E::Length(String::new())),
            (
                "kw_{id:99999999999999999999}",
                E::Length("99999999999999999999".to_owned()),
            ),
            ("kw_{id:7}", E::IdLength(7)),
            ("kw_{id:65}", E::IdLength(65)),
            (
                "kw_{secret:base64:40}",
                E::UnknownAlphabet("base64".to_owned()),
            ),
            ("kw_live", E::NoSecret),
            ("kw_{id:8}{check:6}", E::NoSecret),
            ("kw_{secret:hex:31}", E::WeakSecret { bits: 124 }),
            ("kw_{secret:base62:21}", E::WeakSecret { bits: 125 }),
            ("kw_{secret:hex:32}{check:7}", E::CheckLength(7)),
            ("kw_{secret:hex:32}{check:6}_", E::CheckNotLast),
            ("kw_{check:6}{secret:hex:32}", E::CheckNotLast),
            (long.as_str(), E::TooLong),
            ("kw_{secret:hex:18446744073709551615}", E::TooLong),
        ];
        for (text, wanted) in cases {
            assert_eq!(refusal(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_client_secret_needs_no_prefix_and_is_nothing_but_a_secret() {
        use InvalidTemplate as E;
        let template = Template::client_secret("{secret:base62:64}").unwrap();
        assert_eq!(template.as_str(), "{secret:base62:64}");
        for (text, wanted) in [
            ("", E::NoSecret),
            ("{id:20}{secret:base62:64}", E::MoreThanSecret),
            ("{env}{secret:base62:64}", E::MoreThanSecret),
            ("{secret:hex:31}", E::WeakSecret { bits: 124 }),
        ] {
            assert_eq!(Template::client_secret(text), Err(wanted), "{text}");
        }
    }

    #[test]
    fn a_client_id_is_an_id_alone() {
        assert_eq!(client_id_chars("{id:20}"), Ok(20));
        for text in ["", "{id:20}x", "cl_{id:20}", "{env}", "{secret:hex:32}"] {
            assert_eq!(
                client_id_chars(text),
                Err(InvalidTemplate::NotAnId),
                "{text}"
            );
        }
        assert_eq!(client_id_chars("{id:7}"), Err(InvalidTemplate::IdLength(7)));
    }

    #[test]
    fn a_weak_secret_is_told_its_bits() {
        let message = refusal("kw_{secret:base62:20}").to_string();
        assert_eq!(message, "the secret has 119 bits and needs 128");
    }

    #[test]
    fn the_smallest_secrets_that_are_enough_are_taken() {
        for text in ["kw_{secret:hex:32}", "kw{secret:base62:22}"] {
            let template = text.parse::<Template>().unwrap();
            assert_eq!(template.as_str(), text);
        }
    }
}
