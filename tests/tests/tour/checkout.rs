//! What a person has after `git clone` and a build, with other ports: nothing of this machine may be
//! in the way, and the checkout stays as it is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use keyway_tests::programs::{self, Program};
use keyway_tests::{binary, ports, tree, wait};
use tempfile::TempDir;

/// Whoever builds takes minutes; `script/test` has built before, so cargo is only asked in name.
const CARGO_STAND_IN: &str = "#!/bin/sh\n[ \"$1\" = build ]\n";
const FILES: &[&str] = &[
    "script/server",
    "docs/proxies/nginx.conf",
    "docs/proxies/tour.conf",
];
/// As they stand in the README and the samples.
pub(crate) const KEYWAY: &str = "127.0.0.1:7878";
const PRODUCT: &str = "127.0.0.1:9000";
const GATEWAY: &str = "127.0.0.1:8088";

pub(crate) struct Checkout {
    directory: TempDir,
    /// What an address became.
    addresses: [(&'static str, String); 3],
}

impl Checkout {
    pub(crate) fn make() -> Self {
        let directory = programs::passable_directory();
        let addresses = [KEYWAY, PRODUCT, GATEWAY];
        let checkout = Self {
            directory,
            addresses: addresses.map(|from| (from, format!("127.0.0.1:{}", ports::free()))),
        };
        for file in FILES {
            checkout.write(file, &checkout.moved(&tree::text(file)));
        }
        checkout.write("bin/cargo", CARGO_STAND_IN);
        let release = checkout.folder().join("target/release");
        fs::create_dir_all(&release).unwrap();
        std::os::unix::fs::symlink(binary::keyway(), release.join("keyway")).unwrap();
        checkout
    }

    pub(crate) fn folder(&self) -> &Path {
        self.directory.path()
    }

    /// The same text with the addresses of this test.
    pub(crate) fn moved(&self, text: &str) -> String {
        let moves = self.addresses.iter();
        moves.fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }

    pub(crate) fn keyway(&self) -> &str {
        &self.addresses[0].1
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.folder().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn path_variable(&self) -> String {
        format!("{}:/usr/bin:/bin", self.folder().join("bin").display())
    }

    /// `script/server`, until it has said all that it says.
    pub(crate) async fn start_server(&self) -> Started {
        self.start_server_with(&[]).await
    }

    pub(crate) async fn start_server_with(&self, arguments: &[&str]) -> Started {
        let said = self.folder().join("said");
        fs::write(&said, "").unwrap();
        let mut program = Program::start(
            programs::tied(self.folder().join("script/server"))
                .args(arguments)
                .env_clear()
                .env("PATH", self.path_variable())
                .env("KEYWAY_LISTEN", self.keyway())
                .stdout(programs::appended(&said))
                .stderr(programs::appended(&self.folder().join("talk"))),
        );
        wait::until("the server to say how to revoke", async || {
            let talk = self.folder().join("talk");
            let text = fs::read_to_string(&said).unwrap();
            assert!(
                program.ended().is_none(),
                "{}",
                fs::read_to_string(&talk).unwrap()
            );
            (text.contains("/revoke") && text.ends_with('\n')).then_some(())
        })
        .await;
        Started { program, said }
    }
}

pub(crate) struct Started {
    pub(crate) program: Program,
    said: PathBuf,
}

impl Started {
    /// The commands that it printed, in their order; a command may go over several lines.
    fn commands(&self) -> Vec<String> {
        let said = fs::read_to_string(&self.said).unwrap().replace("\\\n", " ");
        let lines = said.lines().map(str::trim);
        let commands =
            lines.filter(|line| line.starts_with("export ") || line.starts_with("curl "));
        commands.map(str::to_owned).collect()
    }

    /// Those that give the shell its variables.
    pub(crate) fn exports(&self) -> Vec<String> {
        let mut exports = self.commands();
        exports.retain(|line| line.starts_with("export "));
        exports
    }

    /// Those that call the server: create, verify, revoke.
    pub(crate) fn calls(&self) -> [String; 3] {
        let mut calls = self.commands();
        calls.retain(|line| line.starts_with("curl "));
        calls.try_into().expect("three calls")
    }
}
