//! `Authorization: Basic`: a client id and a client secret (RFC 7617, RFC 6749 section 2.3.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use keyway_token::secret::Secret;

/// Unverified.
#[derive(Debug)]
pub(crate) struct ClientCredentials {
    pub id: String,
    pub secret: Secret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoClient {
    /// No such header, or one of another scheme.
    Missing,
    Several,
    Unreadable,
}

impl ClientCredentials {
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, NoClient> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let value = match (values.next(), values.next()) {
            (None, _) => return Err(NoClient::Missing),
            (Some(_), Some(_)) => return Err(NoClient::Several),
            (Some(only), None) => only.to_str().map_err(|_| NoClient::Unreadable)?,
        };
        let (scheme, rest) = value.split_once(' ').ok_or(NoClient::Missing)?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(NoClient::Missing);
        }
        let decoded = STANDARD.decode(rest.trim()).ok();
        let text = decoded.and_then(|it| String::from_utf8(it).ok());
        let text = Secret::new(text.ok_or(NoClient::Unreadable)?);
        let (id, secret) = text.expose().split_once(':').ok_or(NoClient::Unreadable)?;
        Ok(Self {
            id: id.to_owned(),
            secret: Secret::new(secret.to_owned()),
        })
    }
}
