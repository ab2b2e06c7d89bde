//! Which server to call, with which credential, and where secrets come from: the environment or
//! stdin, never the command line, which every user of the machine can read.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Read as _};

use clap::Args;
use keyway_client::client::{Client, ClientBuilder};
use keyway_token::secret::Secret;

use crate::environment::variable;
use crate::failure::{Exit, Failure};
use crate::output::talk;

/// Longest text that is read as one secret; a file piped in by mistake must not fill the memory.
const SECRET_BYTES_MAX: u64 = 8 * 1_024;
const TOKEN_VARIABLE: &str = "KEYWAY_TOKEN";
const SECRET_VARIABLE: &str = "KEYWAY_SECRET";

#[derive(Args, Debug)]
pub(crate) struct Connection {
    /// The server's address
    #[arg(
        long,
        global = true,
        env = "KEYWAY_URL",
        default_value = "http://127.0.0.1:7878",
        help_heading = "Connection"
    )]
    url: String,

    /// Read the management key from stdin, instead of the variable `KEYWAY_TOKEN`
    #[arg(long, global = true, help_heading = "Connection")]
    token_stdin: bool,
}

impl Connection {
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let token = if self.token_stdin {
            read_line("the management key")?
        } else {
            from_environment(TOKEN_VARIABLE)?.ok_or_else(no_token)?
        };
        let builder = ClientBuilder {
            url: self.url.clone(),
            token,
            timeout: None,
        };
        Ok(builder.build()?)
    }

    /// The key that a command asks about.
    pub(crate) fn secret(&self) -> Result<Secret, Failure> {
        if let Some(secret) = from_environment(SECRET_VARIABLE)? {
            return Ok(secret);
        }
        self.stdin_is_free()?;
        read_line("the key")
    }

    /// Fails where two things would have to come from one stdin.
    pub(crate) fn stdin_is_free(&self) -> Result<(), Failure> {
        if !self.token_stdin {
            return Ok(());
        }
        Err(
            Failure::usage("stdin cannot bring both the management key and this command's input")
                .hint("give the management key as the variable KEYWAY_TOKEN"),
        )
    }
}

fn no_token() -> Failure {
    Failure::new(Exit::NotAuthorized, "no management key was given").hint(
        "set the variable KEYWAY_TOKEN, or use --token-stdin; `keyway dev` prints one at its start",
    )
}

fn from_environment(name: &str) -> Result<Option<Secret>, Failure> {
    match variable(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) if text.is_empty() => Ok(None),
        Some(Ok(text)) => Ok(Some(Secret::new(text))),
        Some(Err(_)) => Err(Failure::usage(format!("{name} is not UTF-8"))),
    }
}

fn read_line(what: &str) -> Result<Secret, Failure> {
    let text = if io::stdin().is_terminal() {
        talk(&format!(
            "Paste {what} and press Enter (it will be visible):"
        ));
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        line
    } else {
        read_stdin(SECRET_BYTES_MAX)?
    };
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Failure::usage(format!("{what} was expected on stdin")));
    }
    Ok(Secret::new(text.to_owned()))
}

/// All of stdin, up to a limit.
pub(crate) fn read_stdin(bytes_max: u64) -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin()
        .lock()
        .take(bytes_max + 1)
        .read_to_string(&mut text)
        .map_err(|_| Failure::usage("stdin is not text in UTF-8"))?;
    if text.len() as u64 > bytes_max {
        return Err(Failure::usage(format!(
            "stdin is longer than {bytes_max} bytes"
        )));
    }
    Ok(text)
}
