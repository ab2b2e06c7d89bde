//! `keyway import FILE`

use std::iter::once;
use std::path::PathBuf;

use bytes::Bytes;
use clap::Args;
use futures_util::Stream;
use indicatif::{ProgressBar, ProgressStyle};
use keyway_api::import::{ImportRefusal, ImportResult, ImportTotals};
use keyway_client::client::Client;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _, stdin};

use crate::connection::Connection;
use crate::failure::{Exit, Failure, fields_in_words};
use crate::output::Output;

/// How much of the file is read and sent at once.
const CHUNK_BYTES: usize = 64 * 1_024;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The file; - is stdin
    file: PathBuf,
}

pub(crate) async fn run(
    options: Options,
    connection: &Connection,
    output: Output,
) -> Result<(), Failure> {
    let client = connection.client()?;
    let (source, bytes): (Box<dyn AsyncRead + Send + Unpin>, Option<u64>) =
        if options.file.as_os_str() == "-" {
            connection.stdin_is_free()?;
            (Box::new(stdin()), None)
        } else {
            let unreadable = |cause: std::io::Error| {
                Failure::new(Exit::Failed, format!("{}: {cause}", options.file.display()))
            };
            let file = File::open(&options.file).await.map_err(unreadable)?;
            let bytes = file.metadata().await.map_err(unreadable)?.len();
            (Box::new(file), Some(bytes))
        };
    let bar = progress(bytes);
    let totals = send(&client, source, &bar, output).await;
    bar.finish_and_clear();
    let totals = totals?;
    output.print_line(&totals, |totals| {
        format!("{} imported, {} refused", totals.imported, totals.refused)
    })?;
    if totals.refused == 0 {
        Ok(())
    } else {
        Err(Failure::silent())
    }
}

/// The bar is drawn on stderr, and only where that is a terminal.
fn progress(bytes: Option<u64>) -> ProgressBar {
    let bar = bytes.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let shape = if bytes.is_some() {
        "{bar:40} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}"
    } else {
        "{spinner} {bytes} {binary_bytes_per_sec}"
    };
    match ProgressStyle::with_template(shape) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

async fn send(
    client: &Client,
    source: Box<dyn AsyncRead + Send + Unpin>,
    bar: &ProgressBar,
    output: Output,
) -> Result<ImportTotals, Failure> {
    let mut answer = client.import_keys(chunks(source, bar.clone())).await?;
    loop {
        match answer.next().await? {
            Some(ImportResult::Refused(refusal)) => {
                bar.suspend(|| output.print_line(&refusal, in_words))?;
            }
            Some(ImportResult::Totals(totals)) => return Ok(totals),
            None => {
                return Err(
                    Failure::new(Exit::Unavailable, "the answer ended before the totals")
                        .hint("import the file again; keys that are there already are reported"),
                );
            }
        }
    }
}

fn chunks(
    source: Box<dyn AsyncRead + Send + Unpin>,
    bar: ProgressBar,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
    futures_util::stream::try_unfold((source, bar), async |(mut source, bar)| {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let length = source.read_buf(&mut chunk).await?;
        if length == 0 {
            return Ok(None);
        }
        bar.inc(length as u64);
        Ok(Some((Bytes::from(chunk), (source, bar))))
    })
}

fn in_words(refusal: &ImportRefusal) -> String {
    let first = format!(
        "line {}: {}: {}",
        refusal.line, refusal.code, refusal.detail
    );
    let lines: Vec<String> = once(first)
        .chain(fields_in_words(&refusal.errors))
        .collect();
    lines.join("\n")
}
