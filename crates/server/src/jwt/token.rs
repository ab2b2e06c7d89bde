//! A token before and after its signature was proved.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::claims::Claims;
use super::key::Algorithm;
use super::key_set::KeySet;
use super::strict_json::parse_object;
use super::{InvalidToken, TOKEN_BYTES_MAX};

/// Members of a header that bring or name a key, or ask for what is not done here. A token that has
/// one of them is refused, and nothing is fetched (S-JWT-02).
const REFUSED_MEMBERS: &[&str] = &["jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc"];

/// Whether a credential has the shape of a signed token: three parts with two dots between them. No
/// key and no management key has a dot in it.
pub(crate) fn is_token_shape(unverified: &str) -> bool {
    unverified.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// Read, and not believed.
#[derive(Debug)]
pub(crate) struct UnverifiedToken<'t> {
    /// Header and claims as they were signed.
    signed: &'t str,
    signature: Vec<u8>,
    algorithm: Algorithm,
    key_name: Option<String>,
    /// `typ`, without `application/`, in small letters.
    kind: Option<String>,
    claims: Map<String, Value>,
}

impl<'t> UnverifiedToken<'t> {
    pub(crate) fn parse(text: &'t str) -> Result<Self, InvalidToken> {
        let malformed = InvalidToken::Malformed;
        if text.len() > TOKEN_BYTES_MAX || !is_token_shape(text) {
            return Err(malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(malformed)?;
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let object = |part: &str| {
            bytes(part)
                .and_then(|it| parse_object(&it))
                .ok_or(malformed)
        };
        let header = object(header)?;
        if REFUSED_MEMBERS.iter().any(|it| header.contains_key(*it)) {
            return Err(InvalidToken::Header);
        }
        let algorithm = text_of(&header, "alg")?
            .as_deref()
            .and_then(Algorithm::named);
        Ok(Self {
            signed,
            signature: bytes(signature).ok_or(malformed)?,
            algorithm: algorithm.ok_or(InvalidToken::Header)?,
            key_name: text_of(&header, "kid")?,
            kind: text_of(&header, "typ")?.map(|kind| folded_kind(&kind)),
            claims: object(claims)?,
        })
    }

    /// Who the token says has made it. Good for choosing whose keys to try, and for nothing else.
    pub(crate) fn unverified_issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    /// The name of the key that the token says it was signed with.
    pub(crate) fn key_name(&self) -> Option<&str> {
        self.key_name.as_deref()
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether one of these keys is the one that the token names.
    pub(crate) fn is_signed_by_one_of(&self, keys: &KeySet) -> bool {
        keys.find(self.key_name.as_deref(), self.algorithm)
            .is_some()
    }

    /// What the token claims, once it is proved that the owner of a key has signed it. `kinds` are the
    /// values of `typ` that are meant; a token without one counts as a `jwt`.
    pub(crate) fn prove(self, keys: &KeySet, kinds: &[&str]) -> Result<Claims, InvalidToken> {
        let key = keys
            .find(self.key_name.as_deref(), self.algorithm)
            .ok_or(InvalidToken::UnknownKey)?;
        if !key.proves(self.signed.as_bytes(), &self.signature) {
            return Err(InvalidToken::Signature);
        }
        if !kinds.contains(&self.kind.as_deref().unwrap_or("jwt")) {
            return Err(InvalidToken::Kind);
        }
        Ok(Claims::of(self.claims))
    }
}

fn text_of(header: &Map<String, Value>, name: &str) -> Result<Option<String>, InvalidToken> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(InvalidToken::Malformed),
    }
}

fn folded_kind(kind: &str) -> String {
    let kind = kind.to_ascii_lowercase();
    match kind.strip_prefix("application/") {
        Some(short) => short.to_owned(),
        None => kind,
    }
}
