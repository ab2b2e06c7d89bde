//! `keyway profile …`

use clap::{Args, Subcommand};
use keyway_api::change::Effective;
use keyway_api::profile::{ApplyProfile, Profile};
use keyway_server::config::ProfileChoice;
use keyway_server::config::profile::ProfileSummary;

use crate::connection::Connection;
use crate::failure::{Exit, Failure};
use crate::output::{Output, sheet};
use crate::terms::EditOptions;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say whether a profile is well formed, and what its keys look like; needs no server
    Check {
        /// A shipped profile's name, or a file
        #[arg(value_name = "NAME|FILE")]
        profile: String,
    },
    /// Show the profile in force; with --json its whole file too
    Show {
        #[command(flatten)]
        connection: Connection,
    },
    /// Put a profile in force: a change like any other, which may narrow keys
    Apply(Apply),
}

#[derive(Args, Debug)]
pub(crate) struct Apply {
    /// A shipped profile's name, or a file
    #[arg(value_name = "NAME|FILE")]
    profile: String,
    #[command(flatten)]
    options: EditOptions,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Check { profile } => {
            let summary = examine(&profile)?;
            output.print(&summary, summary_in_words)
        }
        Command::Show { connection } => {
            output.print(&connection.client()?.load_profile().await?, in_words)
        }
        Command::Apply(apply) => {
            let applied = put_in_force(apply).await?;
            output.print(&applied, |applied| in_words(&applied.object))
        }
    }
}

async fn put_in_force(apply: Apply) -> Result<Effective<Profile>, Failure> {
    // Whether it is well formed is for the server to say, which may be of another version.
    let toml = ProfileChoice::read_text(&apply.profile)?;
    let client = apply.connection.client()?;
    let mut terms = apply.options.terms();
    if terms.version.is_none() {
        terms.version = Some(client.load_profile().await?.version);
    }
    Ok(client.apply_profile(&ApplyProfile { toml }, &terms).await?)
}

fn examine(profile: &str) -> Result<ProfileSummary, Failure> {
    let unfit = |fault| Failure::new(Exit::Failed, format!("{profile}: {fault}"));
    ProfileChoice::read(profile)?.summary().map_err(unfit)
}

fn summary_in_words(summary: &ProfileSummary) -> String {
    sheet([
        ("name", summary.name.clone()),
        ("title", summary.title.clone()),
        ("template", summary.template.clone()),
        ("environments", summary.environments.join(", ")),
        ("key pattern", summary.key_pattern.clone()),
    ])
}

fn in_words(profile: &Profile) -> String {
    sheet([
        ("name", profile.name.clone()),
        ("title", profile.title.clone()),
        ("version", profile.version.to_string()),
        ("key pattern", profile.key_pattern.clone()),
    ])
}
