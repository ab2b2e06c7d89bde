//! Which engine it is, is known in `store`'s `engine.rs` and nowhere else in `store`.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

use crate::source::{Source, is_doc};

const ENGINE_FILE: &str = "crates/store/src/engine.rs";
const ENGINES: &[&str] = &["sqlite", "postgres"];

/// `path`, with the reason for which it may name an engine.
const EXEMPT: &[(&str, &str)] = &[];

pub(crate) fn faults(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        let is_in_store = source.path.starts_with("crates/store/src/");
        let is_exempt = EXEMPT.iter().any(|(path, _)| *path == source.path);
        if !is_in_store || source.path == ENGINE_FILE || is_exempt {
            continue;
        }
        for (line, word) in code_words(source) {
            let word = word.to_lowercase();
            if ENGINES.iter().any(|engine| word.contains(engine)) && !source.is_test_line(line) {
                faults.push(format!("{}:{line}: {word}", source.path));
            }
        }
    }
    faults
}

/// Every name and string of the code with its line; comments are prose and do not count.
pub(crate) fn code_words(source: &Source) -> Vec<(usize, String)> {
    let mut words = Words { found: Vec::new() };
    words.visit_file(&source.tree);
    words.found
}

struct Words {
    found: Vec<(usize, String)>,
}

impl Words {
    fn collect(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.collect(group.stream()),
                TokenTree::Punct(_) => {}
                TokenTree::Ident(word) => self.push(word.span(), word.to_string()),
                TokenTree::Literal(word) => self.push(word.span(), word.to_string()),
            }
        }
    }

    fn push(&mut self, span: proc_macro2::Span, word: String) {
        self.found.push((span.start().line, word));
    }
}

impl<'ast> Visit<'ast> for Words {
    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if !is_doc(attribute) {
            syn::visit::visit_attribute(self, attribute);
        }
    }

    fn visit_ident(&mut self, ident: &'ast syn::Ident) {
        self.push(ident.span(), ident.to_string());
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.push(literal.span(), literal.value());
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.collect(tokens.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        faults(&[Source::parse(path, text)])
    }

    #[test]
    fn an_engine_is_found_in_names_strings_and_macros() {
        let text = "fn a() { Engine::Sqlite; \"postgres://\"; format!(\"{}\", is_sqlite); }";
        assert_eq!(found("crates/store/src/keys.rs", text).len(), 3);
    }

    #[test]
    fn prose_tests_other_crates_and_the_engine_file_may_name_engines() {
        let text = "//! SQLite orders bytes.\n/// PostgreSQL too.\nfn a() {}\n\
                    #[cfg(test)]\nmod tests { fn sqlite() {} }\n";
        assert_eq!(
            found("crates/store/src/keys.rs", text),
            Vec::<String>::new()
        );
        assert_eq!(
            found(ENGINE_FILE, "enum Engine { Sqlite }"),
            Vec::<String>::new()
        );
        assert_eq!(
            found("crates/server/src/a.rs", "enum E { Sqlite }"),
            Vec::<String>::new()
        );
    }
}
