//! The examples of RFC 7515, which others have signed; and headers that ask for what must not be done.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyway_core::time::Timestamp;
use serde_json::json;

use super::InvalidToken;
use super::key::VerifyingKey;
use super::key_set::KeySet;
use super::token::{UnverifiedToken, is_token_shape};

const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9p\
                      c19yb290Ijp0cnVlfQ";
const HS256: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9";
const HS256_KEY: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTw\
                         jAzZr1Z9CAow";
const HS256_SIGNATURE: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const RS256: &str = "eyJhbGciOiJSUzI1NiJ9";
const RS256_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrc\
                       S2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGz\
                       jb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xs\
                       mtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8\
                       q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RS256_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuH\
                               Im4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdi\
                               uB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN\
                               9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2\
                               w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77\
                               Rw";
const ES256: &str = "eyJhbGciOiJFUzI1NiJ9";
const ES256_SIGNATURE: &str =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

fn public_keys() -> KeySet {
    let set = json!({"keys": [
        {"kty": "RSA", "n": RS256_N, "e": "AQAB"},
        {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
         "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
    ]});
    KeySet::parse(set.to_string().as_bytes()).unwrap()
}

fn secret() -> KeySet {
    let secret = URL_SAFE_NO_PAD.decode(HS256_KEY).unwrap();
    KeySet::of_secret(VerifyingKey::of_secret(&secret).unwrap())
}

fn outcome(token: &str, keys: &KeySet) -> Result<(), InvalidToken> {
    let token = UnverifiedToken::parse(token)?;
    token.prove(keys, &["jwt"]).map(|_| ())
}

#[test]
fn s_jwt_08_the_examples_of_the_standard_are_proved() {
    for (header, signature, keys) in [
        (HS256, HS256_SIGNATURE, secret()),
        (RS256, RS256_SIGNATURE, public_keys()),
        (ES256, ES256_SIGNATURE, public_keys()),
    ] {
        assert_eq!(
            outcome(&format!("{header}.{CLAIMS}.{signature}"), &keys),
            Ok(())
        );
        let other = URL_SAFE_NO_PAD.encode(r#"{"iss":"joe","exp":1300819381}"#);
        let forged = format!("{header}.{other}.{signature}");
        assert_eq!(outcome(&forged, &keys), Err(InvalidToken::Signature));
        let unsigned = format!("{header}.{CLAIMS}.");
        assert_eq!(outcome(&unsigned, &keys), Err(InvalidToken::Signature));
    }
}

#[test]
fn s_jwt_01_an_example_is_not_proved_by_a_key_of_another_algorithm() {
    for (header, signature, keys) in [
        (HS256, HS256_SIGNATURE, public_keys()),
        (RS256, RS256_SIGNATURE, secret()),
        (ES256, ES256_SIGNATURE, secret()),
    ] {
        let token = format!("{header}.{CLAIMS}.{signature}");
        assert_eq!(outcome(&token, &keys), Err(InvalidToken::UnknownKey));
    }
}

#[test]
fn s_jwt_02_a_header_that_brings_a_key_or_an_extension_is_refused() {
    let keys = secret();
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "None"}),
        json!({"alg": "hs256"}),
        json!({"alg": "HS512"}),
        json!({"alg": "PS256"}),
        json!({"typ": "JWT"}),
        json!({"alg": "HS256", "jku": "https://evil.example/keys"}),
        json!({"alg": "HS256", "x5u": "https://evil.example/cert"}),
        json!({"alg": "HS256", "jwk": {"kty": "oct", "k": HS256_KEY}}),
        json!({"alg": "HS256", "x5c": []}),
        json!({"alg": "HS256", "crit": ["exp"], "exp": 1}),
        json!({"alg": "HS256", "b64": false}),
    ] {
        let header_part = URL_SAFE_NO_PAD.encode(header.to_string());
        let token = format!("{header_part}.{CLAIMS}.{HS256_SIGNATURE}");
        assert_eq!(
            outcome(&token, &keys),
            Err(InvalidToken::Header),
            "{header}"
        );
    }
}

