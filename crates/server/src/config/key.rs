//! The table of keys: what each is called in the file, on the command line and in the environment.

use std::fmt;
use std::path::PathBuf;

/// One row per key: name in the file, kind, option, variable, and what is expected there.
macro_rules! keys {
    ($($key:ident $name:literal $kind:ident $option:expr, $variable:literal, $expected:literal)*) => {
        /// A key of the configuration.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Key {
            $($key),*
        }

        impl Key {
            /// In the order of the shipped sample.
            pub const ALL: &'static [Self] = &[$(Self::$key),*];

            /// In the file; a dot for a table.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$key => $name),*
                }
            }

            pub(crate) fn kind(self) -> Kind {
                match self {
                    $(Self::$key => Kind::$kind),*
                }
            }

            /// On the command line of `keyway serve`.
            pub fn option(self) -> Option<&'static str> {
                match self {
                    $(Self::$key => $option),*
                }
            }

            pub fn variable(self) -> &'static str {
                match self {
                    $(Self::$key => $variable),*
                }
            }

            /// The second half of a sentence that begins with "expected".
            pub(crate) fn expected(self) -> &'static str {
                match self {
                    $(Self::$key => $expected),*
                }
            }
        }
    };
}

keys! {
    Listen "listen" Text Some("--listen"), "KEYWAY_LISTEN",
        "an IP address and a port, such as 127.0.0.1:7878"
    PublicUrl "public_url" Text Some("--public-url"), "KEYWAY_PUBLIC_URL",
        "an http or https address without user, query or fragment, such as https://keys.example.com"
    DataDir "data_dir" Text Some("--data-dir"), "KEYWAY_DATA_DIR",
        "the path of a directory"
    DatabaseUrl "database_url" Text Some("--database-url"), "KEYWAY_DATABASE_URL",
        "an address that begins with postgres://"
    Profile "profile" Text Some("--profile"), "KEYWAY_PROFILE",
        "the name of a shipped profile, or the path of a file"
    BehindProxy "behind_proxy" Switch Some("--behind-proxy"), "KEYWAY_BEHIND_PROXY",
        "true or false"
    TrustedProxies "trusted_proxies" List Some("--trusted-proxy"), "KEYWAY_TRUSTED_PROXIES",
        "a list of IP addresses and networks, such as 10.0.0.0/8"
    TlsCert "tls.cert" Text Some("--tls-cert"), "KEYWAY_TLS_CERT",
        "the path of a file"
    TlsKey "tls.key" Text Some("--tls-key"), "KEYWAY_TLS_KEY",
        "the path of a file"
    OidcIssuer "oidc.issuer" Text None, "KEYWAY_OIDC_ISSUER",
        "an https address without query or fragment, as the provider spells it"
    OidcClientId "oidc.client_id" Text None, "KEYWAY_OIDC_CLIENT_ID",
        "what the provider calls this server"
    OidcClientSecret "oidc.client_secret" Text None, "KEYWAY_OIDC_CLIENT_SECRET",
        "a secret of the provider's"
    OidcClientSecretFile "oidc.client_secret_file" Text None, "KEYWAY_OIDC_CLIENT_SECRET_FILE",
        "the path of a file"
    OidcScopes "oidc.scopes" List None, "KEYWAY_OIDC_SCOPES",
        "a list of scopes with openid in it"
    OidcLabel "oidc.label" Text None, "KEYWAY_OIDC_LABEL",
        "what the button says"
    LogFilter "log.filter" Text None, "KEYWAY_LOG",
        "a level such as info, or directives such as info,keyway_store=debug"
    LogFormat "log.format" Text None, "KEYWAY_LOG_FORMAT",
        "text or json"
}

impl Key {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|key| key.name() == name)
    }

    /// Whether a value must not be shown.
    pub(crate) fn is_secret(self) -> bool {
        matches!(self, Self::DatabaseUrl | Self::OidcClientSecret)
    }

    /// All ways to give it, as a person would type them.
    pub(crate) fn ways(self) -> String {
        match self.option() {
            Some(option) => format!("{option}, {} or {}", self.variable(), self.name()),
            None => format!("{} or {}", self.variable(), self.name()),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Switch,
    List,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Option(&'static str),
    Variable(&'static str),
    File { path: PathBuf, line: usize },
    Defaults,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(name) | Self::Variable(name) => f.write_str(name),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Defaults => f.write_str("the defaults"),
        }
    }
}
