//! Files of this repository.

use std::fs;
use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The text of a file, its path from the root.
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file that is made and committed, as it stands; `KEYWAY_REWRITE=1` first writes what was made.
#[expect(
    clippy::disallowed_methods,
    reason = "whether to rewrite is said from outside, to nobody but this"
)]
pub fn committed(path: &str, made: &str) -> String {
    if std::env::var_os("KEYWAY_REWRITE").is_some() {
        fs::write(root().join(path), made).unwrap();
    }
    fs::read_to_string(root().join(path)).unwrap_or_default()
}
