//! Labels and sentences of pages.

use serde::Deserialize;

use super::super::parse::{InvalidProfile, fault};

/// Longest word or sentence, in characters.
const WORDS_CHARS_MAX: usize = 500;

macro_rules! words {
    ($($name:ident $default:literal)*) => {
        /// Labels and sentences. `{product}` stands for the product's title, `{name}` for the name of a
        /// key or place.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Words { $(pub $name: String,)* }

        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct WordsTable { $($name: Option<String>,)* }

        impl WordsTable {
            pub(super) fn read(self) -> Result<Words, InvalidProfile> {
                Ok(Words { $($name: word(concat!("pages.words.", stringify!($name)), self.$name, $default)?,)* })
            }
        }
    };
}

words! {
    keys "API keys"
    intro "Programs call the {product} API with these keys."
    create "Create key"
    create_first "Create your first key"
    create_title "Create key"
    create_confirm "Create key"
    name "Name"
    name_hint "Where will it be used? One place, one key."
    key "Key"
    created "Key created"
    kept "Only its digest is kept, so nobody can show it again. A lost key is replaced, not recovered."
    empty "No keys yet"
    empty_intro "A key lets a server, script or pipeline call the {product} API under its own name, with only the permissions you give it. Revoke one and it is refused everywhere within milliseconds."
    revoke_title "Revoke “{name}”?"
    revoke_text "Every request with this key is refused from the moment you confirm. This cannot be undone; after a mistake, create a new key and change the configuration that used it."
    revoke_confirm "Revoke key"
    project "Project"
    projects "Projects"
    project_page "Project"
    choose_project "Choose a project."
    which_project "Which project?"
    which_project_text "Each project has its own keys. Choose one here or in the bar above; the list and the create button follow it."
    scope "Where it may do it"
    scope_all "Everything in {name}"
    scope_search "Search projects and resources"
    settings "Settings"
}

pub(super) fn word(
    key: &str,
    given: Option<String>,
    default: &str,
) -> Result<String, InvalidProfile> {
    let text = given.unwrap_or_else(|| default.to_owned());
    let is_text = (1..=WORDS_CHARS_MAX).contains(&text.chars().count())
        && !text.chars().any(char::is_control);
    if is_text {
        Ok(text)
    } else {
        Err(fault(
            key,
            "words are 1 to 500 characters without control characters",
        ))
    }
}

impl Words {
    /// A sentence about the product.
    pub fn about(sentence: &str, product: &str) -> String {
        sentence.replace("{product}", product)
    }

    /// Everything in an organization or a project.
    pub fn all_of(&self, place: &str) -> String {
        Self::naming(&self.scope_all, place)
    }

    /// A sentence about a key or a place.
    pub fn naming(sentence: &str, name: &str) -> String {
        sentence.replace("{name}", name)
    }
}
