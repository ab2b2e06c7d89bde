//! An issuer's public keys (RFC 7517). Keys that are of no use here are passed over, as the standard
//! wants, so that an issuer may add another kind; what looks like a mistake of the issuer's (a private
//! key, a shared secret in public) is passed over too, and never trusted.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::key::{Algorithm, VerifyingKey};
use super::strict_json::parse_object;

/// Most keys of one issuer; those after them are not read.
const KEYS_MAX: usize = 64;
const P256_BYTES: usize = 32;
const ED25519_BYTES: usize = 32;
/// The first byte of a point that is not compressed.
const UNCOMPRESSED: u8 = 4;

/// What was found at an issuer's address is not a key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a key set")]
pub(crate) struct NoKeySet;

#[derive(Clone, Debug, Default)]
pub(crate) struct KeySet {
    keys: Vec<NamedKey>,
}

#[derive(Clone, Debug)]
struct NamedKey {
    /// `kid`
    name: Option<String>,
    key: VerifyingKey,
}

impl KeySet {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NoKeySet> {
        let document = parse_object(bytes).ok_or(NoKeySet)?;
        let Some(Value::Array(keys)) = document.get("keys") else {
            return Err(NoKeySet);
        };
        let keys = keys.iter().take(KEYS_MAX);
        let keys = keys.filter_map(|key| named_key(key.as_object()?)).collect();
        Ok(Self { keys })
    }

    /// The one key, of a shared secret; it has no name.
    pub(crate) fn of_secret(key: VerifyingKey) -> Self {
        Self {
            keys: vec![NamedKey { name: None, key }],
        }
    }

    pub(crate) fn of_named(name: &str, key: VerifyingKey) -> Self {
        Self {
            keys: vec![NamedKey {
                name: Some(name.to_owned()),
                key,
            }],
        }
    }

    /// By the name that a token gives. A token that gives none means the only key of its algorithm, and
    /// a key that has no name answers to every name.
    pub(super) fn find(&self, name: Option<&str>, algorithm: Algorithm) -> Option<&VerifyingKey> {
        let fits = |it: &&NamedKey| {
            let is_meant = match (name, &it.name) {
                (Some(name), Some(own)) => name == own,
                (None, _) | (_, None) => true,
            };
            is_meant && it.key.algorithm() == algorithm
        };
        let mut found = self.keys.iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(only), None) => Some(&only.key),
            _ => None,
        }
    }
}

fn named_key(jwk: &Map<String, Value>) -> Option<NamedKey> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    let is_of = |bytes: &Vec<u8>, length: usize| bytes.len() == length;
    let key = match (text("kty")?, text("crv")) {
        ("RSA", None) => VerifyingKey::Rsa {
            n: without_leading_zeros(bytes("n")?),
            e: without_leading_zeros(bytes("e")?),
        },
        ("EC", Some("P-256")) => {
            let x = bytes("x").filter(|it| is_of(it, P256_BYTES))?;
            let y = bytes("y").filter(|it| is_of(it, P256_BYTES))?;
            VerifyingKey::P256([vec![UNCOMPRESSED], x, y].concat())
        }
        ("OKP", Some("Ed25519")) => {
            let x = bytes("x").filter(|it| is_of(it, ED25519_BYTES))?;
            VerifyingKey::Ed25519(x)
        }
        _ => return None,
    };
    is_for_signatures(jwk, &key).then(|| NamedKey {
        name: text("kid").map(str::to_owned),
        key,
    })
}

/// `use`, `key_ops` and `alg` are each optional; where they stand they must agree. A private part in a
/// public place means that anybody signs with this key.
fn is_for_signatures(jwk: &Map<String, Value>, key: &VerifyingKey) -> bool {
    let is_for_use = jwk.get("use").is_none_or(|it| it == "sig");
    let is_for_verifying = jwk.get("key_ops").is_none_or(|it| {
        let operations = it.as_array();
        operations.is_some_and(|them| them.iter().any(|it| it == "verify"))
    });
    let is_of_algorithm = jwk.get("alg").is_none_or(|it| {
        let named = it.as_str().and_then(Algorithm::named);
        named == Some(key.algorithm())
    });
    is_for_use && is_for_verifying && is_of_algorithm && !jwk.contains_key("d")
}

/// Some issuers write a sign byte before a number; ring takes none.
fn without_leading_zeros(number: Vec<u8>) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.into_iter().skip(zeros).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    fn set(keys: &Value) -> KeySet {
        KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap()
    }

    fn with(member: &str, value: Value) -> Value {
        let mut key = json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": "a"});
        key[member] = value;
        key
    }

    #[test]
    fn s_jwt_01_a_key_is_found_by_its_name_for_its_own_algorithm_only() {
        let keys = set(&json!([with("use", json!("sig"))]));
        assert!(keys.find(Some("a"), Algorithm::Es256).is_some());
        assert!(keys.find(None, Algorithm::Es256).is_some());
        assert!(keys.find(Some("b"), Algorithm::Es256).is_none());
        for other in [Algorithm::Hs256, Algorithm::Rs256, Algorithm::EdDsa] {
            assert!(keys.find(Some("a"), other).is_none());
        }
    }

    #[test]
    fn without_a_name_the_key_must_be_the_only_one() {
        let keys = set(&json!([with("kid", json!("a")), with("kid", json!("b"))]));
        assert!(keys.find(None, Algorithm::Es256).is_none());
        assert!(keys.find(Some("b"), Algorithm::Es256).is_some());
    }

    #[test]
    fn keys_of_no_use_are_passed_over_and_so_are_mistakes() {
        for (member, value) in [
            ("use", json!("enc")),
            ("key_ops", json!(["sign"])),
            ("alg", json!("ES384")),
            ("alg", json!("HS256")),
            ("d", json!("c2VjcmV0")),
            ("x", json!("AAAA")),
            ("crv", json!("P-384")),
            ("kty", json!("oct")),
        ] {
            let keys = set(&json!([with(member, value.clone()), 7, {"kty": "new"}]));
            assert!(keys.keys.is_empty(), "{member}: {value}");
        }
        let shared = json!({"kty": "oct", "k": "A".repeat(64), "kid": "a", "alg": "HS256"});
        assert!(set(&json!([shared])).keys.is_empty());
    }

    #[test]
    fn what_is_no_key_set_is_told_apart_from_an_empty_one() {
        assert!(set(&json!([])).keys.is_empty());
        for text in ["", "{}", "[]", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
            assert!(KeySet::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
