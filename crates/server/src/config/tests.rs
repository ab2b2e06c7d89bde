//! What holds, from which source, and what is refused in which words.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;

use keyway_core::profile::Profile;
use keyway_store::location::Location;

use super::error::{ConfigError, ProfileFault};
use super::jwt_issuer::Organizations;
use super::key::{Key, Kind};
use super::layer::{Layer, Options};
use super::settings::{Setting, Settings};
use super::{Config, DEFAULTS, LogFormat, ProfileChoice, Tls, shipped_profiles};

mod issuers;
mod profiles;
mod secrets;

const ROOT_KEY: &str = "kw_mgmt_0123456789abcdefghijklmnopqrstuvwxyzABCD";

/// The three sources of one start.
#[derive(Default)]
struct Start {
    options: Layer,
    variables: BTreeMap<&'static str, OsString>,
    file: String,
}

impl Start {
    fn option(mut self, key: Key, value: &str) -> Self {
        self.options = match key.kind() {
            Kind::Text => self.options.text(key, Some(value.to_owned())),
            Kind::Switch => self.options.switch(key, Some(value == "true")),
            Kind::List => self.options.list(key, vec![value.to_owned()]),
        };
        self
    }

    fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    fn file(mut self, text: &str) -> Self {
        text.clone_into(&mut self.file);
        self
    }

    fn settings(self) -> Result<Settings, ConfigError> {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("keyway.toml"), &self.file).unwrap();
        let options = Options {
            values: self.options,
            file: None,
        };
        Settings::gather(options, directory.path(), &|name| {
            self.variables.get(name).cloned()
        })
    }

    fn config(self) -> Result<Config, ConfigError> {
        Config::parse(self.settings()?)
    }

    /// The message, with the file's folder taken off.
    fn refusal(self) -> String {
        let message = self.config().unwrap_err().to_string();
        match message.split_once("keyway.toml") {
            Some((before, after)) => {
                let start = before
                    .rfind(|c: char| c.is_whitespace())
                    .map_or(0, |at| at + 1);
                format!("{}keyway.toml{after}", &before[..start])
            }
            None => message,
        }
    }
}

fn setting(list: &[Setting], key: Key) -> (&str, &str) {
    let found = list
        .iter()
        .find(|setting| setting.name == key.name())
        .unwrap();
    let origin = found.origin.rsplit('/').next().unwrap();
    (&found.value, origin)
}

/// A line of the file that gives the key.
fn line(key: Key, value: &str) -> String {
    let literal = match key.kind() {
        Kind::Text => format!("\"{value}\""),
        Kind::Switch => value.to_owned(),
        Kind::List => format!("[\"{value}\"]"),
    };
    format!("{} = {literal}\n", key.name())
}

#[test]
fn an_option_wins_over_the_environment_which_wins_over_the_file_which_wins_over_the_defaults() {
    for key in Key::ALL.iter().copied() {
        let (low, middle, high) = match key.kind() {
            Kind::Switch => ("true", "false", "true"),
            Kind::Text | Kind::List => ("a", "b", "c"),
        };
        let shown = |value: &'static str| if key.is_secret() { "(hidden)" } else { value };
        let start = || Start::default().file(&line(key, low));
        let list = start().settings().unwrap().list();
        assert_eq!(setting(&list, key), (shown(low), "keyway.toml:1"));

        let start = || start().variable(key.variable(), middle);
        let list = start().settings().unwrap().list();
        assert_eq!(setting(&list, key), (shown(middle), key.variable()));

        let Some(option) = key.option() else { continue };
        let list = start().option(key, high).settings().unwrap().list();
        assert_eq!(setting(&list, key), (shown(high), option));
    }
}

