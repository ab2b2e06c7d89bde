//! What the documented systems ask for, and the tests that prove it: `docs/systems.md` is made from
//! `tests/requirements.txt` and from the names of the tests.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use regex::Regex;

use crate::tree::{self, TextFile};

const PAGE: &str = "docs/systems.md";
const REQUIREMENTS: &str = "tests/requirements.txt";
const LATER: &str = "later: ";
const HEAD: &str = "\
# The documented systems

What four products say of their API keys, requirement by requirement, and the tests that prove that
Keyway does it. Made from `tests/requirements.txt` and the names of the tests; do not edit.
";

/// Where a requirement is proved: files, by its id.
type Proofs = BTreeMap<String, Vec<String>>;

/// A test begins with the ids of what it proves: `NK-7 NK-8 a key is …`, or `nk_7_nk_8_a_key_is`.
pub(crate) fn proofs(files: &[TextFile]) -> Proofs {
    let name = r#"(?i)(?:\bfn |def test_|test\(\s*['"`])((?:(?:nc|nk|n9|nr|nx)[_-]\d+[_ ])+)"#;
    let name = Regex::new(name).unwrap();
    let id = Regex::new(r"(?i)(nc|nk|n9|nr|nx)[_-](\d+)").unwrap();
    let mut proofs = Proofs::new();
    for file in files.iter().filter(|file| is_test_code(&file.path)) {
        for found in name.captures_iter(&file.text) {
            for id in id.captures_iter(&found[1]) {
                let id = format!("{}-{}", id[1].to_uppercase(), &id[2]);
                let places = proofs.entry(id).or_default();
                if places.last() != Some(&file.path) {
                    places.push(file.path.clone());
                }
            }
        }
    }
    proofs
}

fn is_test_code(path: &str) -> bool {
    [".rs", ".js", ".mjs", ".ts", ".py"]
        .iter()
        .any(|end| path.ends_with(end))
        && path != "tests/tests/tidy/systems.rs"
}

/// The page as it must stand there.
pub(crate) fn page(requirements: &str, proofs: &Proofs) -> String {
    let mut page = HEAD.to_owned();
    for line in requirements.lines().skip_while(|line| !line.is_empty()) {
        if let Some(system) = line.strip_prefix("# ") {
            write!(
                page,
                "\n## {system}\n\n| id | what | proved in |\n|---|---|---|\n"
            )
            .unwrap();
        } else if let Some((id, text)) = line.split_once(' ') {
            let (text, without_proof) = match text.strip_prefix(LATER) {
                Some(text) => (text, "later"),
                None => (text, "not yet"),
            };
            let places: Vec<String> = proofs
                .get(id)
                .map(|places| places.iter().map(|path| format!("`{path}`")).collect())
                .unwrap_or_default();
            let proof = if places.is_empty() {
                without_proof.to_owned()
            } else {
                places.join(", ")
            };
            writeln!(page, "| {id} | {text} | {proof} |").unwrap();
        }
    }
    page
}

/// Tests that claim to prove what nobody asked for.
pub(crate) fn faults(requirements: &str, proofs: &Proofs) -> Vec<String> {
    let known = |id: &str| {
        requirements
            .lines()
            .any(|it| it.starts_with(&format!("{id} ")))
    };
    proofs
        .iter()
        .filter(|(id, _)| !known(id))
        .map(|(id, places)| format!("{id} in {} is no requirement", places.join(", ")))
        .collect()
}

#[test]
fn the_page_of_systems_says_what_the_tests_prove() {
    let requirements = tree::text(REQUIREMENTS);
    let proofs = proofs(&tree::text_files());
    crate::assert_none("requirements", &faults(&requirements, &proofs));
    let page = page(&requirements, &proofs);
    let committed = keyway_tests::tree::committed(PAGE, &page);
    assert_eq!(
        committed, page,
        "{PAGE} is old: KEYWAY_REWRITE=1 writes it anew"
    );
}

#[test]
fn a_proof_is_found_by_the_name_of_its_test() {
    let files = [
        TextFile::sample("a.rs", "async fn nk_7_nk_12_parts() {}\nfn link_9_x() {}"),
        TextFile::sample(
            "b.mjs",
            "test('NC-3 NC-4 a page', …);\ntest('a key of NC-5', …);",
        ),
        TextFile::sample("c.py", "    def test_nk_7_parts(self):"),
        TextFile::sample("d.md", "fn nk_1_prose()"),
    ];
    let proofs = proofs(&files);
    let found: Vec<(&str, String)> = proofs
        .iter()
        .map(|(id, places)| (id.as_str(), places.join(" ")))
        .collect();
    let expected = [
        ("NC-3", "b.mjs"),
        ("NC-4", "b.mjs"),
        ("NK-12", "a.rs"),
        ("NK-7", "a.rs c.py"),
    ];
    assert_eq!(found, expected.map(|(id, places)| (id, places.to_owned())));
}

#[test]
fn the_page_tells_proved_from_not_yet_and_later() {
    let requirements = "head\n\n# Noukai\nNK-1 one\nNK-2 two\nNK-3 later: three\n";
    let proofs = Proofs::from([("NK-2".to_owned(), vec!["a.rs".to_owned()])]);
    let rows: Vec<String> = page(requirements, &proofs)
        .lines()
        .filter(|line| line.starts_with("| NK"))
        .map(str::to_owned)
        .collect();
    let expected = [
        "| NK-1 | one | not yet |",
        "| NK-2 | two | `a.rs` |",
        "| NK-3 | three | later |",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_proof_of_nothing_asked_is_a_fault() {
    let proofs = Proofs::from([("NK-99".to_owned(), vec!["a.rs".to_owned()])]);
    assert_eq!(
        faults("NK-9 nine\n", &proofs),
        ["NK-99 in a.rs is no requirement"]
    );
}