#[test]
fn what_cannot_be_read_in_one_way_is_malformed() {
    let twice = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","alg":"HS256"}"#);
    let list = URL_SAFE_NO_PAD.encode("[]");
    let number = URL_SAFE_NO_PAD.encode(r#"{"alg":1}"#);
    for token in [
        String::new(),
        "..".to_owned(),
        format!("{twice}.{CLAIMS}.{HS256_SIGNATURE}"),
        format!("{list}.{CLAIMS}.{HS256_SIGNATURE}"),
        format!("{number}.{CLAIMS}.{HS256_SIGNATURE}"),
        format!("{HS256}.{list}.{HS256_SIGNATURE}"),
        format!("{HS256}.{CLAIMS}.{HS256_SIGNATURE}="),
        format!("{HS256}.{CLAIMS}.{HS256_SIGNATURE}.x.y"),
        format!("{HS256}.{CLAIMS}.{}", "A".repeat(20_000)),
    ] {
        assert_eq!(
            outcome(&token, &secret()),
            Err(InvalidToken::Malformed),
            "{token:.80}"
        );
    }
    assert!(!is_token_shape("kw_live_a.b"));
}

#[test]
fn a_claim_is_found_by_its_name_or_by_a_pointer() {
    let claims = super::claims::Claims::of(
        json!({"a.b": 1, "https://x.example/org": 2, "app": {"org/id": 3, "a.b": 4}})
            .as_object()
            .unwrap()
            .clone(),
    );
    for (path, value) in [
        ("a.b", Some(1)),
        ("https://x.example/org", Some(2)),
        ("/app/org~1id", Some(3)),
        ("/app/a.b", Some(4)),
        ("app.a.b", None),
        ("/app/missing", None),
        ("/", None),
    ] {
        assert_eq!(
            claims.find(path),
            value.map(|it| json!(it)).as_ref(),
            "{path}"
        );
    }
}

#[test]
fn s_jwt_06_times_are_whole_seconds_with_a_minute_of_leeway() {
    let now = 1_767_323_045;
    let held = |times: serde_json::Value| {
        let mut claims = json!({"iss": "joe", "aud": "us"});
        let times = times.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(times);
        let claims = super::claims::Claims::of(claims.as_object().unwrap().clone());
        claims.hold("joe", "us", Timestamp::from_micros(now * 1_000_000))
    };
    assert_eq!(held(json!({"exp": now - 59})), Ok(()));
    assert_eq!(held(json!({"exp": now - 60})), Err(InvalidToken::Expired));
    assert_eq!(
        held(json!({"exp": now + 1, "nbf": now + 60, "iat": now + 60})),
        Ok(())
    );
    for name in ["nbf", "iat"] {
        let late = json!({"exp": now + 1, name: now + 61});
        assert_eq!(held(late), Err(InvalidToken::Early));
    }
    assert_eq!(held(json!({})), Err(InvalidToken::Claim("exp")));
    for exp in [
        json!(1e12),
        json!(-1),
        json!(253_402_300_800_i64),
        json!("1"),
        json!(u64::MAX),
        json!(null),
    ] {
        assert_eq!(
            held(json!({"exp": exp})),
            Err(InvalidToken::Claim("exp")),
            "{exp}"
        );
    }
}

#[test]
fn s_jwt_05_issuer_and_audience_are_compared_as_they_are_written() {
    let held = |iss: serde_json::Value, aud: serde_json::Value| {
        let claims = json!({"iss": iss, "aud": aud, "exp": 100});
        let claims = super::claims::Claims::of(claims.as_object().unwrap().clone());
        claims.hold("https://id.example/a", "us", Timestamp::from_micros(0))
    };
    let right = || json!("https://id.example/a");
    assert_eq!(held(right(), json!("us")), Ok(()));
    assert_eq!(held(right(), json!(["them", "us"])), Ok(()));
    for iss in [
        "https://id.example",
        "https://id.example/a/",
        "https://ID.example/a",
        "",
    ] {
        assert_eq!(
            held(json!(iss), json!("us")),
            Err(InvalidToken::Issuer),
            "{iss}"
        );
    }
    for aud in [
        json!("us/"),
        json!("US"),
        json!("u"),
        json!([]),
        json!(["them"]),
        json!([["us"]]),
    ] {
        assert!(held(right(), aud.clone()).is_err(), "{aud}");
    }
    assert_eq!(
        held(json!(["https://id.example/a"]), json!("us")),
        Err(InvalidToken::Claim("iss"))
    );
}
