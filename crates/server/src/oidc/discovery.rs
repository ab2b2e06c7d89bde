//! What a provider says about itself at its well-known address (OIDC Discovery).

use serde_json::{Map, Value};

use super::Failure;
use crate::config::remote_url::RemoteUrl;
use crate::jwt::remote_keys::RemoteKeys;
use crate::jwt::strict_json::parse_object;
use crate::outgoing::Outgoing;

const DOCUMENT: &str = "the provider's discovery document";

/// How the client proves to the token endpoint who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientProof {
    /// `client_secret_basic`, what holds where nothing is said.
    Header,
    /// `client_secret_post`
    Body,
}

#[derive(Debug)]
pub(crate) struct Discovered {
    pub authorization: RemoteUrl,
    pub token: RemoteUrl,
    pub user_info: Option<RemoteUrl>,
    pub keys: RemoteKeys,
    pub client_proof: ClientProof,
}

impl Discovered {
    /// The document must be of the very issuer that was asked, and must not lead an issuer over TLS to
    /// an address without.
    pub(super) fn parse(
        bytes: &[u8],
        issuer: &str,
        is_tls: bool,
        outgoing: &Outgoing,
    ) -> Result<Self, Failure> {
        let document = parse_object(bytes).ok_or(Failure::Document(DOCUMENT))?;
        if document.get("issuer").and_then(Value::as_str) != Some(issuer) {
            return Err(Failure::Document("the issuer in the discovery document"));
        }
        let address = |name: &str| address(&document, name, is_tls);
        let missing = Failure::Document(DOCUMENT);
        let keys = address("jwks_uri")?.ok_or(missing)?;
        Ok(Self {
            authorization: required(address("authorization_endpoint")?)?,
            token: required(address("token_endpoint")?)?,
            user_info: address("userinfo_endpoint")?,
            keys: RemoteKeys::new(keys, outgoing.clone()),
            client_proof: client_proof(&document),
        })
    }
}

fn required(address: Option<RemoteUrl>) -> Result<RemoteUrl, Failure> {
    address.ok_or(Failure::Document(DOCUMENT))
}

fn address(
    document: &Map<String, Value>,
    name: &str,
    is_tls: bool,
) -> Result<Option<RemoteUrl>, Failure> {
    let Some(value) = document.get(name) else {
        return Ok(None);
    };
    let url: Option<RemoteUrl> = value.as_str().and_then(|text| text.parse().ok());
    let url = url.filter(|url| url.is_tls() || !is_tls);
    url.map(Some).ok_or(Failure::Document(DOCUMENT))
}

fn client_proof(document: &Map<String, Value>) -> ClientProof {
    let ways = document.get("token_endpoint_auth_methods_supported");
    let has = |way: &str| {
        let ways = ways.and_then(Value::as_array);
        ways.is_some_and(|them| them.iter().any(|it| it == way))
    };
    if has("client_secret_post") && !has("client_secret_basic") {
        ClientProof::Body
    } else {
        ClientProof::Header
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://id.example";

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example/auth",
            "token_endpoint": "https://tokens.example/token",
            "jwks_uri": "https://id.example/keys",
        })
    }

    fn parse(document: &Value) -> Result<Discovered, Failure> {
        let outgoing = Outgoing::build(false).unwrap();
        Discovered::parse(document.to_string().as_bytes(), ISSUER, true, &outgoing)
    }

    #[test]
    fn a_document_is_of_its_issuer_to_the_letter_and_leads_to_tls_only() {
        assert!(parse(&document()).is_ok());
        for (name, value) in [
            ("issuer", json!("https://id.example/")),
            ("issuer", json!("https://evil.example")),
            ("issuer", json!(null)),
            ("authorization_endpoint", json!("http://127.0.0.1/auth")),
            ("token_endpoint", json!("http://id.example/token")),
            ("jwks_uri", json!("file:///keys")),
            ("jwks_uri", json!(null)),
            ("userinfo_endpoint", json!("http://localhost/me")),
        ] {
            let mut broken = document();
            broken[name] = value.clone();
            assert!(parse(&broken).is_err(), "{name}: {value}");
        }
        let twice = document().to_string().replacen('{', r#"{"issuer":"x","#, 1);
        let outgoing = Outgoing::build(false).unwrap();
        assert!(Discovered::parse(twice.as_bytes(), ISSUER, true, &outgoing).is_err());
    }

    #[test]
    fn the_secret_goes_into_the_body_only_where_no_header_is_taken() {
        for (ways, proof) in [
            (json!(null), ClientProof::Header),
            (
                json!(["client_secret_post", "client_secret_basic"]),
                ClientProof::Header,
            ),
            (json!(["client_secret_post"]), ClientProof::Body),
            (json!(["private_key_jwt"]), ClientProof::Header),
        ] {
            let mut told = document();
            told["token_endpoint_auth_methods_supported"] = ways;
            assert_eq!(parse(&told).unwrap().client_proof, proof);
        }
    }
}
