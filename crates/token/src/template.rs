//! A template: one line that says how a product's keys look.
//!
//! `kw_{env}_{id:12}_{secret:base62:40}{check:6}` reads from left to right: literal text, the
//! environment, an id, the secret, a checksum. Only the environment varies in length, so the length
//! of a string alone says how long its environment is, and a string can be read in at most one way.

use crate::base62::{CHECK_CHARS, checksum, is_base62, push_random};
use crate::entropy::Entropy;
use crate::secret::Secret;
use crate::shape::Malformed;

pub mod grammar;
pub mod hide;

/// The longest environment.
pub const ENVIRONMENT_BYTES_MAX: usize = 64;

/// How the keys of a product look. Made with [`str::parse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
    /// Length of a key without its environment.
    fixed_bytes: usize,
}

/// A freshly drawn key.
#[derive(Debug)]
pub struct Minted {
    /// The full string.
    pub secret: Secret,
    /// The id inside it, where the template has one.
    pub id: Option<String>,
}

/// What the secret is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    /// `0-9a-f`
    Hex,
    /// `0-9A-Za-z`
    Base62,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Environment,
    Id(usize),
    Secret(Alphabet, usize),
    Check,
}

/// The parts of one string.
pub(crate) struct Fields<'r> {
    pub(crate) environment: Option<&'r str>,
    pub(crate) id: Option<&'r str>,
    /// Bytes before the secret.
    secret_at: usize,
}

impl Template {
    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether keys name their environment.
    pub fn has_environment(&self) -> bool {
        self.parts.contains(&Part::Environment)
    }

    /// The length of the id, where keys carry theirs.
    pub fn id_len(&self) -> Option<usize> {
        self.parts.iter().find_map(|part| match part {
            Part::Id(len) => Some(*len),
            _ => None,
        })
    }

    /// A regular expression, not anchored, that finds keys in text. For secret scanners.
    pub fn regex(&self, environments: &[&str]) -> String {
        self.parts
            .iter()
            .map(|part| part.regex(environments))
            .collect()
    }

    /// Draws a key. `id` is for a caller that has drawn one already with
    /// [`draw_id`](crate::base62::draw_id) and found it free; it must be [`Self::id_len`] long, or
    /// the key will not parse.
    pub fn mint(&self, environment: &str, id: Option<&str>, entropy: &mut dyn Entropy) -> Minted {
        debug_assert!(id.is_none_or(|id| self.id_len() == Some(id.len()) && is_base62(id)));
        // Room for all of it at once: growing would leave copies of the secret in freed memory.
        let mut text = String::with_capacity(self.fixed_bytes + environment.len());
        let mut minted_id = None;
        let mut shown_bytes = 0;
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Environment => text.push_str(environment),
                Part::Id(len) => {
                    let from = text.len();
                    match id {
                        Some(id) => text.push_str(id),
                        None => push_random(&mut text, *len, entropy),
                    }
                    minted_id = text.get(from..).map(str::to_owned);
                }
                Part::Secret(alphabet, len) => {
                    shown_bytes = text.len();
                    alphabet.push_random(&mut text, *len, entropy);
                }
                Part::Check => {
                    let check = checksum(&text);
                    text.extend(check.map(char::from));
                }
            }
        }
        Minted {
            secret: Secret::minted(text, shown_bytes),
            id: minted_id,
        }
    }

    /// Reads a string part by part. The environment may be any word; [`crate::shape::Shape`] knows
    /// which exist.
    pub(crate) fn read<'r>(&self, raw: &'r str) -> Result<Fields<'r>, Malformed> {
        let environment_bytes = raw
            .len()
            .checked_sub(self.fixed_bytes)
            .ok_or(Malformed::Shape)?;
        let mut fields = Fields {
            environment: None,
            id: None,
            secret_at: 0,
        };
        let mut rest = raw;
        for part in &self.parts {
            let read_bytes = raw.len() - rest.len();
            let len = match part {
                Part::Literal(literal) => literal.len(),
                Part::Environment => environment_bytes,
                Part::Id(len) | Part::Secret(_, len) => *len,
                Part::Check => CHECK_CHARS,
            };
            let (piece, after) = rest.split_at_checked(len).ok_or(Malformed::Shape)?;
            rest = after;
            let fits = match part {
                Part::Literal(literal) => piece == literal,
                Part::Environment => {
                    fields.environment = Some(piece);
                    !piece.is_empty()
                }
                Part::Id(_) => {
                    fields.id = Some(piece);
                    is_base62(piece)
                }
                Part::Secret(alphabet, _) => {
                    fields.secret_at = read_bytes;
                    alphabet.holds(piece)
                }
                Part::Check => {
                    let before = raw.get(..read_bytes).unwrap_or_default();
                    if !is_base62(piece) {
                        return Err(Malformed::Shape);
                    }
                    if piece.as_bytes() != checksum(before) {
                        return Err(Malformed::Checksum);
                    }
                    true
                }
            };
            if !fits {
                return Err(Malformed::Shape);
            }
        }
        if rest.is_empty() {
            Ok(fields)
        } else {
            Err(Malformed::Shape)
        }
    }

    /// The text that every key of `environment` begins with.
    pub(crate) fn literal_start(&self, environment: &str) -> String {
        self.parts
            .iter()
            .map_while(|part| match part {
                Part::Literal(literal) => Some(literal.as_str()),
                Part::Environment => Some(environment),
                Part::Id(_) | Part::Secret(..) | Part::Check => None,
            })
            .collect()
    }
}

impl Part {
    fn regex(&self, environments: &[&str]) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Environment => {
                let names: Vec<_> = environments
                    .iter()
                    .map(|name| regex::escape(name))
                    .collect();
                format!("(?:{})", names.join("|"))
            }
            Self::Id(len) | Self::Secret(Alphabet::Base62, len) => format!("[0-9A-Za-z]{{{len}}}"),
            Self::Secret(Alphabet::Hex, len) => format!("[0-9a-f]{{{len}}}"),
            Self::Check => format!("[0-9A-Za-z]{{{CHECK_CHARS}}}"),
        }
    }
}

impl Alphabet {
    fn push_random(self, out: &mut String, count: usize, entropy: &mut dyn Entropy) {
        match self {
            Self::Base62 => push_random(out, count, entropy),
            Self::Hex => {
                let mut byte = zeroize::Zeroizing::new(vec![0_u8; count]);
                entropy.fill(&mut byte);
                out.extend(
                    byte.iter()
                        .filter_map(|byte| char::from_digit(u32::from(byte & 0x0f), 16)),
                );
            }
        }
    }

    fn holds(self, text: &str) -> bool {
        match self {
            Self::Base62 => is_base62(text),
            Self::Hex => text.bytes().fold(true, |all, byte| {
                all & matches!(byte, b'0'..=b'9' | b'a'..=b'f')
            }),
        }
    }

    /// Thousandths of a bit in one character, rounded down.
    fn millibits(self) -> usize {
        match self {
            Self::Hex => 4_000,
            Self::Base62 => 5_954,
        }
    }
}
