//! The short tokens that a key can be exchanged for: the `[tokens]` table of a profile.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::parse::{InvalidProfile, fault};
use crate::signing_key::SigningAlgorithm;
use crate::time::Span;

/// Shortest life of a token: a clock that is a little off must not end it.
const LIFETIME_MIN: Span = Span::from_secs(60);
/// Longest: whoever verifies a token alone does not hear of a revoked key before it ends.
const LIFETIME_MAX: Span = Span::from_secs(86_400);
const LIFETIME_DEFAULT: &str = "5m";
/// What every token says, in the same way for every product.
const OWN_CLAIMS: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id"];
/// What a claim may say of the key.
const PLACEHOLDERS: &[&str] = &["{key}", "{organization}", "{environment}", "{host}"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRules {
    /// Of new signing keys.
    pub algorithm: SigningAlgorithm,
    /// A token lives so long, and never longer than its key.
    pub lifetime: Span,
    /// Path behind the server's address that tokens name as their issuer; empty or `/…`.
    pub issuer_path: String,
    /// Whom tokens are for; None: the issuer itself.
    pub audience: Option<String>,
    /// What tokens say besides.
    pub claims: BTreeMap<String, ClaimTemplate>,
}

/// A claim, with placeholders for what it says of the key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a claim is a text or a table of claims")]
pub enum ClaimTemplate {
    Text(String),
    Table(BTreeMap<String, Self>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokensTable {
    algorithm: Option<String>,
    lifetime: Option<String>,
    issuer: Option<String>,
    audience: Option<String>,
    #[serde(default)]
    claims: BTreeMap<String, ClaimTemplate>,
}

impl TokensTable {
    pub(super) fn read(self) -> Result<TokenRules, InvalidProfile> {
        let lifetime = self.lifetime.as_deref().unwrap_or(LIFETIME_DEFAULT);
        let lifetime: Span = lifetime
            .parse()
            .map_err(|error| fault("tokens.lifetime", &error))?;
        if !(LIFETIME_MIN..=LIFETIME_MAX).contains(&lifetime) {
            return Err(fault("tokens.lifetime", "a lifetime is from 1m to 24h"));
        }
        Ok(TokenRules {
            algorithm: algorithm(self.algorithm.as_deref())?,
            lifetime,
            issuer_path: issuer_path(self.issuer)?,
            audience: self.audience,
            claims: claims(self.claims)?,
        })
    }
}

fn algorithm(word: Option<&str>) -> Result<SigningAlgorithm, InvalidProfile> {
    let Some(word) = word else {
        return Ok(SigningAlgorithm::EdDsa);
    };
    SigningAlgorithm::from_word(word)
        .ok_or_else(|| fault("tokens.algorithm", "is \"EdDSA\", \"ES256\" or \"RS256\""))
}

fn issuer_path(given: Option<String>) -> Result<String, InvalidProfile> {
    let path = given.unwrap_or_default();
    let is_part = |part: &str| {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !part.is_empty() && part.bytes().all(is_word)
    };
    let is_path = path
        .strip_prefix('/')
        .is_some_and(|rest| rest.split('/').all(is_part));
    if path.is_empty() || is_path {
        Ok(path)
    } else {
        Err(fault("tokens.issuer", "is a path such as /oauth2/default"))
    }
}

fn claims(
    table: BTreeMap<String, ClaimTemplate>,
) -> Result<BTreeMap<String, ClaimTemplate>, InvalidProfile> {
    for (name, claim) in &table {
        let key = format!("tokens.claims.{name}");
        if OWN_CLAIMS.contains(&name.as_str()) {
            return Err(fault(&key, "every token says this in the same way"));
        }
        if !claim.is_known() {
            let known = PLACEHOLDERS.join(", ");
            return Err(fault(
                &key,
                &format!("what stands in braces is one of {known}"),
            ));
        }
    }
    Ok(table)
}

impl ClaimTemplate {
    fn is_known(&self) -> bool {
        match self {
            Self::Table(table) => table.values().all(Self::is_known),
            Self::Text(text) => {
                let rest = PLACEHOLDERS
                    .iter()
                    .fold(text.clone(), |rest, it| rest.replace(it, ""));
                !rest.contains(['{', '}'])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<TokenRules, String> {
        let table: TokensTable = toml::from_str(toml).map_err(|error| error.to_string())?;
        table.read().map_err(|error| error.to_string())
    }

    #[test]
    fn a_table_without_keys_means_short_tokens_of_ed25519() {
        let rules = read("").unwrap();
        assert_eq!(rules.algorithm, SigningAlgorithm::EdDsa);
        assert_eq!(rules.lifetime, Span::from_secs(300));
        assert_eq!((&*rules.issuer_path, rules.audience), ("", None));
        assert!(rules.claims.is_empty());
    }

    #[test]
    fn s_jwt_08_a_profile_chooses_among_three_algorithms() {
        for word in ["EdDSA", "ES256", "RS256"] {
            let rules = read(&format!("algorithm = \"{word}\"")).unwrap();
            assert_eq!(rules.algorithm.as_str(), word);
        }
    }

    #[test]
    fn every_fault_is_named_by_its_key() {
        for (toml, key) in [
            ("algorithm = \"none\"", "tokens.algorithm"),
            ("algorithm = \"HS256\"", "tokens.algorithm"),
            ("lifetime = \"59s\"", "tokens.lifetime"),
            ("lifetime = \"25h\"", "tokens.lifetime"),
            ("lifetime = \"soon\"", "tokens.lifetime"),
            ("issuer = \"oauth2\"", "tokens.issuer"),
            ("issuer = \"/a//b\"", "tokens.issuer"),
            ("issuer = \"/../a\"", "tokens.issuer"),
            ("claims.exp = \"9\"", "tokens.claims.exp"),
            ("claims.sub = \"{key}\"", "tokens.claims.sub"),
            ("claims.a = \"{secret}\"", "tokens.claims.a"),
            ("claims.a = {b = \"{key\"}", "tokens.claims.a"),
        ] {
            let fault = read(toml).unwrap_err();
            assert!(fault.starts_with(&format!("{key}: ")), "{fault}");
        }
        assert!(read("lifetme = \"5m\"").unwrap_err().contains("lifetme"));
    }
}
