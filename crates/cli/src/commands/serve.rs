//! `keyway serve`

use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use keyway_server::config::Config;
use keyway_server::config::key::Key;
use keyway_server::config::layer::{self, Layer};
use keyway_server::serve;

use super::config::gather;
use crate::failure::Failure;

/// What stands at the end of `keyway serve --help`.
pub(crate) const NOTES: &str = "\
Options win over the environment, the environment over the file, the file over the defaults;
`keyway config check` shows what holds. Relative paths start at the current directory.

The first management key is the root key: give one as the variable KEYWAY_ROOT_KEY, or the first
start makes one and writes it into the data directory, readable for its owner alone.

SIGTERM and SIGINT let requests end, write usage counts and exit with 0.

Examples:
  keyway serve                                          here, with data in ./keyway-data
  KEYWAY_DATABASE_URL=\"$(cat url.txt)\" keyway serve    with PostgreSQL
  keyway serve --listen 0.0.0.0:7878 --behind-proxy --public-url https://keys.example.com
                                                        behind a proxy that speaks TLS";

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Read this file instead of ./keyway.toml (or the variable `KEYWAY_CONFIG`)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Where to listen: an IP address and a port
    #[arg(long, value_name = "ADDRESS", help_heading = "Address")]
    listen: Option<String>,

    /// How clients reach the server, if not at the listen address; needed with 0.0.0.0
    #[arg(long, value_name = "URL", help_heading = "Address")]
    public_url: Option<String>,

    /// Certificate chain in PEM
    #[arg(long, value_name = "FILE", help_heading = "Address")]
    tls_cert: Option<String>,

    /// Private key in PEM
    #[arg(long, value_name = "FILE", help_heading = "Address")]
    tls_key: Option<String>,

    /// A proxy in front speaks TLS, so this server need not
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_possible_values = true,
        help_heading = "Address"
    )]
    behind_proxy: Option<bool>,

    /// A proxy whose X-Forwarded-For is believed; several times for several
    #[arg(long = "trusted-proxy", value_name = "CIDR", help_heading = "Address")]
    trusted_proxies: Vec<String>,

    /// Directory of the embedded database
    #[arg(long, value_name = "DIR", help_heading = "Keys")]
    data_dir: Option<String>,

    #[arg(
        long,
        value_name = "URL",
        help = "A PostgreSQL database instead; better by the variable, as others on this machine \
                can read options",
        help_heading = "Keys"
    )]
    database_url: Option<String>,

    /// A shipped profile or a file; if absent the one in force, at first the default
    #[arg(long, value_name = "NAME|FILE", help_heading = "Keys", value_parser = NonEmptyStringValueParser::new())]
    profile: Option<String>,
}

impl Options {
    fn layer(self) -> layer::Options {
        let values = Layer::default()
            .text(Key::Listen, self.listen)
            .text(Key::PublicUrl, self.public_url)
            .text(Key::TlsCert, self.tls_cert)
            .text(Key::TlsKey, self.tls_key)
            .switch(Key::BehindProxy, self.behind_proxy)
            .list(Key::TrustedProxies, self.trusted_proxies)
            .text(Key::DataDir, self.data_dir)
            .text(Key::DatabaseUrl, self.database_url)
            .text(Key::Profile, self.profile);
        layer::Options {
            values,
            file: self.config,
        }
    }
}

pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let config = Config::parse(gather(options.layer())?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(serve::serve(config))?)
}
