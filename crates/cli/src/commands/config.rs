//! `keyway config …`: what a server would read. Needs no server.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use keyway_server::config::layer::{Layer, Options};
use keyway_server::config::settings::{Setting, Settings};
use keyway_server::config::{Config, DEFAULTS};

use crate::environment::variable;
use crate::failure::{Exit, Failure};
use crate::output::{self, Output, table};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say whether a server would start with it, what holds, and where each value comes from
    ///
    /// Reads the same file, environment and defaults as `keyway serve` would here.
    Check {
        /// Instead of ./keyway.toml (or the variable `KEYWAY_CONFIG`)
        file: Option<PathBuf>,
    },
    /// Print the file that holds every key with its default
    ShowDefault,
}

pub(crate) fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Check { file } => {
            let list = examine(file).map_err(|failure| Failure {
                exit: Exit::Failed,
                ..failure
            })?;
            output.print(&list, |list| in_words(list))
        }
        Command::ShowDefault => output::data(DEFAULTS),
    }
}

/// The three sources of this process.
pub(crate) fn gather(options: Options) -> Result<Settings, Failure> {
    Ok(Settings::gather(options, Path::new(""), &variable)?)
}

fn examine(file: Option<PathBuf>) -> Result<Vec<Setting>, Failure> {
    let settings = gather(Options {
        values: Layer::default(),
        file,
    })?;
    let list = settings.list();
    Config::parse(settings)?;
    Ok(list)
}

fn in_words(list: &[Setting]) -> String {
    let rows = list
        .iter()
        .map(|it| [it.name.to_owned(), it.value.clone(), it.origin.clone()]);
    table(["KEY", "VALUE", "FROM"], rows)
}