#[test]
fn the_defaults_are_what_the_sample_says() {
    let config = Start::default().config().unwrap();
    assert_eq!(config.listen, SocketAddr::from(([127, 0, 0, 1], 7878)));
    assert_eq!(config.public_url, None);
    assert_eq!(config.location, Location::Directory("./keyway-data".into()));
    assert_eq!(config.profile, None);
    assert_eq!(config.tls, None);
    assert!(!config.is_behind_proxy);
    assert_eq!(config.trusted_proxies, []);
    assert!(config.root_key.is_none());
    assert_eq!(
        (config.log.filter.as_str(), config.log.format),
        ("info", LogFormat::Text)
    );
}

#[test]
fn the_sample_names_every_key_with_its_option_and_variable_and_each_line_of_it_can_be_used() {
    let examples: Vec<&str> = DEFAULTS
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| {
            line.split_once(" = ")
                .is_some_and(|(key, _)| !key.contains(' '))
        })
        .collect();
    assert_eq!(examples.len(), 9, "{examples:?}");
    for example in examples {
        let text = DEFAULTS.replace(&format!("# {example}"), example);
        Start::default().file(&text).settings().unwrap();
    }
    for key in Key::ALL {
        let word = key.name().rsplit('.').next().unwrap();
        let is_given = |line: &str| {
            line.trim_start_matches("# ")
                .starts_with(&format!("{word} = "))
        };
        assert!(DEFAULTS.lines().any(is_given), "{key}");
        let ways = match key.option() {
            Some(option) => format!("# {option}"),
            None => format!("# {}", key.variable()),
        };
        let is_named = |line: &str| line.starts_with(&ways) && line.contains(key.variable());
        assert!(DEFAULTS.lines().any(is_named), "{key}");
    }
}

#[test]
fn every_value_reaches_its_field() {
    let file = "public_url = \"https://keys.example.com/\"\nbehind_proxy = true\n\
                trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n\
                tls = { cert = \"c.pem\", key = \"k.pem\" }\n\
                log.format = \"json\"\nlog.filter = \"warn,keyway_server=debug\"\n";
    let config = Start::default()
        .file(file)
        .variable("KEYWAY_ROOT_KEY", ROOT_KEY);
    let config = config.option(Key::Listen, "[::]:443").config().unwrap();
    assert_eq!(config.listen, "[::]:443".parse().unwrap());
    assert_eq!(
        config.public_url.as_deref(),
        Some("https://keys.example.com")
    );
    assert!(config.is_behind_proxy);
    let networks = ["10.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap());
    assert_eq!(config.trusted_proxies, networks);
    assert_eq!(
        config.tls,
        Some(Tls {
            cert: "c.pem".into(),
            key: "k.pem".into()
        })
    );
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.log.filter, "warn,keyway_server=debug");
    assert_eq!(config.root_key.unwrap().expose(), ROOT_KEY);
}

#[test]
fn a_list_in_a_variable_has_commas_and_a_switch_is_a_word_or_a_digit() {
    let start = Start::default()
        .variable("KEYWAY_TRUSTED_PROXIES", "10.0.0.1, 10.1.0.0/16")
        .variable("KEYWAY_BEHIND_PROXY", "1");
    let config = start.config().unwrap();
    assert_eq!(config.trusted_proxies.len(), 2);
    assert!(config.is_behind_proxy);
    assert_eq!(
        Start::default()
            .variable("KEYWAY_BEHIND_PROXY", "yes")
            .refusal(),
        "behind_proxy (from KEYWAY_BEHIND_PROXY): expected true or false"
    );
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let mut start = Start::default()
        .variable("KEYWAY_ROOT_KEY", "")
        .variable("KEYWAY_CONFIG", "");
    for key in Key::ALL {
        start = start.variable(key.variable(), "");
    }
    let config = start.config().unwrap();
    assert_eq!(config.location, Location::Directory("./keyway-data".into()));
    assert!(config.root_key.is_none());
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    for (file, refusal) in [
        ("lisen = \"x\"", "keyway.toml:1: there is no key `lisen`"),
        (
            "\n[tls]\nca = \"x\"",
            "keyway.toml:3: there is no key `tls.ca`",
        ),
        (
            "[listen]\na = 1",
            "listen (from keyway.toml:1): expected an IP address and a port, \
                             such as 127.0.0.1:7878",
        ),
        ("[nothing]", "keyway.toml:1: there is no key `nothing`"),
        ("tls = 1", "keyway.toml:1: there is no key `tls`"),
        (
            "root_key = \"kw_mgmt_hidden\"",
            "keyway.toml:1: there is no key `root_key`",
        ),
    ] {
        assert_eq!(Start::default().file(file).refusal(), refusal);
    }
    let of_file = Start::default()
        .file("root_key = \"x\"")
        .config()
        .unwrap_err();
    assert_eq!(
        of_file.hint().unwrap(),
        "a root key comes from the variable KEYWAY_ROOT_KEY alone"
    );
}

