//! The binary under test: the one that was built last in this build directory.

use std::path::{Path, PathBuf};

/// Where builds put their programs. A test program lies one folder below it.
pub fn programs_folder() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().to_owned()
}

/// The build directory, `target` if nothing else was said.
pub fn build_folder() -> PathBuf {
    programs_folder().parent().unwrap().to_owned()
}

/// The program `keyway`.
pub fn keyway() -> PathBuf {
    let path = programs_folder().join("keyway");
    assert!(
        path.exists(),
        "{} is missing: build it first, with `cargo build --bin keyway`",
        path.display()
    );
    path
}

/// Fails where a program that `script/setup` installs is missing.
pub fn installed(path: &Path) -> &Path {
    assert!(
        path.exists(),
        "{} is missing: run script/setup first",
        path.display()
    );
    path
}
