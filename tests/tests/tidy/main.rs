//! The house rules that a machine can hold: one test per rule.
//!
//! Each rule is a function from what it looks at to a list of faults, with a test beside it that
//! shows it finding one in a bad sample. The tests here run the rules on this repository and print
//! every fault. An exception is a name with a reason in the rule's own file, never a raised number.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what is not as a rule expects it fails the rule"
)]
#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "the repository's own files are named in lower case"
)]

mod arrows;
mod coverage;
mod documents;
mod engines;
mod names;
mod profiles;
mod size;
mod source;
mod systems;
mod tree;

use source::Source;

/// Fails with every fault on a line of its own.
fn assert_none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}

fn product() -> Vec<Source> {
    let sources: Vec<Source> = Source::all()
        .into_iter()
        .filter(|source| source.path.starts_with("crates/"))
        .collect();
    assert!(sources.len() > 20, "the product's sources were not found");
    sources
}

#[test]
fn crates_use_only_what_the_table_of_arrows_allows() {
    assert_none(
        "forbidden dependencies",
        &arrows::faults(&arrows::metadata()),
    );
}

#[test]
fn functions_and_files_stay_under_their_caps() {
    assert_none("too long", &size::faults(&Source::all()));
}

#[test]
fn shell_files_stay_short() {
    assert_none("too long", &size::shell_faults(&tree::text_files()));
}

#[test]
fn nothing_carries_a_forbidden_name() {
    assert_none("forbidden names", &names::faults(&Source::all()));
}

#[test]
fn engines_are_told_apart_in_one_file() {
    assert_none("an engine outside engine.rs", &engines::faults(&product()));
}

#[test]
fn no_rust_file_knows_a_profile_by_name() {
    let names = profiles::names(&tree::text_files());
    assert!(
        names.contains(&"noukai".to_owned()),
        "the profiles were not found: {names:?}"
    );
    assert_none(
        "a profile's name in code",
        &profiles::faults(&product(), &names),
    );
}

#[test]
fn every_store_method_occurs_in_the_conformance_suite() {
    assert_none(
        "without a conformance test",
        &coverage::store_faults(&Source::all()),
    );
}

#[test]
fn every_change_has_a_replay_test() {
    assert_none(
        "without a replay test",
        &coverage::change_faults(&Source::all()),
    );
}

#[test]
fn the_architecture_names_what_is_there() {
    assert_none(
        "ARCHITECTURE.md",
        &documents::architecture_faults(&tree::text_files()),
    );
}

#[test]
fn the_changelog_has_an_unreleased_section() {
    assert_none(
        "CHANGELOG.md",
        &documents::changelog_faults(&tree::text("CHANGELOG.md")),
    );
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    assert_none(
        "machine paths",
        &documents::machine_path_faults(&tree::text_files()),
    );
}
