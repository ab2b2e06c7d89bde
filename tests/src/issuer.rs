//! An issuer of signed tokens that a server is told to believe, by a shared secret (HS256).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const NAME: &str = "https://issuer.example.com/auth/v1";
const AUDIENCE: &str = "authenticated";
const SECRET: &str = "a shared secret of tests, longer than 32 bytes";
const VARIABLE: &str = "ISSUER_SECRET";
const BLOCK_BYTES: usize = 64;

/// What stands in `keyway.toml`.
pub fn configuration() -> String {
    format!(
        "[[jwt.issuer]]\nissuer = \"{NAME}\"\naudience = \"{AUDIENCE}\"\n\
         secret_variable = \"{VARIABLE}\"\norganizations = [\"*\"]\n"
    )
}

/// Where the secret is.
pub fn variable() -> (&'static str, String) {
    (VARIABLE, SECRET.to_owned())
}

/// A token of whoever has this address, for the next ten minutes.
#[expect(
    clippy::disallowed_methods,
    reason = "it is written into a token; nothing is decided by it here"
)]
pub fn token(email: &str) -> String {
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({
        "iss": NAME, "aud": AUDIENCE, "sub": email, "email": email, "iat": now, "exp": now + 600,
    });
    let signed = format!("{}.{}", part(&json!({"alg": "HS256"})), part(&claims));
    let signature = URL_SAFE_NO_PAD.encode(hmac(SECRET.as_bytes(), signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// RFC 2104, with a secret of at most one block.
fn hmac(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let padded = |byte: u8| {
        let mut block = [byte; BLOCK_BYTES];
        for (place, secret) in block.iter_mut().zip(secret) {
            *place ^= secret;
        }
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36));
    let inner = inner.chain_update(message).finalize();
    let outer = Sha256::new().chain_update(padded(0x5c));
    outer.chain_update(inner).finalize().to_vec()
}
