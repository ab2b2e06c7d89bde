//! The server's configuration, read once at start-up.
//!
//! Four layers; key by key the upper one wins: options of the command line, the environment, a file,
//! the shipped defaults. The shipped sample *is* the lowest layer, so it cannot lie. Every key of the
//! three is one row of the table in [`key`]; what is not in that table is an error.
//!
//! [`Settings::gather`](settings::Settings::gather) lays the layers over one another and remembers
//! where each value came from; [`Config::parse`] turns what holds into types. Nothing here looks at
//! the environment: start-up code passes it in.

pub mod error;
mod file;
pub mod jwt_issuer;
pub mod key;
pub mod layer;
pub mod oidc;
mod parse;
pub mod profile;
pub mod remote_url;
mod secret;
pub mod settings;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use keyway_store::location::Location;
use keyway_token::secret::Secret;

use jwt_issuer::JwtIssuer;
use oidc::Oidc;

/// The shipped sample, which is the lowest layer.
pub const DEFAULTS: &str = include_str!("../config.default.toml");
/// Comes from the environment alone.
pub const ROOT_KEY_VARIABLE: &str = "KEYWAY_ROOT_KEY";
/// Comes from the environment alone.
pub const SEALING_KEY_VARIABLE: &str = "KEYWAY_SEALING_KEY";
/// The file that is read when no other is named.
pub const FILE_NAME: &str = "keyway.toml";

/// All that a server is told before it starts.
#[derive(Debug)]
pub struct Config {
    /// `listen`: where the server listens. Default `127.0.0.1:7878`.
    pub listen: SocketAddr,
    /// `public_url`: how clients reach the server, without a slash at the end. Default: the listen
    /// address, which only the server knows once it listens.
    pub public_url: Option<String>,
    /// `data_dir`, default `./keyway-data`, or `database_url`.
    pub location: Location,
    /// `profile`: the one that the operator expects. Default: the one in force, else the shipped
    /// default.
    pub profile: Option<ProfileChoice>,
    /// `tls.cert` and `tls.key`. Default: no TLS, which only this machine's own addresses allow.
    pub tls: Option<Tls>,
    /// `behind_proxy`: a proxy in front speaks TLS. Default `false`.
    pub is_behind_proxy: bool,
    /// `trusted_proxies`: whose word counts on where a call comes from. Default: nobody's.
    pub trusted_proxies: Vec<IpNet>,
    /// `KEYWAY_ROOT_KEY`, from the environment alone. Default: none.
    pub root_key: Option<Secret>,
    /// `KEYWAY_SEALING_KEY`, from the environment alone. Default: a file in the data directory.
    pub sealing_key: Option<Secret>,
    /// `[oidc]`: where people may sign in besides. Default: nowhere.
    pub oidc: Option<Oidc>,
    /// `[[jwt.issuer]]`: whose signed tokens stand for members. Default: nobody's.
    pub jwt_issuers: Vec<JwtIssuer>,
    pub log: Log,
}

/// Files in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// `tls.cert`: the certificate chain. No default.
    pub cert: PathBuf,
    /// `tls.key`: the private key. No default.
    pub key: PathBuf,
}

/// What is written to the log, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// `log.filter`: directives of `tracing`'s `EnvFilter`, known to be well formed. Default `info`.
    pub filter: String,
    /// `log.format`. Default `text`.
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// `text`: a line for people.
    Text,
    /// `json`: an object per line, for programs.
    Json,
}

/// A profile that was named: a shipped one, or a file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileChoice {
    /// As its text says.
    pub name: String,
    /// Its text, known to be well formed.
    pub toml: String,
}

/// The shipped profiles: name and text.
pub fn shipped_profiles() -> &'static [(&'static str, &'static str)] {
    profile::shipped()
}
