//! `keyway signing-keys …`

use clap::Subcommand;
use keyway_api::list::List;
use keyway_api::signing_key::{CreateSigningKey, SigningKey};
use keyway_client::client::Client;

use crate::failure::Failure;
use crate::output::{Output, moment, perhaps, sheet, table};
use crate::terms::{ChangeOptions, CreateOptions};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a signing key, which takes over when everybody has had the time to fetch it
    Create {
        /// Sign from now on: when the present key must go, and be revoked after this
        #[arg(long)]
        at_once: bool,
        #[command(flatten)]
        options: CreateOptions,
    },
    /// List signing keys, in the order in which they begin
    List,
    /// End a signing key at once, and all tokens that it signed
    Revoke {
        /// The signing key's id
        id: String,
        #[command(flatten)]
        options: ChangeOptions,
    },
}

pub(crate) async fn run(command: Command, client: &Client, output: Output) -> Result<(), Failure> {
    match command {
        Command::Create { at_once, options } => {
            let key = CreateSigningKey {
                signs_at_once: at_once,
            };
            let made = client.create_signing_key(&key, &options.terms()).await?;
            output.print(&made, |made| in_words(&made.object))
        }
        Command::List => output.print(&client.list_signing_keys().await?, list_in_words),
        Command::Revoke { id, options } => {
            let done = client.revoke_signing_key(&id, &options.terms()).await?;
            output.print(&done, |done| in_words(&done.object))
        }
    }
}

fn in_words(key: &SigningKey) -> String {
    sheet([
        ("id", key.id.clone()),
        ("algorithm", key.algorithm.clone()),
        ("status", key.status.as_str().to_owned()),
        ("signs from", moment(key.signs_from)),
        ("created at", moment(key.created_at)),
        ("created by", key.created_by.clone()),
        ("revoked at", perhaps(key.revoked_at)),
        ("revoked by", key.revoked_by.clone().unwrap_or_default()),
    ])
}

fn list_in_words(list: &List<SigningKey>) -> String {
    table(
        ["ID", "ALGORITHM", "STATUS", "SIGNS FROM", "CREATED"],
        list.data.iter().map(|it| {
            [
                it.id.clone(),
                it.algorithm.clone(),
                it.status.as_str().to_owned(),
                moment(it.signs_from),
                moment(it.created_at),
            ]
        }),
    )
}
