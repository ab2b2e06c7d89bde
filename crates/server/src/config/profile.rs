//! The shipped profiles, and a profile by name or file. No name of one stands in the code: the
//! folder is embedded as it is, and a profile's name is what its text says.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::LazyLock;

use keyway_api::code::Code;
use keyway_core::profile::Profile;
use keyway_core::profile::parse::{InvalidProfile, PROFILE_BYTES_MAX};
use rust_embed::RustEmbed;
use serde::Serialize;

use super::error::ProfileFault;
use super::file::read_text;
use super::{ProfileChoice, shipped_profiles};
use crate::dialects;

#[derive(RustEmbed)]
#[folder = "../../profiles"]
struct Folder;

static SHIPPED: LazyLock<Vec<(&'static str, &'static str)>> =
    LazyLock::new(|| Folder::iter().filter_map(|path| embedded(&path)).collect());

pub(crate) fn shipped() -> &'static [(&'static str, &'static str)] {
    &SHIPPED
}

/// Name and text of an embedded file. A test holds that there is none without them.
fn embedded(path: &str) -> Option<(&'static str, &'static str)> {
    let Cow::Borrowed(bytes) = Folder::get(path)?.data else {
        return None;
    };
    let text = std::str::from_utf8(bytes).ok()?;
    let name = Profile::parse(text).ok()?.name;
    Some((name.leak(), text))
}

/// Reads a profile that is to be put in force. A misspelt name under `[codes]` would rename nothing, and
/// nobody would notice. One that is in force already may be of another version, with other codes.
pub(crate) fn parse(toml: &str) -> Result<Profile, InvalidProfile> {
    let profile = Profile::parse(toml)?;
    if let Some(dialect) = &profile.dialect
        && !dialects::is_spoken(dialect)
    {
        return Err(InvalidProfile::Value {
            key: "dialect".to_owned(),
            fault: "there is no such dialect".to_owned(),
        });
    }
    let mut names = profile.codes.keys();
    match names.find(|name| Code::from_name(name).is_none()) {
        None => Ok(profile),
        Some(name) => Err(InvalidProfile::Value {
            key: format!("codes.{name}"),
            fault: "there is no code of this name".to_owned(),
        }),
    }
}

/// What `keyway profile check` tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProfileSummary {
    pub name: String,
    pub title: String,
    /// The template of its keys.
    pub template: String,
    /// A regular expression that finds its keys in text.
    pub key_pattern: String,
    pub environments: Vec<String>,
}

impl ProfileChoice {
    /// A shipped profile by its name, or a file's. `./NAME` is a file, whatever is shipped.
    pub fn read(name_or_path: &str) -> Result<Self, ProfileFault> {
        let toml = Self::read_text(name_or_path)?;
        let name = match parse(&toml) {
            Ok(profile) => profile.name,
            Err(cause) => {
                let path = name_or_path.to_owned();
                return Err(ProfileFault::Invalid { path, cause });
            }
        };
        Ok(Self { name, toml })
    }

    /// The text alone, for a server of another version that will judge it.
    pub fn read_text(name_or_path: &str) -> Result<String, ProfileFault> {
        let shipped = shipped_profiles();
        if let Some((_, text)) = shipped.iter().find(|(name, _)| *name == name_or_path) {
            return Ok((*text).to_owned());
        }
        read_text(Path::new(name_or_path), PROFILE_BYTES_MAX).map_err(|cause| {
            let path = name_or_path.to_owned();
            let has_ending = Path::new(&path)
                .extension()
                .is_some_and(|ending| ending == "toml");
            let is_name = !path.contains('/') && !has_ending;
            if cause.kind() == io::ErrorKind::NotFound && is_name {
                let names: Vec<&str> = shipped.iter().map(|(name, _)| *name).collect();
                return ProfileFault::Unknown {
                    name: path,
                    shipped: names.join(", "),
                };
            }
            ProfileFault::Unreadable { path, cause }
        })
    }

    pub fn summary(&self) -> Result<ProfileSummary, InvalidProfile> {
        let profile = parse(&self.toml)?;
        let environments = profile.key.environments;
        let words: Vec<&str> = environments.iter().map(String::as_str).collect();
        Ok(ProfileSummary {
            name: profile.name,
            title: profile.title,
            template: profile.key.template.as_str().to_owned(),
            key_pattern: profile.key.template.regex(&words),
            environments,
        })
    }
}
