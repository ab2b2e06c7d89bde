//! Rows, from the process that measured them to the table that people read.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// One number, what it should be, and how it was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    what: String,
    measured: String,
    aim: String,
    method: String,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, measured: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            measured: measured.into(),
            aim: String::new(),
            method: String::new(),
        }
    }

    #[must_use]
    pub(crate) fn aim(self, aim: &str) -> Self {
        Self {
            aim: aim.to_owned(),
            ..self
        }
    }

    #[must_use]
    pub(crate) fn by(self, method: &str) -> Self {
        Self {
            method: method.to_owned(),
            ..self
        }
    }

    fn cells(&self) -> [&str; 4] {
        [&self.what, &self.measured, &self.aim, &self.method]
    }
}

/// The rows that this program prints when it is called with `words`.
pub(crate) fn rows_of(words: &[String]) -> Result<Vec<Row>> {
    let output = Command::new(std::env::current_exe()?)
        .args(words)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "{} failed", words.join(" "));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// To the process that asked for them.
pub(crate) fn hand_over(rows: &[Row]) -> Result<()> {
    let text = serde_json::to_vec(rows)?;
    Ok(std::io::stdout().write_all(&text)?)
}

/// A table that can be read as it is, and pasted into a page.
pub(crate) fn print(rows: &[Row]) -> Result<()> {
    let mut lines = vec![["what", "measured", "aim", "how"]];
    lines.extend(rows.iter().map(Row::cells));
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|cells| cells.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let (what, measured, aim) = (width(0), width(1), width(2));
    let mut out = std::io::stdout().lock();
    for (place, [first, second, third, how]) in lines.iter().enumerate() {
        writeln!(
            out,
            "| {first:<what$} | {second:>measured$} | {third:<aim$} | {how} |"
        )?;
        if place == 0 {
            let dashes = |count| "-".repeat(count);
            let (first, second) = (dashes(what), dashes(measured - 1));
            writeln!(out, "| {first} | {second}: | {} | --- |", dashes(aim))?;
        }
    }
    Ok(())
}

/// Talk goes to stderr, so that the table can be kept.
pub(crate) fn complain(text: &str) {
    // Nowhere is left to say it if even this fails.
    let _written = writeln!(std::io::stderr(), "bench: {text}");
}