#[test]
fn a_bad_value_is_refused_with_its_key_and_where_it_came_from() {
    let listen = "expected an IP address and a port, such as 127.0.0.1:7878";
    let start = || Start::default();
    for (start, refusal) in [
        (
            start().file("\nlisten = 7878"),
            format!("listen (from keyway.toml:2): {listen}"),
        ),
        (
            start().variable("KEYWAY_LISTEN", "localhost:7878"),
            format!("listen (from KEYWAY_LISTEN): {listen}"),
        ),
        (
            start().option(Key::Listen, ""),
            format!("listen (from --listen): {listen}"),
        ),
        (
            start().file("trusted_proxies = [\"10.0.0.0/33\"]"),
            "trusted_proxies (from keyway.toml:1): expected a list of IP addresses and networks, \
             such as 10.0.0.0/8"
                .to_owned(),
        ),
        (
            start().variable("KEYWAY_LOG", "a=b=c"),
            "log.filter (from KEYWAY_LOG): expected a level such as info, or directives such as \
             info,keyway_store=debug"
                .to_owned(),
        ),
        (
            start().variable("KEYWAY_LOG_FORMAT", "xml"),
            "log.format (from KEYWAY_LOG_FORMAT): expected text or json".to_owned(),
        ),
    ] {
        assert_eq!(start.refusal(), refusal);
    }
}

#[test]
fn a_public_url_is_an_address_of_the_web_that_paths_can_be_put_behind() {
    let read = |url: &str| Start::default().option(Key::PublicUrl, url).config();
    for bad in [
        "keys.example.com",
        "ftp://a",
        "https://",
        "https://u:p@a",
        "https://a?b",
        "http://a#b",
    ] {
        assert!(
            matches!(
                read(bad),
                Err(ConfigError::Value {
                    key: Key::PublicUrl,
                    ..
                })
            ),
            "{bad}"
        );
    }
    let kept = read("http://a.example:8080/keys/").unwrap().public_url;
    assert_eq!(kept.as_deref(), Some("http://a.example:8080/keys"));
}

#[test]
fn a_database_url_needs_no_directory_and_both_are_refused() {
    let url = "postgres://u:hidden@h/d";
    let start = || Start::default().variable("KEYWAY_DATABASE_URL", url);
    assert_eq!(
        start().config().unwrap().location,
        Location::Url(url.to_owned())
    );
    assert_eq!(
        start().option(Key::DataDir, "here").refusal(),
        "data_dir (from --data-dir) and database_url (from KEYWAY_DATABASE_URL) are both given"
    );
    assert_eq!(
        start().file("data_dir = \"here\"").refusal(),
        "data_dir (from keyway.toml:1) and database_url (from KEYWAY_DATABASE_URL) are both given"
    );
}

#[test]
fn a_development_server_keeps_its_hands_off_a_database() {
    let start = Start::default().variable("KEYWAY_DATABASE_URL", "postgres://h/d");
    let refused = Config::parse_for_dev(start.settings().unwrap()).unwrap_err();
    assert!(matches!(refused, ConfigError::NoDirectory { .. }));
    assert!(Config::parse_for_dev(Start::default().settings().unwrap()).is_ok());
}

