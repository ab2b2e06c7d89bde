//! What a key string is, and nothing about what a key may do.
//!
//! A product's keys all follow one [`template`]: some literal text that people and scanners
//! recognize, perhaps an environment and an id, then the secret, then perhaps a checksum. From that
//! one line come four things, and this crate is those four:
//!
//! - **mint** a string from injected randomness ([`template::Template::mint`]);
//! - **parse** a string that a stranger sent, before anything is looked up ([`shape::Shape::parse`]);
//! - **digest** it, the only form that is stored ([`digest::Digest`]);
//! - **hide** it: the [`secret::Secret`] type cannot print itself, display prefixes never reach into
//!   the secret, and a [`redact::Redactor`] masks keys in free text.
//!
//! The checksum follows what GitHub published with its token format in April 2021 ("Behind GitHub's
//! new authentication token formats"): a CRC-32 of the text before it, in base62, left-padded to six
//! characters. It lets a scanner drop false findings and a server refuse a typing error without a
//! look-up. It is no protection: anybody can compute it.
//!
//! Pure: no I/O, no clock, no random source of its own ([`entropy::Entropy`] is handed in), no serde.

#![warn(missing_docs)]

pub mod base62;
pub mod digest;
pub mod entropy;
pub mod management;
pub mod redact;
pub mod secret;
pub mod shape;
pub mod template;

/// The longest string that is looked at as a key; anything longer is malformed unread.
pub const KEY_BYTES_MAX: usize = 1024;
