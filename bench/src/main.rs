//! What Keyway costs: a table of numbers, each with the way it was measured. No number is asserted;
//! people read them, and compare only what one run printed.
//!
//! Every job runs in a process of its own, so that no row inherits another's memory, and a yardstick
//! is measured beside what it is for.

mod database;
mod empty;
mod filling;
mod in_process;
mod sample;
mod scale;
mod server;
mod serving;
mod stopwatch;
mod table;
mod waits;
mod wrk;

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};
use mimalloc::MiMalloc;

use crate::scale::Scale;
use crate::server::Place;
use crate::table::Row;

/// The product's own allocator: memory is counted as the product would use it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Prints what Keyway costs, and how that was measured.
#[derive(Debug, Parser)]
struct Arguments {
    /// Few keys and short runs: whether the bench works, not what Keyway costs.
    #[arg(long)]
    quick: bool,

    /// Only these parts; all of them otherwise.
    #[arg(value_enum)]
    parts: Vec<Part>,

    /// Runs one job in this process and prints its rows as JSON.
    #[arg(long, hide = true, value_enum)]
    job: Option<Job>,

    /// Of the job.
    #[arg(long, hide = true, default_value_t = 0)]
    keys: u64,

    /// Runs a server that does nothing.
    #[arg(long, hide = true, value_enum, requires = "listen")]
    empty: Option<empty::Kind>,

    #[arg(long, hide = true)]
    listen: Option<SocketAddr>,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The index alone.
    InProcess,
    /// The server on its embedded database.
    Embedded,
    /// The server on `PostgreSQL`.
    Postgres,
}

/// What runs in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Job {
    InProcess,
    WeightApart,
    Waits,
    Embedded,
    Postgres,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            table::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let scale = if arguments.quick {
        Scale::Quick
    } else {
        Scale::Full
    };
    if let Some(kind) = arguments.empty {
        let address = arguments.listen.context("where to listen is not said")?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        return runtime.block_on(empty::serve(kind, address));
    }
    if let Some(job) = arguments.job {
        return table::hand_over(&rows(job, arguments.keys, scale)?);
    }
    let mut all = Vec::new();
    for (job, keys) in jobs(&arguments.parts, scale) {
        let name = job.to_possible_value().context("a job without a name")?;
        table::complain(&format!("{} …", name.get_name()));
        let mut words = vec!["--job".to_owned(), name.get_name().to_owned()];
        words.extend(["--keys".to_owned(), keys.to_string()]);
        if scale == Scale::Quick {
            words.push("--quick".to_owned());
        }
        all.extend(table::rows_of(&words)?);
    }
    table::print(&all)
}

/// The jobs of the parts, each with how many keys it is about.
fn jobs(parts: &[Part], scale: Scale) -> Vec<(Job, u64)> {
    let mut jobs = Vec::new();
    let is_wanted = |part| parts.is_empty() || parts.contains(&part);
    if is_wanted(Part::InProcess) {
        let sizes = scale.indexed_keys();
        jobs.extend(sizes.iter().map(|keys| (Job::InProcess, *keys)));
        jobs.extend(sizes.last().map(|keys| (Job::WeightApart, *keys)));
        jobs.push((Job::Waits, 0));
    }
    if is_wanted(Part::Embedded) {
        jobs.push((Job::Embedded, 0));
    }
    if is_wanted(Part::Postgres) {
        jobs.push((Job::Postgres, 0));
    }
    jobs
}

fn rows(job: Job, keys: u64, scale: Scale) -> Result<Vec<Row>> {
    // One thread: the kernel ends the programs that a thread started when that thread ends.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match job {
        Job::InProcess => in_process::rows(keys, scale),
        Job::WeightApart => in_process::weight_apart(keys),
        Job::Waits => waits::rows(scale),
        Job::Embedded => runtime.block_on(async {
            let place = Place::embedded()?;
            let (mut rows, filled) = database::rows(&place, "SQLite", scale).await?;
            rows.extend(serving::rows(&place, &filled, scale).await?);
            Ok(rows)
        }),
        Job::Postgres => runtime.block_on(async {
            let place = Place::postgres().await;
            Ok(database::rows(&place, "PostgreSQL", scale).await?.0)
        }),
    }
}
