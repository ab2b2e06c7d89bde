//! What the pages say and show where products differ: the `[pages]` table of a profile. Every key may
//! be left out and then has a word of our own; a key that nobody reads is refused.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::parse::{InvalidProfile, fault};
use crate::permission::Permission;
use crate::text::NAME_CHARS_MAX;
use crate::time::Span;

/// Most choices beside each other; more are no longer seen at a glance.
pub const CHOICES_MAX: usize = 5;
/// Longest word or sentence, in characters.
const WORDS_CHARS_MAX: usize = 500;
/// Longest name that a form asks for, where the profile says nothing.
const FORM_NAME_CHARS_MAX: usize = 100;

/// The pages of one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    pub words: Words,
    pub columns: Vec<Column>,
    /// Whether revoked keys are listed from the start, or behind a switch.
    pub lists_revoked: bool,
    /// Ways in which a creator can say what a key may do, the first one chosen. None: no such field.
    pub access: Vec<Access>,
    /// Whether a creator chooses where a key's grants hold.
    pub scope: Scope,
    /// How a secret is shown, this one time.
    pub reveal: Reveal,
    /// What permissions mean, beside their words.
    pub permissions: BTreeMap<Permission, String>,
    pub expiry: Vec<Expiry>,
    pub has_description: bool,
    pub has_address_rules: bool,
    /// Longest name that the form takes, in characters.
    pub name_chars_max: usize,
    /// How long an old key may live on; none: keys are not rotated here.
    pub grace: Vec<Span>,
    /// Whether keys can be switched off and on.
    pub can_deactivate: bool,
    pub can_delete: bool,
    pub can_test: bool,
    /// Whether a secret can be taken away as a file that sets its variable.
    pub has_env_file: bool,
    /// The environment variable in examples and files.
    pub variable: String,
    /// The address of the product's API in examples.
    pub example_url: String,
    /// Sentences in a panel beside the list.
    pub help: Vec<String>,
}

/// Labels and sentences. `{product}` stands for the product's title, `{name}` for a key's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub keys: String,
    pub intro: String,
    pub create: String,
    pub create_first: String,
    pub create_title: String,
    pub create_confirm: String,
    pub name: String,
    pub name_hint: String,
    pub created: String,
    pub empty: String,
    pub empty_intro: String,
    pub revoke_title: String,
    pub revoke_text: String,
    pub revoke_confirm: String,
}

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Key,
    Status,
    Requests,
    LastUsed,
    Expires,
    Created,
    CreatedBy,
    Permissions,
}

/// How a creator says what a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// All that the creator may do, at any moment.
    Inherit,
    Permissions,
    Role,
}

/// Where the grants of a new key hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In all of what the key belongs to.
    Own,
    /// Where the creator says: there, in a project, or deeper.
    Picker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reveal {
    /// Over the page, with examples and a test.
    Dialog,
    /// Above the list.
    Banner,
}

/// A choice of when a key ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    After(Span),
    /// On a day that is named.
    Date,
    Never,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PagesTable {
    #[serde(default)]
    words: WordsTable,
    columns: Option<Vec<String>>,
    lists_revoked: Option<bool>,
    access: Option<Vec<String>>,
    scope: Option<String>,
    reveal: Option<String>,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
    expiry: Option<Vec<String>>,
    description: Option<bool>,
    address_rules: Option<bool>,
    name_chars_max: Option<usize>,
    grace: Option<Vec<String>>,
    deactivate: Option<bool>,
    delete: Option<bool>,
    test: Option<bool>,
    env_file: Option<bool>,
    variable: Option<String>,
    example_url: Option<String>,
    #[serde(default)]
    help: Vec<String>,
}

