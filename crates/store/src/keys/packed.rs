//! A key's row as one text, which is how rows are read.
//!
//! Each value that the driver hands over costs about half a microsecond, whatever it holds. At two
//! dozen values that is most of the time of a first load, so the database joins them and this file
//! takes them apart: the values in the order of the columns, with a character between them that no
//! value can hold, and another one where there is none. Only the digest, which is no text, comes by
//! itself. The columns in the table stay what they are.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::LazyLock;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{COLUMNS, TABLE};
use crate::error::StoreError;

/// Columns that only searching reads stand last and are not read back.
const READ: usize = COLUMNS.len() - 1;
/// Between two values. Names, labels, JSON and the rest hold no control characters.
const BETWEEN: char = '\u{1f}';
/// In the place of a value that is not there.
const NULL: &str = "\u{1e}";
/// The columns that hold numbers.
const NUMBERS: &[&str] = &["state_at", "expires_at", "created_at", "version"];
/// The columns that hold what somebody else wrote and nobody has parsed.
const UNPARSED: &[&str] = &["display_prefix", "suffix"];

/// What a `SELECT` names to read keys.
pub(crate) fn selected() -> &'static str {
    static SELECTED: LazyLock<String> = LazyLock::new(|| {
        let texts = COLUMNS.iter().take(READ).filter(|it| **it != "digest");
        let texts: Vec<String> = texts.map(|column| as_text(column)).collect();
        format!("digest, {}", texts.join(&format!(" || '{BETWEEN}' || ")))
    });
    &SELECTED
}

fn as_text(column: &str) -> String {
    let text = if NUMBERS.contains(&column) {
        format!("CAST({column} AS TEXT)")
    } else if UNPARSED.contains(&column) {
        format!("REPLACE({column}, '{BETWEEN}', ' ')")
    } else {
        column.to_owned()
    };
    format!("COALESCE({text}, '{NULL}')")
}

/// The values of one row.
pub(super) struct Packed<'r> {
    pub(super) digest: [u8; 32],
    /// In the order of the columns; nothing in the place of the digest.
    values: [&'r str; READ],
}

pub(super) fn impossible(column: usize, fault: &dyn Display) -> StoreError {
    StoreError::ImpossibleRow {
        table: TABLE,
        column: COLUMNS.get(column).copied().unwrap_or("?"),
        fault: fault.to_string(),
    }
}

impl<'r> Packed<'r> {
    pub(super) fn of(row: &'r AnyRow) -> Result<Self, StoreError> {
        let digest: &[u8] = row.try_get(0)?;
        let text: &str = row.try_get(1)?;
        let mut pieces = text.split(BETWEEN);
        let mut values = [""; READ];
        for (column, value) in values.iter_mut().enumerate() {
            if COLUMNS.get(column) != Some(&"digest") {
                let piece = pieces.next();
                *value = piece.ok_or_else(|| impossible(column, &"the row is cut short"))?;
            }
        }
        if pieces.next().is_some() {
            return Err(impossible(READ - 1, &"more values than columns"));
        }
        let digest = digest.try_into();
        Ok(Self {
            digest: digest.map_err(|_| impossible(9, &"not 32 bytes"))?,
            values,
        })
    }

    pub(super) fn text_or_null(&self, column: usize) -> Option<&'r str> {
        let value = self.values.get(column).copied()?;
        (value != NULL).then_some(value)
    }

    pub(super) fn text(&self, column: usize) -> Result<&'r str, StoreError> {
        let value = self.text_or_null(column);
        value.ok_or_else(|| impossible(column, &"it is null"))
    }

    /// A text that a domain type accepts.
    pub(super) fn parse<T: FromStr<Err: Display>>(&self, column: usize) -> Result<T, StoreError> {
        let parsed = self.text(column)?.parse();
        parsed.map_err(|cause| impossible(column, &cause))
    }

    pub(super) fn parse_or_null<T: FromStr<Err: Display>>(
        &self,
        column: usize,
    ) -> Result<Option<T>, StoreError> {
        let parsed = self.text_or_null(column).map(str::parse).transpose();
        parsed.map_err(|cause| impossible(column, &cause))
    }
}
