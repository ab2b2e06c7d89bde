//! Caps: a function is read on one screen, a file in one sitting, a script at a glance.

use syn::spanned::Spanned as _;
use syn::visit::Visit;

use crate::source::{Source, lines_of};
use crate::tree::TextFile;

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 500;
const SHELL_LINES_MAX: usize = 80;

/// `path` or `path: function`, each with the reason for which it may be longer.
const EXEMPT: &[(&str, &str)] = &[];

pub(crate) fn faults(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        let lines = source.production_line_count();
        if lines > FILE_LINES_MAX && !is_exempt(&source.path) {
            faults.push(format!(
                "{}: {lines} production lines, {FILE_LINES_MAX} at most",
                source.path
            ));
        }
        let mut finder = LongFunctions {
            source,
            faults: &mut faults,
        };
        finder.visit_file(&source.tree);
    }
    faults
}

pub(crate) fn shell_faults(files: &[TextFile]) -> Vec<String> {
    files
        .iter()
        .filter(|file| is_shell(file))
        .filter_map(|file| {
            let lines = file.text.lines().count();
            (lines > SHELL_LINES_MAX)
                .then(|| format!("{}: {lines} lines, {SHELL_LINES_MAX} at most", file.path))
        })
        .collect()
}

fn is_shell(file: &TextFile) -> bool {
    let first = file.text.lines().next().unwrap_or_default();
    file.path.ends_with(".sh") || (first.starts_with("#!") && first.ends_with("sh"))
}

fn is_exempt(name: &str) -> bool {
    EXEMPT.iter().any(|(exempt, _)| *exempt == name)
}

struct LongFunctions<'a> {
    source: &'a Source,
    faults: &'a mut Vec<String>,
}

impl LongFunctions<'_> {
    fn measure(&mut self, name: &syn::Ident, signature: proc_macro2::Span, body: &syn::Block) {
        let lines = lines_of(body.span()).end() - lines_of(signature).start() + 1;
        let name = format!("{}: {name}", self.source.path);
        if lines > FUNCTION_LINES_MAX && !is_exempt(&name) {
            self.faults.push(format!(
                "{name}: {lines} lines, {FUNCTION_LINES_MAX} at most"
            ));
        }
    }
}

impl<'ast> Visit<'ast> for LongFunctions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.measure(&item.sig.ident, item.sig.span(), &item.block);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.measure(&item.sig.ident, item.sig.span(), &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.measure(&item.sig.ident, item.sig.span(), body);
        }
        syn::visit::visit_trait_item_fn(self, item);
    }
}

#[test]
fn a_long_function_is_found_wherever_it_stands() {
    let body = "    let _ = 1;\n".repeat(FUNCTION_LINES_MAX);
    let text = format!(
        "fn a() {{\n{body}}}\nstruct S;\nimpl S {{\nfn b() {{\n{body}}}\n}}\nmod m {{ fn c() {{}} }}\n"
    );
    let found = faults(&[Source::parse("crates/a/src/lib.rs", &text)]);
    assert_eq!(
        found,
        [
            "crates/a/src/lib.rs: a: 72 lines, 70 at most",
            "crates/a/src/lib.rs: b: 72 lines, 70 at most",
        ]
    );
}

#[test]
fn a_function_of_exactly_the_cap_passes() {
    let body = "    let _ = 1;\n".repeat(FUNCTION_LINES_MAX - 2);
    let source = Source::parse("crates/a/src/lib.rs", &format!("fn a() {{\n{body}}}\n"));
    assert_eq!(faults(&[source]), Vec::<String>::new());
}

#[test]
fn a_long_file_is_found_and_its_tests_do_not_count() {
    let code = "const A: u8 = 1;\n".repeat(FILE_LINES_MAX);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{code}}}\n");
    let short = Source::parse("crates/a/src/short.rs", &format!("{code}{tests}"));
    let long = Source::parse("crates/a/src/long.rs", &format!("{code}const B: u8 = 1;\n"));
    assert_eq!(
        faults(&[short, long]),
        ["crates/a/src/long.rs: 501 production lines, 500 at most"]
    );
}

#[test]
fn a_long_script_is_found() {
    let script = format!("#!/usr/bin/env bash\n{}", "true\n".repeat(SHELL_LINES_MAX));
    let files = [
        TextFile::sample("script/x", &script),
        TextFile::sample("a.txt", &script[1..]),
    ];
    assert_eq!(shell_faults(&files), ["script/x: 81 lines, 80 at most"]);
}
