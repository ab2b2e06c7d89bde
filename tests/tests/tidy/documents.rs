//! Text that a change can make false: named files, the changelog, paths of somebody's machine.

use std::collections::BTreeSet;

use crate::tree::TextFile;

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const ARCHITECTURE_LINES_MAX: usize = 200;
const SERVER: &str = "crates/server/src/";

pub(crate) fn architecture_faults(files: &[TextFile]) -> Vec<String> {
    let Some(document) = files.iter().find(|file| file.path == ARCHITECTURE) else {
        return vec!["it is missing".to_owned()];
    };
    let mut faults = Vec::new();
    let lines = document.text.lines().count();
    if lines > ARCHITECTURE_LINES_MAX {
        faults.push(format!("{lines} lines, {ARCHITECTURE_LINES_MAX} at most"));
    }
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    for named in named_paths(&document.text) {
        let folder = format!("{}/", named.trim_end_matches('/'));
        let is_there = paths.contains(named) || paths.iter().any(|path| path.starts_with(&folder));
        if !is_there {
            faults.push(format!("names {named}, which is not there"));
        }
    }
    for part in parts(&paths) {
        if !is_named(&document.text, &part) {
            faults.push(format!("does not name {part}"));
        }
    }
    faults
}

/// What stands in backticks and looks like a path from the root: `crates/core/src/key.rs`.
fn named_paths(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|word| {
        let is_plain = word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
        let has_folder = word.contains('/') && !word.starts_with('/');
        let has_ending = [".rs", ".md", ".toml", ".sql"]
            .iter()
            .any(|end| word.ends_with(end));
        is_plain && (has_folder || has_ending)
    })
}

/// As a whole: `auth` is not named by `authorize.rs`.
fn is_named(text: &str, part: &str) -> bool {
    text.match_indices(part).any(|(start, _)| {
        let after = text[start + part.len()..].chars().next();
        !after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Every crate, and every module of the server.
fn parts(paths: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    for path in paths {
        if let Some(rest) = path.strip_prefix("crates/") {
            let name = rest.split('/').next().unwrap_or_default();
            parts.insert(format!("crates/{name}"));
        }
        if let Some(rest) = path.strip_prefix(SERVER) {
            let file = rest.split('/').next().unwrap_or_default();
            let module = file.strip_suffix(".rs").unwrap_or(file);
            if module != "lib" {
                parts.insert(format!("{SERVER}{module}"));
            }
        }
    }
    parts
}

pub(crate) fn changelog_faults(text: &str) -> Vec<String> {
    let has_section = text.lines().any(|line| line.starts_with("## Unreleased"));
    if has_section {
        Vec::new()
    } else {
        vec!["has no `## Unreleased` section".to_owned()]
    }
}

pub(crate) fn machine_path_faults(files: &[TextFile]) -> Vec<String> {
    // Put together here, so that this file does not hold them itself.
    let folders = ["home", "root", "Users", "work", "tmp"].map(|name| format!("/{name}/"));
    let mut faults = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            if folders.iter().any(|folder| is_path_in(line, folder)) {
                faults.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    faults
}

/// A folder at the very beginning of a path, with something in it.
fn is_path_in(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + folder.len()..].chars().next();
        let is_start = !before.is_some_and(|c| c.is_alphanumeric() || "._-}".contains(c));
        is_start && after.is_some_and(|c| c.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(document: &str) -> Vec<String> {
        architecture_faults(&[
            TextFile::sample(ARCHITECTURE, document),
            TextFile::sample("crates/core/src/key.rs", ""),
            TextFile::sample("crates/server/src/auth/actor.rs", ""),
        ])
    }

    const TRUE: &str = "`crates/core/src/key.rs`, `crates/server/src/auth/` and `/v1/keys`";

    #[test]
    fn a_true_map_has_no_fault() {
        assert_eq!(sample(TRUE), Vec::<String>::new());
    }

    #[test]
    fn a_file_that_is_gone_is_found() {
        let found = sample(&format!("{TRUE} `crates/core/src/gone.rs` `gone.md`"));
        assert_eq!(
            found,
            [
                "names crates/core/src/gone.rs, which is not there",
                "names gone.md, which is not there"
            ]
        );
    }

    #[test]
    fn a_crate_or_module_that_is_not_named_is_found() {
        let found = sample("`crates/core`");
        assert_eq!(
            found,
            [
                "does not name crates/server",
                "does not name crates/server/src/auth"
            ]
        );
    }

    #[test]
    fn a_longer_name_does_not_stand_for_a_shorter_one() {
        assert!(is_named(
            "crates/server/src/auth/",
            "crates/server/src/auth"
        ));
        assert!(!is_named(
            "crates/server/src/authorize.rs",
            "crates/server/src/auth"
        ));
    }

    #[test]
    fn a_long_map_is_found() {
        let found = sample(&format!(
            "{TRUE}{}",
            "\n".repeat(ARCHITECTURE_LINES_MAX + 1)
        ));
        assert_eq!(found, ["201 lines, 200 at most"]);
    }

    #[test]
    fn a_changelog_without_the_section_is_found() {
        assert_eq!(changelog_faults("# Changelog\n\n## 1.0.0\n").len(), 1);
        assert_eq!(
            changelog_faults("# Changelog\n\n## Unreleased\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_path_of_a_machine_is_found_and_a_route_is_not() {
        let bad = format!("open /{}/jane/keys", "home");
        let fine = format!("GET /v1/{}/x and $DIR/{}/x", "home", "tmp");
        let found = machine_path_faults(&[TextFile::sample("a.md", &format!("{bad}\n{fine}\n"))]);
        assert_eq!(found, [format!("a.md:1: {bad}")]);
    }
}
