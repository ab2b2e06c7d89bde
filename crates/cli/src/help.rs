//! `keyway --help`: the commands by what a person wants to do, examples, variables, exit codes.

use clap::{Arg, ArgAction, Command};
use keyway_server::config::key::Key;
use keyway_server::config::settings::Settings;

use crate::failure::EXIT_CODES;

/// Every command, once.
const GROUPS: &[(&str, &[&str])] = &[
    ("Run a server", &["dev", "serve", "config"]),
    ("Work with keys", &["keys", "verify", "import"]),
    (
        "What they belong to",
        &["organizations", "projects", "resources"],
    ),
    ("People", &["members", "sign-in-link"]),
    (
        "Operate",
        &[
            "management-keys",
            "signing-keys",
            "audit",
            "profile",
            "doctor",
        ],
    ),
    ("This program", &["completions", "help"]),
];

/// Commands whose options are keys of the configuration.
const SERVERS: &[&str] = &["dev", "serve"];

/// Commands that print no table, and so have no JSON in its place.
const TABLELESS: &[&str] = &["dev", "serve", "completions"];

const EXAMPLES: &str = "\
Examples:
  keyway dev                                          a server with a demo key, to try it
  keyway keys create --name CI --grant 'read@*'       prints the secret, this once
  keyway verify --permission read                     reads the secret from stdin
  keyway keys revoke ID --reason 'laptop lost'        from then on refused everywhere
  keyway keys list --status active --json             for programs

Environment:
  KEYWAY_URL     the server that commands call; http://127.0.0.1:7878 if not set
  KEYWAY_TOKEN   the management key they call it with; or --token-stdin
  KEYWAY_SECRET  the key that `verify` asks about; or stdin
  Keys are never options: those can be read by everybody on a machine, and stay in a history.
  What `serve` and `dev` read is in their own help.";

/// Puts groups in the place of one long list, and tells of each option of a server what else gives
/// it and what holds without it.
pub(crate) fn arrange(command: Command) -> Command {
    let command = SERVERS.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |server| server.mut_args(tell_sources))
    });
    let command = TABLELESS.iter().fold(command, |command, name| {
        command.mut_subcommand(name, without_json)
    });
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}{{options}}{{after-help}}",
        groups(&command)
    );
    command
        .help_template(template)
        .after_help(format!("{EXAMPLES}\n\n{EXIT_CODES}"))
}

/// An option of the command's own takes the place of the one that all have.
fn without_json(command: Command) -> Command {
    let silent = Arg::new("json").long("json").action(ArgAction::SetTrue);
    command.arg(silent.hide(true).help("Nothing here"))
}

/// `[env: …] [default: …]`, from the configuration's own table and sample.
fn tell_sources(argument: Arg) -> Arg {
    let long = argument.get_long().map(|long| format!("--{long}"));
    let key = Key::ALL.iter().find(|key| key.option() == long.as_deref());
    let (Some(key), Some(help)) = (key, argument.get_help()) else {
        return argument;
    };
    let default = default_of(*key).map(|value| format!(" [default: {value}]"));
    let help = format!(
        "{help} [env: {}]{}",
        key.variable(),
        default.unwrap_or_default()
    );
    argument.help(help)
}

/// A switch that is off and an empty list go without saying.
fn default_of(key: Key) -> Option<String> {
    let found = Settings::shipped()
        .ok()?
        .list()
        .into_iter()
        .find(|it| it.name == key.name())?;
    Some(found.value).filter(|value| !value.is_empty() && value != "false")
}

fn groups(command: &Command) -> String {
    let styles = command.get_styles();
    let (heading, literal) = (styles.get_header(), styles.get_literal());
    let names = GROUPS.iter().flat_map(|(_, names)| *names);
    let width = names.map(|name| name.len()).max().unwrap_or_default();
    let line = |name: &&str| {
        let about = about(command, name);
        format!("  {literal}{name:width$}{literal:#}  {about}\n")
    };
    let group = |(title, names): &(&str, &[&str])| {
        let lines: String = names.iter().map(line).collect();
        format!("{heading}{title}:{heading:#}\n{lines}\n")
    };
    GROUPS
        .iter()
        .map(group)
        .chain([format!("{heading}Options:{heading:#}\n")])
        .collect()
}

fn about(command: &Command, name: &str) -> String {
    let found = command.find_subcommand(name).and_then(Command::get_about);
    found.map_or_else(
        || "Print this, or the help of a command".to_owned(),
        ToString::to_string,
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;
    use crate::Arguments;

    #[test]
    fn every_command_is_in_one_group() {
        let command = Arguments::command();
        let mut there: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        there.push("help");
        let mut grouped: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| *names)
            .copied()
            .collect();
        there.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(grouped, there);
    }

    #[test]
    fn json_is_offered_where_there_is_a_table_and_nowhere_else() {
        for name in ["dev", "serve", "completions", "verify", "doctor", "keys"] {
            let mut command = arrange(Arguments::command());
            command.build();
            let found = command.find_subcommand_mut(name).unwrap();
            let help = found.render_long_help().to_string();
            assert_eq!(
                help.contains("--json"),
                !TABLELESS.contains(&name),
                "{name}"
            );
        }
    }

    #[test]
    fn no_command_or_option_is_without_a_word_of_explanation() {
        let mut bare = BTreeSet::new();
        let mut ahead = vec![(String::new(), arrange(Arguments::command()))];
        while let Some((path, command)) = ahead.pop() {
            let path = format!("{path} {}", command.get_name());
            if command.get_about().is_none() {
                bare.insert(path.clone());
            }
            for argument in command.get_arguments().filter(|it| it.get_help().is_none()) {
                bare.insert(format!("{path} {}", argument.get_id()));
            }
            ahead.extend(
                command
                    .get_subcommands()
                    .map(|inner| (path.clone(), inner.clone())),
            );
        }
        assert_eq!(bare, BTreeSet::new());
    }
}
