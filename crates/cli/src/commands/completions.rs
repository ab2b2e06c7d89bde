//! `keyway completions SHELL`

use clap_complete::Shell;

use crate::command_line;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command_line(), "keyway", &mut script);
    output::data(&String::from_utf8_lossy(&script))
}
