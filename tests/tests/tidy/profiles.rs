//! A profile is data: no Rust file knows one by name, except its dialect and tests.
//!
//! The default profile is called like the product, whose name is everywhere. For it the rule is
//! that no string of the libraries *is* that name; the binary may be called by it.

use crate::engines::code_words;
use crate::source::Source;
use crate::tree::TextFile;

const PRODUCT: &str = "keyway";
const BINARY: &str = "crates/cli/";

/// `path`, with the reason for which it may name a profile.
const EXEMPT: &[(&str, &str)] = &[];

/// The names of the profiles that ship.
pub(crate) fn names(files: &[TextFile]) -> Vec<String> {
    let is_profile =
        |file: &&TextFile| file.path.starts_with("profiles/") && file.path.ends_with(".toml");
    files
        .iter()
        .filter(is_profile)
        .filter_map(|file| name_in(&file.text))
        .collect()
}

fn name_in(text: &str) -> Option<String> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("name = \""))?;
    Some(line.trim_end().trim_end_matches('"').to_owned())
}

pub(crate) fn faults(sources: &[Source], names: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        let is_exempt = EXEMPT.iter().any(|(path, _)| *path == source.path);
        if is_dialect(&source.path) || is_exempt {
            continue;
        }
        for (line, word) in code_words(source) {
            let is_fault = names.iter().any(|name| is_named(&source.path, name, &word));
            if is_fault && !source.is_test_line(line) {
                faults.push(format!("{}:{line}: {word}", source.path));
            }
        }
    }
    faults
}

fn is_dialect(path: &str) -> bool {
    path.starts_with("crates/server/src/dialects/") || path == "crates/server/src/dialects.rs"
}

fn is_named(path: &str, name: &str, word: &str) -> bool {
    let word = word.trim_matches('"');
    if name == PRODUCT {
        let is_file = word.contains(&format!("profiles/{name}"));
        return is_file || (word == name && !path.starts_with(BINARY));
    }
    word.to_lowercase().contains(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        faults(
            &[Source::parse(path, text)],
            &["keyway".to_owned(), "noukai".to_owned()],
        )
    }

    #[test]
    fn a_profile_is_found_in_names_strings_and_files() {
        let text = "const A: &str = \"noukai\"; struct NoukaiKey; \
                    const B: &str = include_str!(\"../profiles/keyway.toml\"); \
                    const C: &str = \"keyway\";";
        assert_eq!(found("crates/core/src/a.rs", text).len(), 4);
    }

    #[test]
    fn dialects_tests_and_the_product_itself_may_use_the_word() {
        let none = Vec::<String>::new();
        assert_eq!(
            found("crates/server/src/dialects/noukai.rs", "struct Noukai;"),
            none
        );
        assert_eq!(
            found("crates/core/src/a.rs", "#[test]\nfn noukai() {}"),
            none
        );
        assert_eq!(
            found("crates/core/src/a.rs", "use keyway_token::Secret;"),
            none
        );
        assert_eq!(
            found("crates/cli/src/a.rs", "const A: &str = \"keyway\";"),
            none
        );
    }

    #[test]
    fn names_come_from_the_files_themselves() {
        let files = [TextFile::sample(
            "profiles/a.toml",
            "# x\nname = \"acme\"\n",
        )];
        assert_eq!(names(&files), ["acme"]);
    }
}
