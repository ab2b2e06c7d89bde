//! The one binary: the server, and the commands that call one.
//!
//! Data goes to stdout, talk to stderr, secrets never into the command line. A command that calls a
//! server is a thin caller of the client library: parse, call once, print. What it means is the
//! server's to say. `serve` and `dev` hand what they were told to the server library and wait.

mod commands;
mod connection;
mod environment;
mod failure;
mod fields;
mod help;
mod output;
mod terms;

use std::process::ExitCode;

use clap::{Args, CommandFactory as _, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use mimalloc::MiMalloc;

use crate::commands::verify;
use crate::commands::{audit, completions, config, dev, doctor, import, keys, management_keys};
use crate::commands::{members, organizations, profile, projects, resources, serve, signing_keys};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::output::Output;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// API keys for a product: made, verified, rotated and revoked
#[derive(Debug, Parser)]
#[command(
    name = "keyway",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
struct Arguments {
    /// JSON on stdout instead of tables
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try Keyway on this machine: a server with a demo organization and keys to play with
    #[command(after_help = dev::NOTES)]
    Dev(dev::Options),
    /// Run a server
    #[command(after_help = serve::NOTES)]
    Serve(Box<serve::Options>),
    /// See and check what a server would read at its start
    #[command(subcommand)]
    Config(config::Command),
    /// Make, find, change and end keys
    Keys(Group<keys::Command>),
    /// Ask whether a key is let through; the key comes from stdin or the variable `KEYWAY_SECRET`
    Verify(Call<verify::Options>),
    /// Bring in keys that exist elsewhere, by their digests: one JSON object per line
    Import(Call<import::Options>),
    /// Who everything belongs to
    Organizations(Group<organizations::Command>),
    /// Parts of an organization
    Projects(Group<projects::Command>),
    /// What a product lets keys reach, by path and name
    Resources(Group<resources::Command>),
    /// People in an organization
    Members(Group<members::Command>),
    /// Make a link by which a member signs in to the pages, once, and print it
    SignInLink(Call<members::SignInLink>),
    /// What programs manage keys with
    ManagementKeys(Group<management_keys::Command>),
    /// What tokens are signed with
    SigningKeys(Group<signing_keys::Command>),
    /// What was done, by whom
    Audit(Group<audit::Command>),
    /// One product's words, formats and limits
    #[command(subcommand)]
    Profile(profile::Command),
    /// Find out whether this machine can talk to the server
    Doctor {
        #[command(flatten)]
        connection: Connection,
    },
    /// Print a script that completes commands in a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// A command that calls a server.
#[derive(Args, Debug)]
struct Call<T: Args> {
    #[command(flatten)]
    options: T,
    #[command(flatten)]
    connection: Connection,
}

/// Commands that all call a server.
#[derive(Args, Debug)]
struct Group<T: Subcommand> {
    #[command(subcommand)]
    command: T,
    #[command(flatten)]
    connection: Connection,
}

/// The command line as it is parsed and shown.
fn command_line() -> clap::Command {
    help::arrange(Arguments::command())
}

fn main() -> ExitCode {
    let matches = command_line().get_matches();
    let outcome = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => run(arguments),
        Err(error) => error.exit(),
    };
    match outcome {
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
    match arguments.command {
        Command::Dev(options) => dev::run(options),
        Command::Serve(options) => serve::run(*options),
        Command::Config(command) => config::run(command, output),
        Command::Keys(it) => wait(keys::run(it.command, &it.connection, output)),
        Command::Verify(it) => wait(verify::run(it.options, &it.connection, output)),
        Command::Import(it) => wait(import::run(it.options, &it.connection, output)),
        Command::Organizations(it) => wait(organizations::run(
            it.command,
            &it.connection.client()?,
            output,
        )),
        Command::Projects(it) => wait(projects::run(it.command, &it.connection.client()?, output)),
        Command::Resources(it) => {
            wait(resources::run(it.command, &it.connection.client()?, output))
        }
        Command::Members(it) => wait(members::run(it.command, &it.connection.client()?, output)),
        Command::SignInLink(it) => wait(members::sign_in_link(
            it.options,
            &it.connection.client()?,
            output,
        )),
        Command::ManagementKeys(it) => wait(management_keys::run(
            it.command,
            &it.connection.client()?,
            output,
        )),
        Command::SigningKeys(it) => wait(signing_keys::run(
            it.command,
            &it.connection.client()?,
            output,
        )),
        Command::Audit(it) => wait(audit::run(it.command, &it.connection.client()?, output)),
        Command::Profile(command) => wait(profile::run(command, output)),
        Command::Doctor { connection } => wait(doctor::run(&connection, output)),
        Command::Completions { shell } => completions::run(shell),
    }
}

/// Runs a command that calls a server.
fn wait(calls: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(calls)
}
