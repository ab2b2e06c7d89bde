//! What must not exist without its test: store methods, changes, routes.

use std::collections::BTreeSet;

use syn::{ImplItem, Item, Type, Visibility};

use crate::engines::code_words;
use crate::source::Source;

const STORE: &str = "crates/store/src/";
const CONFORMANCE: &str = "crates/store/tests/";
const CHANGE_FILE: &str = "crates/core/src/change.rs";

/// Methods of `Store` that the suite need not call, with the reason.
const STORE_EXEMPT: &[(&str, &str)] = &[];

pub(crate) fn store_faults(sources: &[Source]) -> Vec<String> {
    let methods: Vec<String> = sources
        .iter()
        .filter(|source| source.path.starts_with(STORE))
        .flat_map(|source| public_methods(source, "Store"))
        .collect();
    if methods.is_empty() {
        return vec!["no public method of Store was found".to_owned()];
    }
    let called = words_in(sources, |path| path.starts_with(CONFORMANCE));
    methods
        .into_iter()
        .filter(|method| !called.contains(method))
        .filter(|method| !STORE_EXEMPT.iter().any(|(exempt, _)| exempt == method))
        .map(|method| format!("Store::{method}"))
        .collect()
}

pub(crate) fn change_faults(sources: &[Source]) -> Vec<String> {
    let variants: Vec<String> = sources
        .iter()
        .filter(|source| source.path == CHANGE_FILE)
        .flat_map(|source| variants(source, "Change"))
        .collect();
    if variants.is_empty() {
        return vec!["no variant of Change was found".to_owned()];
    }
    let replayed = words_in(sources, |path| path.contains("replay"));
    variants
        .into_iter()
        .filter(|variant| !replayed.contains(variant))
        .map(|variant| format!("Change::{variant}"))
        .collect()
}

fn words_in(sources: &[Source], is_wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    sources
        .iter()
        .filter(|source| is_wanted(&source.path))
        .flat_map(|source| code_words(source).into_iter().map(|(_, word)| word))
        .collect()
}

fn public_methods(source: &Source, of: &str) -> Vec<String> {
    let mut methods = Vec::new();
    for item in &source.tree.items {
        let Item::Impl(block) = item else { continue };
        let Type::Path(target) = block.self_ty.as_ref() else {
            continue;
        };
        if block.trait_.is_some() || !target.path.is_ident(of) {
            continue;
        }
        for item in &block.items {
            if let ImplItem::Fn(method) = item
                && matches!(method.vis, Visibility::Public(_))
            {
                methods.push(method.sig.ident.to_string());
            }
        }
    }
    methods
}

fn variants(source: &Source, of: &str) -> Vec<String> {
    source
        .tree
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Enum(item) if item.ident == of => Some(item),
            _ => None,
        })
        .flat_map(|item| {
            item.variants
                .iter()
                .map(|variant| variant.ident.to_string())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_method_without_a_conformance_test_is_found() {
        let store = "struct Store; impl Store { pub fn a(&self) {} pub fn b(&self) {} fn c() {} }";
        let found = store_faults(&[
            Source::parse("crates/store/src/keys.rs", store),
            Source::parse(
                "crates/store/tests/conformance.rs",
                "fn t(store: &Store) { store.a(); }",
            ),
        ]);
        assert_eq!(found, ["Store::b"]);
    }

    #[test]
    fn a_change_without_a_replay_test_is_found() {
        let found = change_faults(&[
            Source::parse(CHANGE_FILE, "pub enum Change { Made, Gone { id: u8 } }"),
            Source::parse(
                "crates/index/tests/replay.rs",
                "fn t() { apply(Change::Made); }",
            ),
        ]);
        assert_eq!(found, ["Change::Gone"]);
    }

    #[test]
    fn finding_nothing_to_look_at_is_a_fault() {
        assert_eq!(store_faults(&[]).len(), 1);
        assert_eq!(change_faults(&[]).len(), 1);
    }
}
