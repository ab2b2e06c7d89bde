//! Finding the one credential that a request carries. Two are refused before anything is looked up:
//! two readers of the request could take it for two callers (S-BEARER-06).

use http::{HeaderMap, header};
use keyway_core::profile::Carrier;

/// Without any `error`: nothing usable was sent (S-BEARER-02).
pub(crate) const CHALLENGE_MISSING: &str = r#"Bearer realm="keyway""#;
/// The credential is no good (S-BEARER-03).
pub(crate) const CHALLENGE_INVALID: &str = r#"Bearer realm="keyway", error="invalid_token""#;

/// A client id and a client secret are wanted.
pub(crate) const CHALLENGE_BASIC: &str = r#"Basic realm="keyway", charset="UTF-8""#;

/// It can be read in two ways (S-BEARER-06).
pub(crate) const CHALLENGE_UNREADABLE: &str = r#"Bearer realm="keyway", error="invalid_request""#;

/// The header that keys travel in besides `Authorization`, where no profile is known yet.
const KEY_HEADER: &str = "x-api-key";

/// What the headers hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carried<'r> {
    Nothing,
    /// Unverified.
    One(&'r str),
    /// Something is there that cannot be a credential: another scheme, bytes that are no text.
    Unusable,
    Several,
}

/// A credential of the management API: a bearer token and nothing else.
pub(crate) fn management_credential(headers: &HeaderMap) -> Carried<'_> {
    if headers.contains_key(KEY_HEADER) && headers.contains_key(header::AUTHORIZATION) {
        return Carried::Several;
    }
    one_of(headers, &[Carrier::Bearer])
}

/// A key, in any of the profile's carriers.
pub(crate) fn key_credential<'r>(headers: &'r HeaderMap, carriers: &[Carrier]) -> Carried<'r> {
    one_of(headers, carriers)
}

fn one_of<'r>(headers: &'r HeaderMap, carriers: &[Carrier]) -> Carried<'r> {
    let mut carried = Carried::Nothing;
    for carrier in carriers {
        let name = match carrier {
            Carrier::Bearer => header::AUTHORIZATION.as_str(),
            Carrier::Header(name) => name,
        };
        for value in headers.get_all(name) {
            if carried != Carried::Nothing {
                return Carried::Several;
            }
            carried = match (carrier, value.to_str()) {
                (_, Err(_)) => Carried::Unusable,
                (Carrier::Bearer, Ok(value)) => match bearer_token(value) {
                    Some(token) => Carried::One(token),
                    None => Carried::Unusable,
                },
                (Carrier::Header(_), Ok(value)) => match value.trim_matches([' ', '\t']) {
                    "" => Carried::Unusable,
                    value => Carried::One(value),
                },
            };
        }
    }
    carried
}

/// The token of `Bearer TOKEN`: the scheme in any case, one or more spaces, a token68 (RFC 6750 §2.1).
fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, rest) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let token = rest.trim_matches(' ');
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    (!token.is_empty() && token.bytes().all(is_token)).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        pairs.collect()
    }

    fn both() -> Vec<Carrier> {
        vec![Carrier::Bearer, Carrier::Header("x-api-key".to_owned())]
    }

    #[test]
    fn s_bearer_01_the_scheme_is_read_in_any_case_with_any_number_of_spaces() {
        for value in ["Bearer abc", "bearer abc", "BEARER  abc", "Bearer abc "] {
            let headers = headers(&[("authorization", value)]);
            assert_eq!(
                key_credential(&headers, &both()),
                Carried::One("abc"),
                "{value}"
            );
        }
        for value in [
            "Basic abc",
            "Bearer",
            "Bearer ",
            "Bearerabc",
            "Bearer a b",
            "abc",
            "Bearer a,b",
        ] {
            let headers = headers(&[("authorization", value)]);
            assert_eq!(
                key_credential(&headers, &both()),
                Carried::Unusable,
                "{value}"
            );
        }
    }

    #[test]
    fn s_bearer_06_two_credentials_are_several_whatever_they_are() {
        for pairs in [
            [("authorization", "Bearer a"), ("authorization", "Bearer a")],
            [("authorization", "Bearer a"), ("x-api-key", "a")],
            [("x-api-key", "a"), ("x-api-key", "b")],
            [("authorization", "Basic a"), ("x-api-key", "a")],
        ] {
            let headers = headers(&pairs);
            assert_eq!(
                key_credential(&headers, &both()),
                Carried::Several,
                "{pairs:?}"
            );
        }
        let two = headers(&[("authorization", "Bearer a"), ("x-api-key", "a")]);
        assert_eq!(management_credential(&two), Carried::Several);
        assert_eq!(key_credential(&headers(&[]), &both()), Carried::Nothing);
    }
}
