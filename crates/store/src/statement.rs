//! Statements over many rows, and rows read back.

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row as _};

use crate::error::StoreError;

pub(crate) type Statement<'q> = Query<'q, Any, AnyArguments>;

/// A statement whose text was put together here from fixed parts; values are always bound.
pub(crate) fn statement(sql: &str) -> Statement<'_> {
    sqlx::query(AssertSqlSafe(sql))
}

/// `INSERT INTO table (columns) VALUES ($1, …), …` for `rows` rows.
pub(crate) fn insert_rows(table: &str, columns: &[&str], rows: usize) -> String {
    let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
    let mut number = 0;
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns.len() {
            number += 1;
            if column > 0 {
                sql.push(',');
            }
            push_parameter(&mut sql, number);
        }
        sql.push(')');
    }
    sql
}

/// The same, and a row that exists takes the place of the version before it and of no other.
pub(crate) fn save_rows(table: &str, columns: &[&str], rows: usize) -> String {
    save_rows_of(&["id"], table, columns, rows)
}

/// The same for a table whose rows are told apart by other columns.
pub(crate) fn save_rows_of(key: &[&str], table: &str, columns: &[&str], rows: usize) -> String {
    let mut sql = insert_rows(table, columns, rows);
    push(
        &mut sql,
        format_args!(" ON CONFLICT ({}) DO UPDATE SET ", key.join(", ")),
    );
    let others = columns.iter().filter(|column| !key.contains(column));
    for (position, column) in others.enumerate() {
        if position > 0 {
            sql.push_str(", ");
        }
        sql.push_str(column);
        sql.push_str(" = excluded.");
        sql.push_str(column);
    }
    sql.push_str(" WHERE ");
    sql.push_str(table);
    sql.push_str(".version = excluded.version - 1");
    sql
}

/// Places for a list of at least `count` values, from `$first` on. The length is rounded up to a
/// power of two, so that few different statements have to be prepared; see [`padded`].
pub(crate) fn places(first: usize, count: usize) -> String {
    let mut sql = String::new();
    for number in first..first + count.next_power_of_two() {
        if number > first {
            sql.push(',');
        }
        push_parameter(&mut sql, number);
    }
    sql
}

/// The values for [`places`]: the last one again and again.
pub(crate) fn padded<T>(values: &[T]) -> impl Iterator<Item = &T> {
    let padding = values.len().next_power_of_two() - values.len();
    values
        .iter()
        .chain(values.last().into_iter().cycle().take(padding))
}

fn push_parameter(sql: &mut String, number: usize) {
    push(sql, format_args!("${number}"));
}

/// Adds formatted text.
pub(crate) fn push(sql: &mut String, text: std::fmt::Arguments<'_>) {
    use std::fmt::Write as _;
    // Writing to a String cannot fail.
    let _written = sql.write_fmt(text);
}

/// A row, read by position; what is wrong with it is told by table and column.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'r> {
    pub(crate) row: &'r AnyRow,
    pub(crate) table: &'static str,
    pub(crate) columns: &'static [&'static str],
}

impl<'r> Fields<'r> {
    fn read<T>(&self, column: usize) -> Result<T, StoreError>
    where
        T: sqlx::Decode<'r, Any> + sqlx::Type<Any>,
    {
        self.row
            .try_get(column)
            .map_err(|cause| self.impossible(column, &cause))
    }

    pub(crate) fn impossible(&self, column: usize, fault: &dyn std::fmt::Display) -> StoreError {
        StoreError::ImpossibleRow {
            table: self.table,
            column: self.columns.get(column).copied().unwrap_or("?"),
            fault: fault.to_string(),
        }
    }

    pub(crate) fn text(&self, column: usize) -> Result<&'r str, StoreError> {
        self.read(column)
    }

    pub(crate) fn text_or_null(&self, column: usize) -> Result<Option<&'r str>, StoreError> {
        self.read(column)
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.read(column)
    }

    pub(crate) fn int_or_null(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.read(column)
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<&'r [u8], StoreError> {
        self.read(column)
    }

    pub(crate) fn hash(&self, column: usize) -> Result<[u8; 32], StoreError> {
        self.bytes(column)?
            .try_into()
            .map_err(|_| self.impossible(column, &"not 32 bytes"))
    }

    /// A text that a domain type accepts.
    pub(crate) fn parse<T>(&self, column: usize) -> Result<T, StoreError>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        self.text(column)?
            .parse()
            .map_err(|cause| self.impossible(column, &cause))
    }

    pub(crate) fn parse_or_null<T>(&self, column: usize) -> Result<Option<T>, StoreError>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        match self.text_or_null(column)? {
            None => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|cause| self.impossible(column, &cause)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_save_takes_the_place_of_the_version_before_it() {
        assert_eq!(
            save_rows("keys", &["id", "name", "version"], 2),
            "INSERT INTO keys (id, name, version) VALUES ($1,$2,$3), ($4,$5,$6) ON CONFLICT (id) \
             DO UPDATE SET name = excluded.name, version = excluded.version WHERE keys.version = \
             excluded.version - 1"
        );
    }

    #[test]
    fn lists_are_padded_to_a_power_of_two() {
        assert_eq!(places(2, 3), "$2,$3,$4,$5");
        assert_eq!(
            padded(&[1, 2, 3]).copied().collect::<Vec<_>>(),
            [1, 2, 3, 3]
        );
        assert_eq!(padded::<u8>(&[]).count(), 0);
    }
}
