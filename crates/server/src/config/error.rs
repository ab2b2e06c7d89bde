//! Why a configuration cannot be used. A message names the key and where its value came from, and
//! never holds the value of a secret or of a database's address.

use std::net::SocketAddr;
use std::path::PathBuf;

use keyway_core::profile::parse::InvalidProfile;

use super::jwt_issuer::{Field, TABLE};
use super::key::{Key, Origin};
use super::{FILE_NAME, ROOT_KEY_VARIABLE};

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration file {} cannot be read: {cause}", path.display())]
    Unreadable {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error("{origin}: {fault}")]
    Syntax { origin: Origin, fault: String },
    #[error("{origin}: there is no key `{name}`")]
    UnknownKey { name: String, origin: Origin },
    #[error("{key} (from {origin}): expected {}", key.expected())]
    Value { key: Key, origin: Origin },
    #[error("{TABLE}.{} (from {origin}): expected {}", field.name(), field.expected())]
    IssuerField { field: Field, origin: Origin },
    #[error("the secret in the file {} cannot be read: {cause}", path.display())]
    SecretUnreadable {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error("{variable} is not text in UTF-8")]
    NotText { variable: &'static str },
    #[error("data_dir (from {directory}) and database_url (from {url}) are both given")]
    TwoStores { directory: Origin, url: Origin },
    #[error(
        "oidc.client_secret (from {word}) and oidc.client_secret_file (from {file}) are both given"
    )]
    TwoSecrets { word: Origin, file: Origin },
    #[error("{given} (from {origin}) is given and {missing} is not")]
    Half {
        given: Key,
        origin: Origin,
        missing: Key,
    },
    #[error("listen (from {origin}): {address} can be reached from elsewhere, and there is no TLS")]
    Exposed { address: SocketAddr, origin: Origin },
    #[error(
        "listen (from {origin}): {address} is every address of this machine and none to link to, \
         and there is no public_url"
    )]
    Nowhere { address: SocketAddr, origin: Origin },
    #[error(
        "database_url (from {origin}) is given, and this command keeps its data in a directory"
    )]
    NoDirectory { origin: Origin },
    #[error("profile (from {origin}): {fault}")]
    Profile { origin: Origin, fault: ProfileFault },
    #[error("{ROOT_KEY_VARIABLE} does not have the form of a root key")]
    RootKey,
}

/// Why a profile that was named cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ProfileFault {
    #[error("there is neither a shipped profile nor a file `{name}`; shipped are: {shipped}")]
    Unknown { name: String, shipped: String },
    #[error("the file {path} cannot be read: {cause}")]
    Unreadable { path: String, cause: std::io::Error },
    #[error("{path}: {cause}")]
    Invalid { path: String, cause: InvalidProfile },
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. }
            | Self::Syntax { .. }
            | Self::Value { .. }
            | Self::IssuerField { .. }
            | Self::SecretUnreadable { .. }
            | Self::NotText { .. }
            | Self::Profile { .. } => None,
            Self::UnknownKey { name, .. } if name == "root_key" => {
                Some(format!("a root key comes from the variable {ROOT_KEY_VARIABLE} alone"))
            }
            Self::UnknownKey { .. } => Some(format!(
                "`keyway config show-default` prints a {FILE_NAME} with every key"
            )),
            Self::TwoSecrets { .. } => Some("take one of them away".to_owned()),
            Self::TwoStores { .. } => {
                Some("keys are kept in one of them; take the other away".to_owned())
            }
            Self::Half { missing, .. } => {
                Some(format!("one needs the other; give {}", missing.ways()))
            }
            Self::Exposed { .. } => Some(
                "give --tls-cert and --tls-key, or --behind-proxy where a proxy in front speaks TLS"
                    .to_owned(),
            ),
            Self::Nowhere { .. } => Some(format!(
                "give {}: the address that clients use",
                Key::PublicUrl.ways()
            )),
            Self::NoDirectory { .. } => {
                Some("take it away, or use `keyway serve` for that database".to_owned())
            }
            Self::RootKey => Some(
                "it is kw_mgmt_ and at least 40 more of A-Z a-z 0-9 _, 256 characters at most"
                    .to_owned(),
            ),
        }
    }
}
