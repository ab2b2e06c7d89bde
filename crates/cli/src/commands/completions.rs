//! `keyway completions SHELL`

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::Arguments;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "keyway", &mut script);
    output::data(&String::from_utf8_lossy(&script))
}
