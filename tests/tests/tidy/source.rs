//! A Rust file as the rules see it: its syntax tree, and which of its lines are tests.

use std::ops::RangeInclusive;

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::{Attribute, Item};

use crate::tree;

pub(crate) struct Source {
    /// From the repository's root.
    pub(crate) path: String,
    pub(crate) line_count: usize,
    pub(crate) tree: syn::File,
    test_lines: Vec<RangeInclusive<usize>>,
}

impl Source {
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let tree = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut finder = TestFinder { found: Vec::new() };
        finder.visit_file(&tree);
        let line_count = text.lines().count();
        Self {
            path: path.to_owned(),
            line_count,
            tree,
            test_lines: finder.found,
        }
    }

    pub(crate) fn all() -> Vec<Self> {
        tree::text_files()
            .iter()
            .filter(|file| file.path.ends_with(".rs"))
            .map(|file| Self::parse(&file.path, &file.text))
            .collect()
    }

    /// Is the whole file a test, a benchmark, an example or a fuzz target?
    pub(crate) fn is_test_file(&self) -> bool {
        let folders: Vec<&str> = self.path.split('/').collect();
        folders.iter().any(|folder| {
            matches!(
                *folder,
                "tests" | "tests.rs" | "benches" | "bench" | "examples" | "fuzz"
            )
        })
    }

    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        self.is_test_file() || self.test_lines.iter().any(|lines| lines.contains(&line))
    }

    /// Lines that are not inside a `#[cfg(test)]` or `#[test]` item.
    pub(crate) fn production_line_count(&self) -> usize {
        (1..=self.line_count)
            .filter(|line| !self.is_test_line(*line))
            .count()
    }
}

pub(crate) fn lines_of(span: Span) -> RangeInclusive<usize> {
    span.start().line..=span.end().line
}

/// The text of a documentation comment is prose, and not code.
pub(crate) fn is_doc(attribute: &Attribute) -> bool {
    attribute.path().is_ident("doc")
}

struct TestFinder {
    found: Vec<RangeInclusive<usize>>,
}

impl<'ast> Visit<'ast> for TestFinder {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            _ => return syn::visit::visit_item(self, item),
        };
        if attributes.iter().any(is_for_tests) {
            self.found.push(lines_of(item.span()));
        } else {
            syn::visit::visit_item(self, item);
        }
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    let is_cfg_test = attribute.path().is_ident("cfg")
        && attribute
            .parse_args::<syn::Ident>()
            .is_ok_and(|word| word == "test");
    let is_test = attribute
        .path()
        .segments
        .last()
        .is_some_and(|word| word.ident == "test");
    is_cfg_test || is_test
}

#[test]
fn test_lines_are_told_from_production_lines() {
    let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
    let source = Source::parse("crates/a/src/lib.rs", text);
    assert_eq!(source.production_line_count(), 2);
    assert!(!source.is_test_line(1));
    assert!(source.is_test_line(5));
}

#[test]
fn a_file_in_tests_has_no_production_lines() {
    let source = Source::parse("crates/a/tests/b.rs", "fn a() {}\n");
    assert_eq!(source.production_line_count(), 0);
}
