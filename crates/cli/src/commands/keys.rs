//! `keyway keys …`

pub(crate) mod create;
pub(crate) mod edit;
pub(crate) mod list;
pub(crate) mod revoke_batch;
pub(crate) mod words;

use clap::Subcommand;
use keyway_api::key::{IssuedKey, RevokeKey, RotateKey};
use keyway_api::usage::UsageQuery;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::fields::parse_moment;
use crate::output::{self, Output, moment};
use crate::terms::{ChangeOptions, CreateOptions, EditOptions};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a key and print its secret, this once
    Create(Box<create::Options>),
    /// List keys, newest first
    List(Box<list::Options>),
    /// Show one key
    Show {
        /// The key's id
        id: String,
    },
    /// Show when a key was used and refused
    Usage {
        /// The key's id
        id: String,
        /// From the hour of this moment on; the last 24 hours if absent
        #[arg(long, value_name = "TIME", value_parser = parse_moment)]
        from: Option<jiff::Timestamp>,
    },
    /// Change a key
    Edit(Box<edit::Options>),
    /// Switch a key off until it is activated
    Deactivate {
        /// The key's id
        id: String,
        #[command(flatten)]
        options: EditOptions,
    },
    /// Switch a key on again
    Activate {
        /// The key's id
        id: String,
        #[command(flatten)]
        options: EditOptions,
    },
    /// End a key for good
    Revoke {
        /// The key's id
        id: String,
        /// Why, for people
        #[arg(long)]
        reason: Option<String>,
        /// Why, in one word, such as leaked
        #[arg(long)]
        reason_code: Option<String>,
        #[command(flatten)]
        options: ChangeOptions,
    },
    /// End many keys for good: by owner and the like, or leaked ones from stdin
    RevokeBatch(Box<revoke_batch::Options>),
    /// Replace a key by a successor and print its secret, this once
    Rotate {
        /// The key's id
        id: String,
        /// How long the key still works beside its successor
        #[arg(long, value_name = "SPAN", default_value = "0s")]
        grace: String,
        #[command(flatten)]
        options: CreateOptions,
    },
    /// Take a key out of the lists; the audit log still knows it
    Delete {
        /// The key's id
        id: String,
        #[command(flatten)]
        options: EditOptions,
    },
}

pub(crate) async fn run(
    command: Command,
    connection: &Connection,
    output: Output,
) -> Result<(), Failure> {
    let client = &connection.client()?;
    match command {
        Command::Create(options) => create::run(*options, client, output).await,
        Command::List(options) => list::run(*options, client, output).await,
        Command::Show { id } => output.print(&client.load_key(&id).await?, words::key),
        Command::Usage { id, from } => {
            let usage = client.load_usage(&id, &UsageQuery { from }).await?;
            output.print(&usage, words::usage)
        }
        Command::Edit(options) => edit::run(*options, client, output).await,
        Command::Deactivate { id, options } => {
            let done = client.deactivate_key(&id, &options.terms()).await?;
            output.print(&done, words::changed)
        }
        Command::Activate { id, options } => {
            let done = client.activate_key(&id, &options.terms()).await?;
            output.print(&done, words::changed)
        }
        Command::Revoke {
            id,
            reason,
            reason_code,
            options,
        } => {
            let revoke = RevokeKey {
                reason,
                reason_code,
            };
            let done = client.revoke_key(&id, &revoke, &options.terms()).await?;
            let since = moment(done.effective_everywhere_at);
            output.say(&format!("Revoked: refused everywhere since {since}."));
            output.print(&done, words::changed)
        }
        Command::RevokeBatch(options) => {
            revoke_batch::run(*options, connection, client, output).await
        }
        Command::Rotate { id, grace, options } => {
            let rotate = RotateKey { grace: Some(grace) };
            let issued = client.rotate_key(&id, &rotate, &options.terms()).await?;
            print_issued(&issued, output)
        }
        Command::Delete { id, options } => {
            let done = client.delete_key(&id, &options.terms()).await?;
            let since = moment(done.effective_everywhere_at);
            output.print(&done, |_| {
                format!("deleted {id}; refused everywhere since {since}")
            })
        }
    }
}

fn print_issued(issued: &IssuedKey, output: Output) -> Result<(), Failure> {
    output.say(&words::key(&issued.key));
    output::print_issued(output, issued, &issued.secret)
}
