//! The files of the repository, found from this crate's own folder.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file, its path from the repository's root.
pub(crate) struct TextFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl TextFile {
    pub(crate) fn sample(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }
}

/// What a build or a run leaves behind.
const NOT_OURS: &[&str] = &[
    "target",
    "keyway-data",
    "node_modules",
    "corpus",
    "artifacts",
    "coverage",
    "__pycache__",
];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Every text file of the repository, in the order of their paths.
pub(crate) fn text_files() -> Vec<TextFile> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(
        found.iter().any(|file| file.path == "Cargo.toml"),
        "this is not the repository"
    );
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<TextFile>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let is_hidden = name.starts_with('.') && name != ".ci" && name != ".github";
            if !is_hidden && !NOT_OURS.contains(&name.as_str()) {
                collect(root, &path, found);
            }
        } else if name != ".git"
            && let Ok(text) = fs::read_to_string(&path)
        {
            let path = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            found.push(TextFile { path, text });
        }
    }
}

pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

#[test]
fn the_walk_finds_sources_and_skips_what_builds_leave() {
    let files = text_files();
    assert!(
        files
            .iter()
            .any(|file| file.path == "crates/core/src/lib.rs")
    );
    assert!(!files.iter().any(|file| file.path.starts_with("target/")));
}
