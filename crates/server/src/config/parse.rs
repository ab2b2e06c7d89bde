//! From what holds to types. The rules between keys are here too.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use http::Uri;
use ipnet::IpNet;
use keyway_store::location::Location;
use keyway_token::management::is_management_shape;
use keyway_token::secret::Secret;
use tracing_subscriber::EnvFilter;

use super::error::ConfigError;
use super::key::{Key, Origin};
use super::layer::{Given, Value};
use super::settings::Settings;
use super::{Config, Log, LogFormat, ProfileChoice, Tls};

impl Config {
    /// Turns what holds into types.
    pub fn parse(settings: Settings) -> Result<Self, ConfigError> {
        let tls = settings.tls()?;
        let is_behind_proxy = settings.required(Key::BehindProxy, switch)?;
        let listen = settings.listen(tls.is_some() || is_behind_proxy)?;
        Ok(Self {
            listen,
            public_url: settings.public_url(listen)?,
            location: settings.location()?,
            profile: settings.profile()?,
            tls,
            is_behind_proxy,
            trusted_proxies: settings.required(Key::TrustedProxies, networks)?,
            log: settings.log()?,
            oidc: settings.oidc()?,
            jwt_issuers: settings.jwt_issuers,
            root_key: settings.root_key.map(root_key).transpose()?,
            sealing_key: settings.sealing_key,
        })
    }

    /// The same for a server on a developer's own machine. It mints keys and prints them and applies
    /// profiles unasked, so a database that others may use is refused.
    pub fn parse_for_dev(settings: Settings) -> Result<Self, ConfigError> {
        if let Some(given) = settings.values.find(Key::DatabaseUrl) {
            return Err(ConfigError::NoDirectory {
                origin: given.origin.clone(),
            });
        }
        Self::parse(settings)
    }
}

impl Settings {
    fn listen(&self, is_protected: bool) -> Result<SocketAddr, ConfigError> {
        let address: SocketAddr = self.required(Key::Listen, |value| text(value)?.parse().ok())?;
        if address.ip().to_canonical().is_loopback() || is_protected {
            return Ok(address);
        }
        Err(ConfigError::Exposed {
            address,
            origin: self.origin(Key::Listen),
        })
    }

    /// Without one, links lead to the listen address, which must be an address then.
    fn public_url(&self, listen: SocketAddr) -> Result<Option<String>, ConfigError> {
        let url = self.optional(Key::PublicUrl, |value| text(value).and_then(base_url))?;
        if url.is_none() && listen.ip().to_canonical().is_unspecified() {
            return Err(ConfigError::Nowhere {
                address: listen,
                origin: self.origin(Key::Listen),
            });
        }
        Ok(url)
    }

    fn location(&self) -> Result<Location, ConfigError> {
        let url = self.optional(Key::DatabaseUrl, |value| {
            text(value).filter(is_database_url)
        })?;
        let directory = self.optional(Key::DataDir, path)?;
        match (url, directory) {
            (Some(url), None) => Ok(Location::Url(url.to_owned())),
            (None, Some(directory)) => Ok(Location::Directory(directory)),
            (Some(_), Some(_)) => Err(ConfigError::TwoStores {
                directory: self.origin(Key::DataDir),
                url: self.origin(Key::DatabaseUrl),
            }),
            (None, None) => Err(self.fault(Key::DataDir)),
        }
    }

    fn profile(&self) -> Result<Option<ProfileChoice>, ConfigError> {
        let Some(name_or_path) = self.optional(Key::Profile, text)? else {
            return Ok(None);
        };
        let origin = || self.origin(Key::Profile);
        let choice = ProfileChoice::read(name_or_path).map_err(|fault| ConfigError::Profile {
            origin: origin(),
            fault,
        })?;
        Ok(Some(choice))
    }

    fn tls(&self) -> Result<Option<Tls>, ConfigError> {
        let half = |given, missing| {
            let origin = self.origin(given);
            Err(ConfigError::Half {
                given,
                origin,
                missing,
            })
        };
        let files = (
            self.optional(Key::TlsCert, path)?,
            self.optional(Key::TlsKey, path)?,
        );
        match files {
            (Some(cert), Some(key)) => Ok(Some(Tls { cert, key })),
            (None, None) => Ok(None),
            (Some(_), None) => half(Key::TlsCert, Key::TlsKey),
            (None, Some(_)) => half(Key::TlsKey, Key::TlsCert),
        }
    }

    fn log(&self) -> Result<Log, ConfigError> {
        let is_filter = |text: &&str| EnvFilter::builder().parse(text).is_ok();
        let filter = self.required(Key::LogFilter, |value| text(value).filter(is_filter))?;
        let format = self.required(Key::LogFormat, |value| match text(value)? {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        })?;
        Ok(Log {
            filter: filter.to_owned(),
            format,
        })
    }

    /// The value of a key, if one is given.
    pub(super) fn optional<'s, T>(
        &'s self,
        key: Key,
        read: impl FnOnce(&'s Value) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(Given { value, .. }) = self.values.find(key) else {
            return Ok(None);
        };
        read(value).map(Some).ok_or_else(|| self.fault(key))
    }

    /// The value of a key that has a default.
    pub(super) fn required<'s, T>(
        &'s self,
        key: Key,
        read: impl FnOnce(&'s Value) -> Option<T>,
    ) -> Result<T, ConfigError> {
        self.optional(key, read)?.ok_or_else(|| self.fault(key))
    }

    fn fault(&self, key: Key) -> ConfigError {
        ConfigError::Value {
            key,
            origin: self.origin(key),
        }
    }

    pub(super) fn origin(&self, key: Key) -> Origin {
        let given = self.values.find(key);
        given.map_or(Origin::Defaults, |given| given.origin.clone())
    }
}

pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn switch(value: &Value) -> Option<bool> {
    match value {
        Value::Switch(is_on) => Some(*is_on),
        _ => None,
    }
}

pub(super) fn path(value: &Value) -> Option<PathBuf> {
    text(value).map(PathBuf::from)
}

/// Single addresses count as networks of one.
fn networks(value: &Value) -> Option<Vec<IpNet>> {
    let Value::List(words) = value else {
        return None;
    };
    let network = |word: &String| {
        let address = || word.parse::<IpAddr>().ok().map(IpNet::from);
        word.parse().ok().or_else(address)
    };
    words.iter().map(network).collect()
}

fn is_database_url(text: &&str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// Without a slash at the end, so that a path can be put behind it.
fn base_url(text: &str) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    let is_plain = uri.query().is_none() && !text.contains(['#', '@']);
    (is_web && is_plain && uri.host().is_some_and(|host| !host.is_empty()))
        .then(|| text.trim_end_matches('/').to_owned())
}

fn root_key(unverified: Secret) -> Result<Secret, ConfigError> {
    if is_management_shape(unverified.expose()) {
        Ok(unverified)
    } else {
        Err(ConfigError::RootKey)
    }
}
