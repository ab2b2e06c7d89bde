//! `keyway profile …`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use keyway_api::profile::{ApplyProfile, Profile};
use keyway_client::client::Client;

use crate::failure::{Exit, Failure};
use crate::output::{Output, sheet};
use crate::terms::EditOptions;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the profile in force; with --json its whole file too
    Show,
    /// Put a profile in force: a change like any other, which may narrow keys
    Apply(Apply),
}

#[derive(Args, Debug)]
pub(crate) struct Apply {
    /// The profile's file
    file: PathBuf,
    #[command(flatten)]
    options: EditOptions,
}

pub(crate) async fn run(command: Command, client: &Client, output: Output) -> Result<(), Failure> {
    match command {
        Command::Show => output.print(&client.load_profile().await?, in_words),
        Command::Apply(Apply { file, options }) => {
            let toml = read(&file)?;
            let applied = client
                .apply_profile(&ApplyProfile { toml }, &options.terms())
                .await?;
            output.print(&applied, |applied| in_words(&applied.object))
        }
    }
}

fn read(file: &std::path::Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|cause| Failure::new(Exit::Failed, format!("{}: {cause}", file.display())))
}

fn in_words(profile: &Profile) -> String {
    sheet([
        ("name", profile.name.clone()),
        ("title", profile.title.clone()),
        ("version", profile.version.to_string()),
        ("key pattern", profile.key_pattern.clone()),
    ])
}
