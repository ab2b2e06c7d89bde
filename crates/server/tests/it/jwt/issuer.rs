//! An issuer of signed tokens: its keys, what it signs, and the address at which its public keys are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use ring::{hmac, rsa};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

pub(crate) const NAME: &str = "https://id.example/auth/v1";
pub(crate) const SECRET: &str = "a shared secret that is long enough for HS256, by far";
const RSA_KEY: &[u8] = include_bytes!("rsa.pem");

pub(crate) enum Key {
    Hs256(&'static [u8]),
    Rs256(RsaKeyPair),
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

pub(crate) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    pub(crate) fn rsa() -> Self {
        let der = PrivateKeyDer::from_pem_slice(RSA_KEY).unwrap();
        Self::Rs256(RsaKeyPair::from_pkcs8(der.secret_der()).unwrap())
    }

    /// A new one each time.
    pub(crate) fn p256() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self::Es256(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap())
    }

    pub(crate) fn ed25519() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::EdDsa(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Hs256(_) => "HS256",
            Self::Rs256(_) => "RS256",
            Self::Es256(_) => "ES256",
            Self::EdDsa(_) => "EdDSA",
        }
    }

    pub(crate) fn public(&self, name: &str) -> Value {
        match self {
            Self::Hs256(_) => Value::Null,
            Self::Rs256(pair) => {
                let public = rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                let (n, e) = (encoded(public.n), encoded(public.e));
                json!({"kty": "RSA", "kid": name, "use": "sig", "alg": "RS256", "n": n, "e": e})
            }
            Self::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                let (x, y) = (encoded(x), encoded(y));
                json!({"kty": "EC", "kid": name, "use": "sig", "crv": "P-256", "x": x, "y": y})
            }
            Self::EdDsa(pair) => {
                let x = encoded(pair.public_key().as_ref());
                json!({"kty": "OKP", "kid": name, "alg": "EdDSA", "crv": "Ed25519", "x": x})
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Hs256(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, message).as_ref().to_vec()
            }
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Self::Es256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with this header and these claims.
    pub(crate) fn token(&self, header: Value, claims: &str) -> String {
        let signed = format!("{}.{}", encoded(header.to_string()), encoded(claims));
        let signature = encoded(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// The address with the public keys, and how often somebody asked there.
pub(crate) struct Keyring {
    pub(crate) url: String,
    shown: Arc<Shown>,
}

struct Shown {
    answer: Mutex<(u16, Value)>,
    asked: AtomicU64,
}

impl Keyring {
    pub(crate) async fn open(keys: &[Value]) -> Self {
        let shown = Arc::new(Shown {
            answer: Mutex::new((200, json!({"keys": keys}))),
            asked: AtomicU64::new(0),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/keys", get(show))
            .route("/elsewhere", get(show))
            .with_state(Arc::clone(&shown));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shown }
    }

    pub(crate) fn show(&self, status: u16, keys: &[Value]) {
        *self.shown.answer.lock() = (status, json!({"keys": keys}));
    }

    pub(crate) fn asked(&self) -> u64 {
        self.shown.asked.load(Ordering::SeqCst)
    }
}

async fn show(State(shown): State<Arc<Shown>>) -> impl IntoResponse {
    shown.asked.fetch_add(1, Ordering::SeqCst);
    let (status, document) = shown.answer.lock().clone();
    let status = http::StatusCode::from_u16(status).unwrap();
    (status, [("location", "/elsewhere")], document.to_string())
}
