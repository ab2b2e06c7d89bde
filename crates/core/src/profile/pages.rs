//! What the pages say and show where products differ: the `[pages]` table of a profile. Every key may
//! be left out and then has a word of our own; a key that nobody reads is refused.

mod choices;
mod places;
mod words;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::places::{Entry, Group, KeysOf, Place};
pub use self::words::Words;

use self::choices::{
    access, columns, example_url, expiry, grace, help, permissions, row_actions, variable,
};
use self::places::GroupTable;
use self::words::WordsTable;
use super::download::{Download, DownloadTable};
use super::parse::{InvalidProfile, fault};
use crate::permission::Permission;
use crate::text::NAME_CHARS_MAX;
use crate::time::Span;

/// Most choices beside each other; more are no longer seen at a glance.
pub const CHOICES_MAX: usize = 5;
/// Most actions of a row; more would crowd out what it says.
const ROW_ACTIONS_MAX: usize = 3;
/// Longest name that a form asks for, where the profile says nothing.
const FORM_NAME_CHARS_MAX: usize = 100;

/// The pages of one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    pub words: Words,
    /// What the sidebar has, of which everybody sees what they may open.
    pub navigation: Vec<Group>,
    pub keys_of: KeysOf,
    pub form: Form,
    pub columns: Vec<Column>,
    pub row_actions: Vec<RowAction>,
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
    /// Whether a key can be ended for good and still be seen; where not, it is deleted instead.
    pub can_revoke: bool,
    pub can_delete: bool,
    pub can_test: bool,
    /// Whether a secret can be taken away as a file that sets its variable.
    pub has_env_file: bool,
    /// A file of the product's own that the secret can be taken away in.
    pub download: Option<Download>,
    /// The environment variable in examples and files.
    pub variable: String,
    /// The address of the product's API in examples.
    pub example_url: String,
    /// Advice in a panel beside the list.
    pub help: Vec<Help>,
}

/// A sentence of advice, and perhaps where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    pub text: String,
    pub url: Option<String>,
}

/// Where the form is that makes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Over the page.
    Dialog,
    /// Above the list, on the same page.
    Page,
}

/// What can be done with a key from its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowAction {
    Edit,
    Rotate,
    /// Off, or on again.
    Switch,
    Revoke,
    Delete,
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
    /// Where it may do that.
    Scope,
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
    /// There, or in exactly one registered resource.
    Resource,
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
    navigation: Option<Vec<GroupTable>>,
    keys_of: Option<String>,
    form: Option<String>,
    columns: Option<Vec<String>>,
    row_actions: Option<Vec<String>>,
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
    revoke: Option<bool>,
    delete: Option<bool>,
    test: Option<bool>,
    env_file: Option<bool>,
    download: Option<DownloadTable>,
    variable: Option<String>,
    example_url: Option<String>,
    #[serde(default)]
    help: Vec<HelpLine>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "help is a sentence, or a text with a url")]
enum HelpLine {
    Text(String),
    Link { text: String, url: String },
}

impl PagesTable {
    /// `title` is the product's, from which the variable's name is made.
    pub(super) fn read(self, title: &str) -> Result<Pages, InvalidProfile> {
        let name_chars_max = self.name_chars_max.unwrap_or(FORM_NAME_CHARS_MAX);
        if !(1..=NAME_CHARS_MAX).contains(&name_chars_max) {
            return Err(fault("pages.name_chars_max", "is from 1 to 253"));
        }
        let keys_of = places::keys_of(self.keys_of.as_deref())?;
        let reveal = match self.reveal.as_deref() {
            None | Some("dialog") => Reveal::Dialog,
            Some("banner") => Reveal::Banner,
            Some(_) => return Err(fault("pages.reveal", "is \"dialog\" or \"banner\"")),
        };
        let can_revoke = self.revoke.unwrap_or(true);
        let can_delete = self.delete.unwrap_or(true);
        if !can_revoke && !can_delete {
            return Err(fault("pages.delete", "a key can be ended in some way"));
        }
        Ok(Pages {
            words: self.words.read()?,
            navigation: places::navigation(self.navigation, keys_of)?,
            keys_of,
            form: form(self.form.as_deref(), reveal)?,
            columns: columns(self.columns)?,
            row_actions: row_actions(self.row_actions)?,
            lists_revoked: self.lists_revoked.unwrap_or(false),
            access: access(self.access)?,
            scope: match self.scope.as_deref() {
                Some("own") => Scope::Own,
                None | Some("picker") => Scope::Picker,
                Some("resource") => Scope::Resource,
                Some(_) => {
                    return Err(fault(
                        "pages.scope",
                        "is \"own\", \"picker\" or \"resource\"",
                    ));
                }
            },
            reveal,
            permissions: permissions(self.permissions)?,
            expiry: expiry(self.expiry)?,
            has_description: self.description.unwrap_or(true),
            has_address_rules: self.address_rules.unwrap_or(true),
            name_chars_max,
            grace: grace(self.grace)?,
            can_deactivate: self.deactivate.unwrap_or(true),
            can_revoke,
            can_delete,
            can_test: self.test.unwrap_or(true),
            has_env_file: self.env_file.unwrap_or(true),
            download: self.download.map(DownloadTable::read).transpose()?,
            variable: variable(self.variable, title)?,
            example_url: example_url(self.example_url)?,
            help: help(self.help)?,
        })
    }
}

/// A form on the list's page is followed by that page, with the secret in it.
fn form(word: Option<&str>, reveal: Reveal) -> Result<Form, InvalidProfile> {
    match (word, reveal) {
        (None | Some("dialog"), _) => Ok(Form::Dialog),
        (Some("page"), Reveal::Banner) => Ok(Form::Page),
        (Some("page"), Reveal::Dialog) => Err(fault(
            "pages.form",
            "on the page goes with reveal = \"banner\"",
        )),
        (Some(_), _) => Err(fault("pages.form", "is \"dialog\" or \"page\"")),
    }
}

impl Pages {
    pub fn has_banner(&self) -> bool {
        self.reveal == Reveal::Banner
    }

    pub fn has_action(&self, action: RowAction) -> bool {
        self.row_actions.contains(&action)
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
             scope = \"own\"\nreveal = \"banner\"\nform = \"page\"\n\
             row_actions = [\"revoke\"]\nhelp = [\"Keep it\", { text = \"Guide\", url = \"/docs\" }]\n\
             expiry = [\"never\"]\ngrace = []\nname_chars_max = 60\nvariable = \"AS_KEY\"\n\
             [words]\ncreate = \"New key\"\n[permissions]\n\"docs.read\" = \"Read documents\"\n",
        )
        .unwrap();
        assert_eq!(pages.columns, [Column::Created, Column::Key]);
        assert!(pages.lists_revoked && pages.access.is_empty() && pages.grace.is_empty());
        assert_eq!((pages.scope, pages.reveal), (Scope::Own, Reveal::Banner));
        assert_eq!(pages.words.create, "New key");
        assert_eq!(
            (pages.form, pages.row_actions.as_slice()),
            (Form::Page, &[RowAction::Revoke][..])
        );
        assert_eq!(
            pages.help.last().and_then(|it| it.url.as_deref()),
            Some("/docs")
        );
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
            "form = \"page\"",
            "form = \"letter\"\nreveal = \"banner\"",
            "row_actions = [\"sell\"]",
            "row_actions = [\"edit\", \"edit\"]",
            "row_actions = [\"edit\", \"rotate\", \"revoke\", \"delete\"]",
            "revoke = false\ndelete = false",
            "help = [\"\"]",
            "help = [{ text = \"Guide\", url = \"javascript:alert(1)\" }]",
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
