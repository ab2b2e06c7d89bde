//! The four layers as one, before they become types.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use keyway_token::secret::Secret;
use serde::Serialize;

use super::error::ConfigError;
use super::file::{self, CONFIG_BYTES_MAX};
use super::jwt_issuer::{self, Field, IssuerTable, JwtIssuer};
use super::key::{Key, Origin};
use super::layer::{Layer, Options, Value, read_variable};
use super::{DEFAULTS, FILE_NAME, ROOT_KEY_VARIABLE, SEALING_KEY_VARIABLE};

/// Names the file where no option does.
pub const FILE_VARIABLE: &str = "KEYWAY_CONFIG";

/// What holds, and where each value came from.
#[derive(Debug)]
pub struct Settings {
    pub(crate) values: Layer,
    pub(crate) root_key: Option<Secret>,
    pub(crate) sealing_key: Option<Secret>,
    pub(crate) jwt_issuers: Vec<JwtIssuer>,
}

/// One value that holds, for people. A secret one is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    pub name: &'static str,
    pub value: String,
    pub origin: String,
}

impl Settings {
    /// Reads the three sources and lays them over the defaults.
    ///
    /// `directory` is where `keyway.toml` is looked for when no file is named; `variable` is the
    /// environment.
    pub fn gather(
        options: Options,
        directory: &Path,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        let environment = Layer::of_variables(variable)?;
        let named = match options.file {
            Some(path) => Some(path),
            None => read_variable(FILE_VARIABLE, variable)?.map(PathBuf::from),
        };
        let file = match named {
            Some(path) => file_layer(&path)?,
            None => file_if_there(&directory.join(FILE_NAME))?,
        };
        let defaults = file::parse_defaults(DEFAULTS)?;
        let mut values = options.values.over(environment).over(file).over(defaults);
        make_room_for_url(&mut values);
        let root_key = read_variable(ROOT_KEY_VARIABLE, variable)?.map(Secret::new);
        let sealing_key = read_variable(SEALING_KEY_VARIABLE, variable)?.map(Secret::new);
        let jwt_issuers = jwt_issuers(&values, variable)?;
        Ok(Self {
            values,
            root_key,
            sealing_key,
            jwt_issuers,
        })
    }

    /// The defaults alone.
    pub fn shipped() -> Result<Self, ConfigError> {
        Ok(Self {
            values: file::parse_defaults(DEFAULTS)?,
            root_key: None,
            sealing_key: None,
            jwt_issuers: Vec::new(),
        })
    }

    /// Every value that holds, in the order of the shipped sample.
    pub fn list(&self) -> Vec<Setting> {
        let mut list: Vec<Setting> = self
            .values
            .iter()
            .map(|(key, given)| Setting {
                name: key.name(),
                value: shown(key, &given.value),
                origin: given.origin.to_string(),
            })
            .collect();
        list.extend(self.values.issuers().iter().map(|issuer| Setting {
            name: jwt_issuer::TABLE,
            value: issuer.title(),
            origin: issuer.origin.to_string(),
        }));
        for (name, given, variable) in [
            ("root key", &self.root_key, ROOT_KEY_VARIABLE),
            ("sealing key", &self.sealing_key, SEALING_KEY_VARIABLE),
        ] {
            if given.is_some() {
                list.push(Setting {
                    name,
                    value: HIDDEN.to_owned(),
                    origin: variable.to_owned(),
                });
            }
        }
        list
    }
}

const HIDDEN: &str = "(hidden)";

fn shown(key: Key, value: &Value) -> String {
    match value {
        _ if key.is_secret() => HIDDEN.to_owned(),
        Value::Text(text) => text.clone(),
        Value::Switch(is_on) => is_on.to_string(),
        Value::List(words) => words.join(", "),
    }
}

/// A directory that nobody named is no second place beside a database that somebody did.
fn make_room_for_url(values: &mut Layer) {
    let directory = values.find(Key::DataDir);
    let is_default = directory.is_some_and(|given| given.origin == Origin::Defaults);
    if is_default && values.find(Key::DatabaseUrl).is_some() {
        values.remove(Key::DataDir);
    }
}

/// Two tables of one issuer would be two readings of its tokens.
fn jwt_issuers(
    values: &Layer,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Vec<JwtIssuer>, ConfigError> {
    let mut seen = BTreeSet::new();
    let parse = |table: &IssuerTable| {
        let issuer = table.parse(variable)?;
        if seen.insert(issuer.issuer.clone()) {
            Ok(issuer)
        } else {
            Err(table.fault(Field::Issuer))
        }
    };
    values.issuers().iter().map(parse).collect()
}

fn file_layer(path: &Path) -> Result<Layer, ConfigError> {
    let unreadable = |cause| ConfigError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    let text = file::read_text(path, CONFIG_BYTES_MAX).map_err(unreadable)?;
    file::parse(path, &text)
}

fn file_if_there(path: &Path) -> Result<Layer, ConfigError> {
    match file_layer(path) {
        Err(ConfigError::Unreadable { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
            Ok(Layer::default())
        }
        other => other,
    }
}
