//! What one source gives, and one layer over another.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use super::error::ConfigError;
use super::jwt_issuer::IssuerTable;
use super::key::{Key, Kind, Origin};

/// The values of one source. Shows none of them when printed.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    given: BTreeMap<Key, Given>,
    /// Tables that only a file can have.
    issuers: Vec<IssuerTable>,
}

/// The command line: values, and which file to read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub values: Layer,
    /// `--config`
    pub file: Option<PathBuf>,
}

#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

#[derive(Clone)]
pub(crate) enum Value {
    Text(String),
    Switch(bool),
    List(Vec<String>),
}

/// A value may be a database's address with its password.
impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Given").field(&self.origin).finish()
    }
}

impl Value {
    /// From the only form that an environment has. None where it does not fit the kind.
    fn from_text(kind: Kind, text: String) -> Option<Self> {
        match (kind, text.as_str()) {
            (Kind::Text, _) => Some(Self::Text(text)),
            (Kind::Switch, "true" | "1") => Some(Self::Switch(true)),
            (Kind::Switch, "false" | "0") => Some(Self::Switch(false)),
            (Kind::Switch, _) => None,
            (Kind::List, words) => {
                let words = words.split(',').map(|word| word.trim().to_owned());
                Some(Self::List(words.collect()))
            }
        }
    }
}

impl Layer {
    /// Adds an option's value, if the option was given.
    #[must_use]
    pub fn text(self, key: Key, value: Option<String>) -> Self {
        self.option(key, value.map(Value::Text))
    }

    /// Adds a switch, if it was given.
    #[must_use]
    pub fn switch(self, key: Key, value: Option<bool>) -> Self {
        self.option(key, value.map(Value::Switch))
    }

    /// Adds the values of an option that may be repeated, if it was given at all.
    #[must_use]
    pub fn list(self, key: Key, values: Vec<String>) -> Self {
        self.option(key, (!values.is_empty()).then_some(Value::List(values)))
    }

    fn option(mut self, key: Key, value: Option<Value>) -> Self {
        if let (Some(name), Some(value)) = (key.option(), value) {
            let origin = Origin::Option(name);
            self.insert(key, Given { value, origin });
        }
        self
    }

    pub(crate) fn of_variables(
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        let mut layer = Self::default();
        for key in Key::ALL.iter().copied() {
            let Some(text) = read_variable(key.variable(), variable)? else {
                continue;
            };
            let origin = Origin::Variable(key.variable());
            let Some(value) = Value::from_text(key.kind(), text) else {
                return Err(ConfigError::Value { key, origin });
            };
            layer.insert(key, Given { value, origin });
        }
        Ok(layer)
    }

    pub(crate) fn insert(&mut self, key: Key, given: Given) {
        self.given.insert(key, given);
    }

    pub(crate) fn remove(&mut self, key: Key) {
        self.given.remove(&key);
    }

    pub(crate) fn insert_issuer(&mut self, issuer: IssuerTable) {
        self.issuers.push(issuer);
    }

    pub(crate) fn issuers(&self) -> &[IssuerTable] {
        &self.issuers
    }

    /// Everything of `lower`, except where this layer says something itself.
    pub(crate) fn over(self, mut lower: Self) -> Self {
        lower.given.extend(self.given);
        lower.issuers.extend(self.issuers);
        lower
    }

    pub(crate) fn find(&self, key: Key) -> Option<&Given> {
        self.given.get(&key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, &Given)> {
        self.given.iter().map(|(key, given)| (*key, given))
    }
}

/// An empty variable counts as not set: that is how composed environments say "nothing".
pub(crate) fn read_variable(
    name: &'static str,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<String>, ConfigError> {
    match variable(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Err(_)) => Err(ConfigError::NotText { variable: name }),
    }
}
