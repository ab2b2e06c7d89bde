//! The one binary: the server, and the commands that call one.
//!
//! Data goes to stdout, talk to stderr, secrets never into the command line. A command is a thin
//! caller of the client library: parse, call once, print. What it means is the server's to say.

mod commands;
mod connection;
mod failure;
mod fields;
mod output;
mod terms;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use mimalloc::MiMalloc;

use crate::commands::{audit, completions, doctor, import, keys, management_keys};
use crate::commands::{organizations, profile, projects, verify};
use crate::connection::Connection;
use crate::failure::{EXIT_CODES, Failure};
use crate::output::Output;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// API keys for a product: made, verified, rotated and revoked
#[derive(Debug, Parser)]
#[command(name = "keyway", version, after_help = EXIT_CODES, arg_required_else_help = true)]
struct Arguments {
    #[command(flatten)]
    connection: Connection,

    /// JSON on stdout instead of tables
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make, find, change and end keys
    #[command(subcommand)]
    Keys(keys::Command),
    Verify(verify::Options),
    Import(import::Options),
    /// Who everything belongs to
    #[command(subcommand)]
    Organizations(organizations::Command),
    /// Parts of an organization
    #[command(subcommand)]
    Projects(projects::Command),
    /// What programs manage keys with
    #[command(subcommand)]
    ManagementKeys(management_keys::Command),
    /// What was done, by whom
    #[command(subcommand)]
    Audit(audit::Command),
    /// One product's words, formats and limits
    #[command(subcommand)]
    Profile(profile::Command),
    /// Find out whether this machine can talk to the server
    Doctor,
    /// Print a script that completes commands in a shell
    Completions {
        shell: Shell,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let text = failure.text();
            if !text.is_empty() {
                output::talk(&text);
            }
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let output = if arguments.json {
        Output::Json
    } else {
        Output::People
    };
    let calls = call(arguments.command, &arguments.connection, output);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(calls)
}

async fn call(command: Command, connection: &Connection, output: Output) -> Result<(), Failure> {
    let client = || connection.client();
    match command {
        Command::Keys(command) => keys::run(command, connection, &client()?, output).await,
        Command::Verify(options) => verify::run(options, connection, output).await,
        Command::Import(options) => import::run(options, connection, &client()?, output).await,
        Command::Organizations(command) => organizations::run(command, &client()?, output).await,
        Command::Projects(command) => projects::run(command, &client()?, output).await,
        Command::ManagementKeys(command) => management_keys::run(command, &client()?, output).await,
        Command::Audit(command) => audit::run(command, &client()?, output).await,
        Command::Profile(command) => profile::run(command, &client()?, output).await,
        Command::Doctor => doctor::run(connection, output).await,
        Command::Completions { shell } => completions::run(shell),
    }
}
