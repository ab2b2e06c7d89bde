//! Data on stdout, talk on stderr: JSON for programs, tables for people.

use std::io::{self, Write as _};

use comfy_table::{Table, presets};
use jiff::Timestamp;
use keyway_token::secret::Secret;
use serde::Serialize;

use crate::failure::Failure;

/// How to print.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Output {
    People,
    Json,
}

impl Output {
    /// A value as JSON, or in words.
    pub(crate) fn print<T: Serialize>(
        self,
        value: &T,
        words: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        match self {
            Self::People => data(&words(value)),
            Self::Json => data(&to_json(value)?),
        }
    }

    /// A value as one line of JSON, or in words; for what comes as a stream.
    pub(crate) fn print_line<T: Serialize>(
        self,
        value: &T,
        words: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        match self {
            Self::People => data(&words(value)),
            Self::Json => {
                let line = serde_json::to_string(value).map_err(io::Error::from)?;
                data(&line)
            }
        }
    }

    /// A sentence for people about what was done; programs have the data.
    pub(crate) fn say(self, words: &str) {
        if matches!(self, Self::People) {
            talk(words);
        }
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(value).map_err(io::Error::from)?)
}

/// What was made together with its secret: for programs all of it, for people the secret alone, so
/// that `$(keyway keys create …)` is the secret.
pub(crate) fn print_issued<T: Serialize>(
    output: Output,
    issued: &T,
    secret: &Secret,
) -> Result<(), Failure> {
    output.say("\nThe secret is shown this once:");
    output.print(issued, |_| secret.expose().to_owned())
}

/// Writes to stdout. A reader that left, such as `head`, is no failure of ours.
pub(crate) fn data(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let mut written = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        written = written.and_then(|()| out.write_all(b"\n"));
    }
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Writes to stderr; when even that fails there is nobody left to tell.
pub(crate) fn talk(text: &str) {
    let _unheard = writeln!(io::stderr().lock(), "{}", text.trim_end());
}

/// Rows under a header, without lines around them.
pub(crate) fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    for row in rows {
        table.add_row(row);
    }
    trimmed(&table)
}

/// One thing, a line per field; empty fields are left out.
pub(crate) fn sheet<const N: usize>(fields: [(&str, String); N]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (name, value) in fields {
        if !value.is_empty() {
            table.add_row([name.to_owned(), value]);
        }
    }
    trimmed(&table)
}

fn trimmed(table: &Table) -> String {
    let lines: Vec<String> = table
        .lines()
        .map(|line| {
            line.strip_prefix(' ')
                .unwrap_or(&line)
                .trim_end()
                .to_owned()
        })
        .collect();
    lines.join("\n")
}

/// How to see the rest of a list.
pub(crate) fn more(next_cursor: Option<&str>) -> String {
    next_cursor.map_or_else(String::new, |cursor| format!("\n(more: --cursor {cursor})"))
}

/// A moment without fractions of a second.
pub(crate) fn moment(at: Timestamp) -> String {
    format!("{at:.0}")
}

/// A moment that may be absent.
pub(crate) fn perhaps(at: Option<Timestamp>) -> String {
    at.map(moment).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_readable_and_has_no_trailing_space() {
        let text = table(["ID", "NAME"], [["k1".to_owned(), "é 1".to_owned()]]);
        assert_eq!(text, "ID  NAME\nk1  é 1");
    }

    #[test]
    fn a_sheet_leaves_empty_fields_out() {
        let text = sheet([("name", "a".to_owned()), ("owner", String::new())]);
        assert_eq!(text, "name  a");
    }

    #[test]
    fn a_moment_has_whole_seconds() {
        let at: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
        assert_eq!(moment(at), "2026-01-02T03:04:05Z");
    }
}
