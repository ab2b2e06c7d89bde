//! A shell into which lines are pasted, one after the other.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Printed after each line, with the line's exit code.
const MARK: &str = "--- the line ended with ";

pub(crate) struct Terminal {
    shell: Child,
    keyboard: ChildStdin,
    screen: BufReader<ChildStdout>,
}

/// What a line did.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) exit: i32,
    pub(crate) text: String,
}

impl Terminal {
    pub(crate) fn open(folder: &Path, path_variable: &str) -> Self {
        let mut shell = Command::new("bash")
            .arg("--norc")
            .current_dir(folder)
            .env_clear()
            .env("PATH", path_variable)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut keyboard = shell.stdin.take().unwrap();
        writeln!(keyboard, "exec 2>&1").unwrap();
        let screen = BufReader::new(shell.stdout.take().unwrap());
        Self {
            shell,
            keyboard,
            screen,
        }
    }

    pub(crate) fn paste(&mut self, line: &str) -> Shown {
        // The line gets no input of its own: it would read the next one.
        writeln!(self.keyboard, "{{ {line}\n}} </dev/null; echo \"{MARK}$?\"").unwrap();
        let mut text = String::new();
        loop {
            let mut shown = String::new();
            let length = self.screen.read_line(&mut shown).unwrap();
            assert!(length > 0, "the shell ended at {line}: {text}");
            match shown.split_once(MARK) {
                Some((before, exit)) => {
                    text.push_str(before);
                    let exit = exit.trim().parse().unwrap();
                    return Shown { exit, text };
                }
                None => text.push_str(&shown),
            }
        }
    }

    /// A line that must do its work.
    pub(crate) fn succeed(&mut self, line: &str) -> String {
        let shown = self.paste(line);
        assert_eq!(shown.exit, 0, "{line}: {}", shown.text);
        shown.text
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _gone = self.shell.kill();
        let _ended = self.shell.wait();
    }
}
