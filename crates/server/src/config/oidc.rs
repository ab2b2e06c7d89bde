//! `[oidc]`: the OIDC provider at which people sign in.

use std::path::PathBuf;

use keyway_token::secret::Secret;

use super::error::ConfigError;
use super::key::Key;
use super::layer::Value;
use super::parse::{path, text};
use super::remote_url::RemoteUrl;
use super::secret;
use super::settings::Settings;

/// The scope without which nothing is OIDC.
const OPENID: &str = "openid";

/// An OIDC provider.
#[derive(Debug)]
pub struct Oidc {
    /// `oidc.issuer`: as the provider spells it. No default.
    pub issuer: String,
    pub(crate) issuer_url: RemoteUrl,
    /// `oidc.client_id`: what the provider calls this server. No default.
    pub client_id: String,
    /// `oidc.client_secret` or `oidc.client_secret_file`. Default: none, which PKCE allows.
    pub client_secret: Option<Secret>,
    /// `oidc.scopes`. Default `openid` and `email`.
    pub scopes: Vec<String>,
    /// `oidc.label`: what the button on the sign-in page says.
    pub label: String,
}

impl Settings {
    pub(super) fn oidc(&self) -> Result<Option<Oidc>, ConfigError> {
        let issuer = self.optional(Key::OidcIssuer, issuer)?;
        let client_id = self.optional(Key::OidcClientId, text)?;
        let client_secret = self.oidc_secret()?;
        let (Some((issuer, issuer_url)), Some(client_id)) = (issuer, client_id) else {
            return self.no_oidc();
        };
        Ok(Some(Oidc {
            issuer,
            issuer_url,
            client_id: client_id.to_owned(),
            client_secret,
            scopes: self.required(Key::OidcScopes, scopes)?,
            label: self.required(Key::OidcLabel, text)?.to_owned(),
        }))
    }

    /// None of what one needs alone may be given.
    fn no_oidc(&self) -> Result<Option<Oidc>, ConfigError> {
        let needed = [Key::OidcIssuer, Key::OidcClientId];
        let secrets = [Key::OidcClientSecret, Key::OidcClientSecretFile];
        let is_given = |key: &Key| self.values.find(*key).is_some();
        let given = needed.into_iter().chain(secrets).find(is_given);
        let missing = needed.into_iter().find(|key| !is_given(key));
        match (given, missing) {
            (Some(given), Some(missing)) => Err(ConfigError::Half {
                given,
                origin: self.origin(given),
                missing,
            }),
            _ => Ok(None),
        }
    }

    fn oidc_secret(&self) -> Result<Option<Secret>, ConfigError> {
        let word = self.optional(Key::OidcClientSecret, text)?;
        let file: Option<PathBuf> = self.optional(Key::OidcClientSecretFile, path)?;
        match (word, file) {
            (None, None) => Ok(None),
            (Some(word), None) => Ok(Some(Secret::new(word.to_owned()))),
            (None, Some(file)) => secret::read_file(&file).map(Some),
            (Some(_), Some(_)) => Err(ConfigError::TwoSecrets {
                word: self.origin(Key::OidcClientSecret),
                file: self.origin(Key::OidcClientSecretFile),
            }),
        }
    }
}

fn issuer(value: &Value) -> Option<(String, RemoteUrl)> {
    let text = text(value)?;
    let url: RemoteUrl = text.parse().ok()?;
    url.has_no_query().then(|| (text.to_owned(), url))
}

fn scopes(value: &Value) -> Option<Vec<String>> {
    let Value::List(words) = value else {
        return None;
    };
    let is_word = |word: &String| {
        !word.is_empty()
            && word
                .bytes()
                .all(|it| it.is_ascii_graphic() && it != b'"' && it != b'\\')
    };
    let has_openid = words.iter().any(|word| word == OPENID);
    (has_openid && words.iter().all(is_word)).then(|| words.clone())
}
