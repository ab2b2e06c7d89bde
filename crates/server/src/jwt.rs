//! Signed tokens of others: JSON Web Tokens in their compact form (RFC 7515, 7519), the keys they are
//! verified with, and where those keys come from.
//!
//! The way of a token: `UnverifiedToken::parse` reads it strictly, a
//! `VerifyingKey` that was known before proves the signature, and only then can
//! its `Claims` be had. A token says nothing about how it is to be verified: its
//! `alg` must be the one of the key, and keys that it carries or points to are refused (RFC 8725).
//!
//! Written by hand, on ring, for the reasons in `docs/decisions/0009-tokens-of-others-are-verified-on-ring.md`.

pub(crate) mod claims;
pub mod issuer;
pub(crate) mod key;
pub(crate) mod key_set;
pub(crate) mod remote_keys;
pub(crate) mod strict_json;
#[cfg(test)]
mod tests;
pub(crate) mod token;

/// Longest token, in bytes. A header of a request holds no more anyway.
pub(crate) const TOKEN_BYTES_MAX: usize = 16 * 1_024;

/// Why a token is no good. The text holds nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidToken {
    #[error("it is not a signed token that can be read")]
    Malformed,
    #[error(
        "its header asks for what is not done here: another algorithm, a key of its own, an extension"
    )]
    Header,
    #[error("no key of its issuer has this name and algorithm")]
    UnknownKey,
    #[error("its signature does not hold")]
    Signature,
    #[error("it is of another kind")]
    Kind,
    #[error("it is of another issuer")]
    Issuer,
    #[error("it is for another audience")]
    Audience,
    #[error("its time is over")]
    Expired,
    #[error("its time has not come")]
    Early,
    #[error("the claim {0} is missing or of another type")]
    Claim(&'static str),
}