#[test]
fn a_server_at_every_address_is_told_which_one_to_link_to() {
    for address in ["0.0.0.0:1", "[::]:1", "[::ffff:0.0.0.0]:1"] {
        let start = || {
            let start = Start::default().option(Key::Listen, address);
            start.option(Key::BehindProxy, "true")
        };
        assert_eq!(
            start().refusal(),
            format!(
                "listen (from --listen): {address} is every address of this machine and none to \
                 link to, and there is no public_url"
            )
        );
        let told = start().option(Key::PublicUrl, "https://keys.example.com");
        assert!(told.config().is_ok());
    }
}

#[test]
fn an_address_that_others_can_reach_needs_tls_or_a_proxy() {
    for address in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::ffff:192.0.2.1]:1"] {
        let start = || {
            let start = Start::default().option(Key::Listen, address);
            start.option(Key::PublicUrl, "https://keys.example.com")
        };
        assert_eq!(
            start().refusal(),
            format!(
                "listen (from --listen): {address} can be reached from elsewhere, and there is no TLS"
            )
        );
        assert!(start().option(Key::BehindProxy, "true").config().is_ok());
        let with_tls = start().option(Key::TlsCert, "c").option(Key::TlsKey, "k");
        assert!(with_tls.config().is_ok());
    }
    for address in [
        "127.0.0.1:1",
        "127.9.9.9:1",
        "[::1]:1",
        "[::ffff:127.0.0.1]:1",
    ] {
        assert!(
            Start::default()
                .option(Key::Listen, address)
                .config()
                .is_ok(),
            "{address}"
        );
    }
}

#[test]
fn half_of_tls_is_refused() {
    let start = Start::default().variable("KEYWAY_TLS_CERT", "c");
    let refused = start.config().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "tls.cert (from KEYWAY_TLS_CERT) is given and tls.key is not"
    );
    assert_eq!(
        refused.hint().unwrap(),
        "one needs the other; give --tls-key, KEYWAY_TLS_KEY or tls.key"
    );
    let other = Start::default().option(Key::TlsKey, "k").refusal();
    assert_eq!(
        other,
        "tls.key (from --tls-key) is given and tls.cert is not"
    );
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_refused_by_name() {
    use std::os::unix::ffi::OsStringExt as _;
    let mut start = Start::default();
    start
        .variables
        .insert("KEYWAY_ROOT_KEY", OsString::from_vec(vec![0xff]));
    assert_eq!(start.refusal(), "KEYWAY_ROOT_KEY is not text in UTF-8");
}

#[test]
fn a_file_that_was_named_must_be_there_and_one_that_was_not_need_not() {
    let directory = tempfile::tempdir().unwrap();
    let gather = |file: Option<&Path>, named: Option<&Path>| {
        let options = Options {
            values: Layer::default(),
            file: file.map(Path::to_owned),
        };
        Settings::gather(options, directory.path(), &|name| {
            (name == "KEYWAY_CONFIG").then(|| named.map(|path| path.as_os_str().to_owned()))?
        })
    };
    assert!(gather(None, None).is_ok());
    let missing = directory.path().join("missing.toml");
    assert!(matches!(
        gather(Some(&missing), None),
        Err(ConfigError::Unreadable { .. })
    ));
    assert!(matches!(
        gather(None, Some(&missing)),
        Err(ConfigError::Unreadable { .. })
    ));

    let present = directory.path().join("present.toml");
    std::fs::write(&present, "log.filter = \"warn\"").unwrap();
    let list = gather(Some(&present), Some(&missing)).unwrap().list();
    assert_eq!(setting(&list, Key::LogFilter), ("warn", "present.toml:1"));
    let list = gather(None, Some(&present)).unwrap().list();
    assert_eq!(setting(&list, Key::LogFilter), ("warn", "present.toml:1"));

    std::fs::write(&present, "#".repeat(65_537)).unwrap();
    let too_large = gather(Some(&present), None).unwrap_err().to_string();
    assert!(
        too_large.ends_with("cannot be read: it is larger than 65536 bytes"),
        "{too_large}"
    );
}
