//! Names that say nothing, or that say the wrong thing.

use syn::visit::Visit;

use crate::source::Source;

/// Not as a file, a module, a crate, nor as the last word of a type.
const EMPTY_WORDS: &[&str] = &[
    "utils",
    "util",
    "common",
    "helpers",
    "helper",
    "misc",
    "shared",
    "manager",
    "service",
    "processor",
    "base",
    "impl",
    "data",
    "info",
];
/// Not as the beginning of a function's name.
const EMPTY_VERBS: &[&str] = &["do_", "process_", "handle_", "validate_", "check_", "get_"];
/// Not as the beginning of a variable's or a field's name.
const RELATIVE_ADJECTIVES: &[&str] = &["new_", "old_"];
/// Not in any name.
const WRONG_WORDS: &[&str] = &[
    "blacklist",
    "whitelist",
    "master",
    "slave",
    "tenant",
    "workspace",
];

pub(crate) fn faults(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        for part in source.path.split('/') {
            let name = part.strip_suffix(".rs").unwrap_or(part);
            if EMPTY_WORDS.contains(&name) {
                faults.push(format!("{}: `{name}` as a file or folder", source.path));
            }
        }
        let mut finder = Names {
            path: &source.path,
            faults: &mut faults,
        };
        finder.visit_file(&source.tree);
    }
    faults
}

struct Names<'a> {
    path: &'a str,
    faults: &'a mut Vec<String>,
}

impl Names<'_> {
    fn fault(&mut self, ident: &syn::Ident, why: &str) {
        let line = ident.span().start().line;
        self.faults
            .push(format!("{}:{line}: `{ident}` {why}", self.path));
    }

    fn read_type(&mut self, ident: &syn::Ident) {
        let name = ident.to_string();
        let last_word = name
            .char_indices()
            .rev()
            .find(|(_, letter)| letter.is_uppercase());
        let last_word = last_word
            .map_or("", |(start, _)| &name[start..])
            .to_lowercase();
        if EMPTY_WORDS.contains(&last_word.as_str()) {
            self.fault(ident, "ends in a word that says nothing");
        }
        if name.ends_with("V2") {
            self.fault(ident, "carries a version");
        }
    }

    fn read_function(&mut self, ident: &syn::Ident) {
        let name = ident.to_string();
        // Dialects and proxies name their entry after the foreign protocol's own word.
        let is_dialect = self.path.contains("/dialects/");
        let is_empty = EMPTY_VERBS.iter().any(|verb| name.starts_with(verb));
        if is_empty && !(is_dialect && name.starts_with("handle_")) {
            self.fault(ident, "begins with a verb that says nothing");
        }
    }

    fn read_variable(&mut self, ident: &syn::Ident) {
        let name = ident.to_string();
        if RELATIVE_ADJECTIVES
            .iter()
            .any(|adjective| name.starts_with(adjective))
        {
            self.fault(ident, "is new or old only today");
        }
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_ident(&mut self, ident: &'ast syn::Ident) {
        let name = ident.to_string().to_lowercase();
        if WRONG_WORDS.iter().any(|word| name.contains(word)) {
            self.fault(ident, "uses a word with another name here");
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if EMPTY_WORDS.contains(&item.ident.to_string().as_str()) {
            self.fault(&item.ident, "is a module that says nothing");
        }
        syn::visit::visit_item_mod(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.read_type(&item.ident);
        syn::visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.read_type(&item.ident);
        syn::visit::visit_item_enum(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.read_type(&item.ident);
        syn::visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.read_type(&item.ident);
        syn::visit::visit_item_type(self, item);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.read_function(&signature.ident);
        syn::visit::visit_signature(self, signature);
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        self.read_variable(&pattern.ident);
        syn::visit::visit_pat_ident(self, pattern);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(ident) = &field.ident {
            self.read_variable(ident);
        }
        syn::visit::visit_field(self, field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        faults(&[Source::parse(path, text)])
    }

    #[test]
    fn files_and_modules_that_say_nothing_are_found() {
        assert_eq!(
            found("crates/a/src/utils.rs", "mod helpers {}"),
            [
                "crates/a/src/utils.rs: `utils` as a file or folder",
                "crates/a/src/utils.rs:1: `helpers` is a module that says nothing",
            ]
        );
    }

    #[test]
    fn a_type_is_judged_by_its_last_word() {
        let text = "struct KeyManager; struct ManagerKey; enum UserInfo {} trait ThingV2 {}";
        let found = found("crates/a/src/a.rs", text);
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn empty_verbs_and_adjectives_are_found() {
        let text = "fn handle_key(new_key: u8) { let old_key = 1; let newest = 2; }";
        let found = found("crates/a/src/a.rs", text);
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn a_dialect_may_keep_the_foreign_verb() {
        let path = "crates/server/src/dialects/a.rs";
        assert_eq!(found(path, "fn handle_frame() {}"), Vec::<String>::new());
    }

    #[test]
    fn words_with_another_name_here_are_found() {
        assert_eq!(found("crates/a/src/a.rs", "struct TenantId;").len(), 1);
    }
}
