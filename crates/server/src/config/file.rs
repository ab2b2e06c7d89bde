//! Reads a configuration file into a layer. Every value keeps its line; no message holds a value.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::error::ConfigError;
use super::jwt_issuer::{self, Field, IssuerTable};
use super::key::{Key, Kind, Origin};
use super::layer::{Given, Layer, Value};

/// Largest configuration file, in bytes.
pub(crate) const CONFIG_BYTES_MAX: usize = 65_536;

/// All of a file's text. The limit keeps a path such as that of a device from filling the memory.
pub(crate) fn read_text(path: &Path, bytes_max: usize) -> io::Result<String> {
    let mut text = String::new();
    let limit = bytes_max as u64 + 1;
    File::open(path)?.take(limit).read_to_string(&mut text)?;
    if text.len() > bytes_max {
        let words = format!("it is larger than {bytes_max} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
    }
    Ok(text)
}

/// A file of the operator's.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Layer, ConfigError> {
    Reader {
        path: Some(path),
        text,
    }
    .read()
}

/// The shipped sample.
pub(crate) fn parse_defaults(text: &str) -> Result<Layer, ConfigError> {
    Reader { path: None, text }.read()
}

struct Reader<'t> {
    path: Option<&'t Path>,
    text: &'t str,
}

impl Reader<'_> {
    fn read(&self) -> Result<Layer, ConfigError> {
        let table = DeTable::parse(self.text).map_err(|error| {
            // Not its `Display`: that shows the line, which may hold a password.
            let offset = error.span().map_or(0, |span| span.start);
            ConfigError::Syntax {
                origin: self.origin(offset),
                fault: error.message().to_owned(),
            }
        })?;
        let mut layer = Layer::default();
        self.read_table("", table.get_ref(), &mut layer)?;
        Ok(layer)
    }

    /// A table is a prefix of names; only one that begins a known name is gone into.
    fn read_table(
        &self,
        prefix: &str,
        table: &DeTable<'_>,
        layer: &mut Layer,
    ) -> Result<(), ConfigError> {
        for (word, value) in table {
            let name = format!("{prefix}{}", word.get_ref());
            let origin = self.origin(word.span().start);
            let inner_prefix = format!("{name}.");
            let is_prefix = jwt_issuer::TABLE.starts_with(&inner_prefix)
                || Key::ALL
                    .iter()
                    .any(|key| key.name().starts_with(&inner_prefix));
            match (Key::named(&name), value.get_ref()) {
                (None, DeValue::Array(tables)) if name == jwt_issuer::TABLE => {
                    self.read_issuers(tables, &origin, layer)?;
                }
                (None, DeValue::Table(inner)) if is_prefix => {
                    self.read_table(&inner_prefix, inner, layer)?;
                }
                (None, _) => return Err(ConfigError::UnknownKey { name, origin }),
                (Some(key), value) => {
                    let Some(value) = read_value(key.kind(), value) else {
                        return Err(ConfigError::Value { key, origin });
                    };
                    layer.insert(key, Given { value, origin });
                }
            }
        }
        Ok(())
    }

    fn read_issuers(
        &self,
        tables: &DeArray<'_>,
        origin: &Origin,
        layer: &mut Layer,
    ) -> Result<(), ConfigError> {
        for table in tables {
            let DeValue::Table(fields) = table.get_ref() else {
                let name = jwt_issuer::TABLE.to_owned();
                let origin = origin.clone();
                return Err(ConfigError::UnknownKey { name, origin });
            };
            layer.insert_issuer(IssuerTable {
                origin: self.origin(table.span().start),
                fields: self.read_issuer(fields)?,
            });
        }
        Ok(())
    }

    fn read_issuer(&self, table: &DeTable<'_>) -> Result<BTreeMap<Field, Given>, ConfigError> {
        let mut fields = BTreeMap::new();
        for (word, value) in table {
            let origin = self.origin(word.span().start);
            let Some(field) = Field::named(word.get_ref()) else {
                let name = format!("{}.{}", jwt_issuer::TABLE, word.get_ref());
                return Err(ConfigError::UnknownKey { name, origin });
            };
            let Some(value) = read_value(field.kind(), value.get_ref()) else {
                return Err(ConfigError::IssuerField { field, origin });
            };
            fields.insert(field, Given { value, origin });
        }
        Ok(fields)
    }

    fn origin(&self, offset: usize) -> Origin {
        let Some(path) = self.path else {
            return Origin::Defaults;
        };
        let before = self.text.bytes().take(offset);
        Origin::File {
            path: path.to_owned(),
            line: before.filter(|byte| *byte == b'\n').count() + 1,
        }
    }
}

fn read_value(kind: Kind, value: &DeValue<'_>) -> Option<Value> {
    let text = |value: &Spanned<DeValue<'_>>| value.get_ref().as_str().map(str::to_owned);
    match kind {
        Kind::Text => value.as_str().map(|text| Value::Text(text.to_owned())),
        Kind::Switch => value.as_bool().map(Value::Switch),
        Kind::List => value
            .as_array()?
            .iter()
            .map(text)
            .collect::<Option<_>>()
            .map(Value::List),
    }
}