macro_rules! words {
    ($($name:ident $default:literal)*) => {
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct WordsTable { $($name: Option<String>,)* }

        impl WordsTable {
            fn read(self) -> Result<Words, InvalidProfile> {
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
    created "Key created"
    empty "No keys yet"
    empty_intro "A key lets a server, script or pipeline call the {product} API under its own name, with only the permissions you give it. Revoke one and it is refused everywhere within milliseconds."
    revoke_title "Revoke “{name}”?"
    revoke_text "Every request with this key is refused from the moment you confirm. This cannot be undone; after a mistake, create a new key and change the configuration that used it."
    revoke_confirm "Revoke key"
}

fn word(key: &str, given: Option<String>, default: &str) -> Result<String, InvalidProfile> {
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

impl PagesTable {
    /// `title` is the product's, from which the variable's name is made.
    pub(super) fn read(self, title: &str) -> Result<Pages, InvalidProfile> {
        let name_chars_max = self.name_chars_max.unwrap_or(FORM_NAME_CHARS_MAX);
        if !(1..=NAME_CHARS_MAX).contains(&name_chars_max) {
            return Err(fault("pages.name_chars_max", "is from 1 to 253"));
        }
        for sentence in &self.help {
            word("pages.help", Some(sentence.clone()), "")?;
        }
        Ok(Pages {
            words: self.words.read()?,
            columns: columns(self.columns)?,
            lists_revoked: self.lists_revoked.unwrap_or(false),
            access: access(self.access)?,
            scope: match self.scope.as_deref() {
                Some("own") => Scope::Own,
                None | Some("picker") => Scope::Picker,
                Some(_) => return Err(fault("pages.scope", "is \"own\" or \"picker\"")),
            },
            reveal: match self.reveal.as_deref() {
                None | Some("dialog") => Reveal::Dialog,
                Some("banner") => Reveal::Banner,
                Some(_) => return Err(fault("pages.reveal", "is \"dialog\" or \"banner\"")),
            },
            permissions: permissions(self.permissions)?,
            expiry: expiry(self.expiry)?,
            has_description: self.description.unwrap_or(true),
            has_address_rules: self.address_rules.unwrap_or(true),
            name_chars_max,
            grace: grace(self.grace)?,
            can_deactivate: self.deactivate.unwrap_or(true),
            can_delete: self.delete.unwrap_or(true),
            can_test: self.test.unwrap_or(true),
            has_env_file: self.env_file.unwrap_or(true),
            variable: variable(self.variable, title)?,
            example_url: example_url(self.example_url)?,
            help: self.help,
        })
    }
}

impl Pages {
    pub fn has_banner(&self) -> bool {
        self.reveal == Reveal::Banner
    }
}

impl Words {
    /// A sentence about the product.
    pub fn about(sentence: &str, product: &str) -> String {
        sentence.replace("{product}", product)
    }

    /// A sentence about a key.
    pub fn naming(sentence: &str, name: &str) -> String {
        sentence.replace("{name}", name)
    }
}

fn columns(words: Option<Vec<String>>) -> Result<Vec<Column>, InvalidProfile> {
    use Column as C;
    let Some(words) = words else {
        return Ok(vec![
            C::Key,
            C::Status,
            C::Requests,
            C::LastUsed,
            C::Expires,
        ]);
    };
    let mut columns = Vec::with_capacity(words.len());
    for word in words {
        let column = match word.as_str() {
            "key" => C::Key,
            "status" => C::Status,
            "requests" => C::Requests,
            "last_used" => C::LastUsed,
            "expires" => C::Expires,
            "created" => C::Created,
            "created_by" => C::CreatedBy,
            "permissions" => C::Permissions,
            _ => {
                return Err(fault(
                    "pages.columns",
                    &format!("there is no column {word}"),
                ));
            }
        };
        if columns.contains(&column) {
            return Err(fault("pages.columns", &format!("{word} is listed twice")));
        }
        columns.push(column);
    }
    Ok(columns)
}

fn access(words: Option<Vec<String>>) -> Result<Vec<Access>, InvalidProfile> {
    let Some(words) = words else {
        return Ok(vec![Access::Inherit, Access::Permissions, Access::Role]);
    };
    let read = words.iter().map(|word| match word.as_str() {
        "inherit" => Ok(Access::Inherit),
        "permissions" => Ok(Access::Permissions),
        "role" => Ok(Access::Role),
        _ => Err(fault(
            "pages.access",
            "is a list of \"inherit\", \"permissions\" and \"role\"",
        )),
    });
    read.collect()
}

fn permissions(
    table: BTreeMap<String, String>,
) -> Result<BTreeMap<Permission, String>, InvalidProfile> {
    let read = table.into_iter().map(|(name, meaning)| {
        let key = format!("pages.permissions.{name}");
        let permission = name.parse().map_err(|error| fault(&key, &error))?;
        Ok((permission, word(&key, Some(meaning), "")?))
    });
    read.collect()
}

fn expiry(words: Option<Vec<String>>) -> Result<Vec<Expiry>, InvalidProfile> {
    let key = "pages.expiry";
    let words = words.unwrap_or_else(|| {
        let default = ["30d", "90d", "365d", "date", "never"];
        default.map(str::to_owned).to_vec()
    });
    if words.is_empty() || words.len() > CHOICES_MAX {
        return Err(fault(key, "name 1 to 5 choices"));
    }
    let read = words.iter().map(|word| match word.as_str() {
        "date" => Ok(Expiry::Date),
        "never" => Ok(Expiry::Never),
        span => match span.parse() {
            Ok(span) if span > Span::ZERO => Ok(Expiry::After(span)),
            _ => Err(fault(key, "a choice is a span, \"date\" or \"never\"")),
        },
    });
    read.collect()
}

fn grace(words: Option<Vec<String>>) -> Result<Vec<Span>, InvalidProfile> {
    let key = "pages.grace";
    let words = words.unwrap_or_else(|| ["0s", "1h", "24h", "7d"].map(str::to_owned).to_vec());
    if words.len() > CHOICES_MAX {
        return Err(fault(key, "name at most 5 choices"));
    }
    let read = words.iter().map(|word| word.parse());
    read.map(|span| span.map_err(|error| fault(key, &error)))
        .collect()
}

/// `Acme Search` becomes `ACME_SEARCH_API_KEY`.
fn variable(given: Option<String>, title: &str) -> Result<String, InvalidProfile> {
    let name = given.unwrap_or_else(|| {
        let upper = title.to_ascii_uppercase();
        let words = upper.split(|letter: char| !letter.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        match words.first() {
            Some(first) if first.starts_with(|letter: char| letter.is_ascii_uppercase()) => {
                format!("{}_API_KEY", words.join("_"))
            }
            _ => "API_KEY".to_owned(),
        }
    });
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && name.starts_with(|letter: char| letter.is_ascii_uppercase());
    if is_name {
        Ok(name)
    } else {
        Err(fault("pages.variable", "a variable is of A-Z, 0-9 and _"))
    }
}

/// It stands in a line for a shell, so nothing that a shell would read.
fn example_url(given: Option<String>) -> Result<String, InvalidProfile> {
    let url = given.unwrap_or_else(|| "https://api.example.com/v1/hello".to_owned());
    let is_plain = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'.' | b'_' | b'~' | b':' | b'/' | b'-' | b'?' | b'=')
    };
    if url.starts_with("https://") && url.bytes().all(is_plain) {
        Ok(url)
    } else {
        Err(fault(
            "pages.example_url",
            "is an https address of letters, digits and . _ ~ : / - ? =",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<Pages, String> {
        let table: PagesTable = toml::from_str(toml).map_err(|error| error.to_string())?;
        table.read("Acme Search").map_err(|error| error.to_string())
    }

    #[test]
    fn every_word_has_one_of_our_own() {
        let pages = read("").unwrap();
        assert_eq!(pages.words.create, "Create key");
        assert_eq!(pages.variable, "ACME_SEARCH_API_KEY");
        assert_eq!(pages.expiry.len(), CHOICES_MAX);
        assert_eq!(pages.access.first(), Some(&Access::Inherit));
        assert_eq!((pages.scope, pages.reveal), (Scope::Picker, Reveal::Dialog));
        assert_eq!(
            Words::naming(&pages.words.revoke_title, "CI"),
            "Revoke “CI”?"
        );
    }

    #[test]
    fn a_profile_says_it_otherwise() {
        let pages = read(
            "columns = [\"created\", \"key\"]\nlists_revoked = true\naccess = []\n\
             scope = \"own\"\nreveal = \"banner\"\n\
             expiry = [\"never\"]\ngrace = []\nname_chars_max = 60\nvariable = \"AS_KEY\"\n\
             [words]\ncreate = \"New key\"\n[permissions]\n\"docs.read\" = \"Read documents\"\n",
        )
        .unwrap();
        assert_eq!(pages.columns, [Column::Created, Column::Key]);
        assert!(pages.lists_revoked && pages.access.is_empty() && pages.grace.is_empty());
        assert_eq!((pages.scope, pages.reveal), (Scope::Own, Reveal::Banner));
        assert_eq!(pages.words.create, "New key");
        assert_eq!(pages.permissions.len(), 1);
        assert_eq!(pages.variable, "AS_KEY");
    }

    #[test]
    fn what_nobody_reads_or_can_be_is_refused() {
        for bad in [
            "colums = []",
            "columns = [\"nmae\"]",
            "columns = [\"key\", \"key\"]",
            "access = [\"all\"]",
            "scope = \"everywhere\"",
            "reveal = \"post\"",
            "expiry = []",
            "expiry = [\"0s\"]",
            "expiry = [\"1d\", \"2d\", \"3d\", \"4d\", \"5d\", \"6d\"]",
            "grace = [\"soon\"]",
            "name_chars_max = 254",
            "variable = \"a b\"",
            "example_url = \"https://x.example/$(id)\"",
            "[words]\ncreat = \"x\"",
            "[words]\ncreate = \"\"",
            "[permissions]\n\"Docs\" = \"x\"",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
