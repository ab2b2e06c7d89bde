//! Cuts a body that streams into lines, without ever holding more than one too long.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use keyway_api::code::Code;

use crate::answer::problem::Problem;

/// Longest line, in bytes.
pub(super) const LINE_BYTES_MAX: usize = 65_536;
/// Longest silence of the sender.
const SILENCE_MAX: Duration = Duration::from_secs(30);

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Whole(Bytes),
    /// Its rest was thrown away.
    TooLong,
}

#[derive(Debug)]
pub(super) struct Lines {
    body: Body,
    buffered: BytesMut,
    is_skipping: bool,
    is_ended: bool,
    number: u64,
}

impl Lines {
    pub(super) fn of(body: Body) -> Self {
        Self {
            body,
            buffered: BytesMut::new(),
            is_skipping: false,
            is_ended: false,
            number: 0,
        }
    }

    /// The next line that is not blank, with its number counted from 1.
    pub(super) async fn next(&mut self) -> Result<Option<(u64, Line)>, Problem> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffered) {
                let line = self.buffered.split_to(end + 1).freeze();
                self.number += 1;
                if std::mem::take(&mut self.is_skipping) {
                    return Ok(Some((self.number, Line::TooLong)));
                }
                if let Some(line) = Self::cut(line.slice(..end)) {
                    return Ok(Some((self.number, line)));
                }
                continue;
            }
            if self.is_ended {
                return Ok(self.last());
            }
            if self.buffered.len() > LINE_BYTES_MAX {
                self.is_skipping = true;
            }
            if self.is_skipping {
                self.buffered.clear();
            }
            self.read().await?;
        }
    }

    fn cut(line: Bytes) -> Option<Line> {
        if line.trim_ascii().is_empty() {
            return None;
        }
        Some(if line.len() > LINE_BYTES_MAX {
            Line::TooLong
        } else {
            Line::Whole(line)
        })
    }

    /// What stands behind the last line's end.
    fn last(&mut self) -> Option<(u64, Line)> {
        self.number += 1;
        if std::mem::take(&mut self.is_skipping) {
            return Some((self.number, Line::TooLong));
        }
        let rest = self.buffered.split().freeze();
        Self::cut(rest).map(|line| (self.number, line))
    }

    async fn read(&mut self) -> Result<(), Problem> {
        let frame = tokio::time::timeout(SILENCE_MAX, self.body.frame()).await;
        match frame {
            Err(_) => Err(Problem::new(Code::RequestTimeout)),
            Ok(None) => {
                self.is_ended = true;
                Ok(())
            }
            Ok(Some(Err(_))) => Err(Problem::new(Code::IncompleteBody)),
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    self.buffered.extend_from_slice(&data);
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(text: String) -> Vec<(u64, Line)> {
        let mut lines = Lines::of(Body::from(text));
        let mut read = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            read.push(line);
        }
        read
    }

    #[tokio::test]
    async fn blank_lines_count_and_say_nothing_and_a_last_line_needs_no_end() {
        let whole = |text: &'static str| Line::Whole(Bytes::from_static(text.as_bytes()));
        let read = lines("a\n\n  \nb".to_owned()).await;
        assert_eq!(read, [(1, whole("a")), (4, whole("b"))]);
        assert_eq!(lines(String::new()).await, []);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_skipped_and_the_next_is_read() {
        let long = "x".repeat(LINE_BYTES_MAX + 1);
        let read = lines(format!("{long}\nb\n{long}")).await;
        let numbers: Vec<u64> = read.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 2, 3]);
        assert_eq!(read[0].1, Line::TooLong);
        assert_eq!(read[1].1, Line::Whole(Bytes::from_static(b"b")));
        assert_eq!(read[2].1, Line::TooLong);
    }
}
