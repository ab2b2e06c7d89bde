//! A file that is offered beside a secret, this once: the `[pages.download]` table. The browser puts the
//! secret in, so that the file is nowhere else.

use serde::Deserialize;

use super::parse::{InvalidProfile, fault};

/// Longest text, in bytes.
const TEXT_BYTES_MAX: usize = 4_096;
/// Where the secret goes.
pub const SECRET: &str = "{secret}";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    pub file: String,
    /// On the button.
    pub label: String,
    /// With `{key}`, `{organization}`, `{url}` and [`SECRET`] in it.
    pub text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DownloadTable {
    file: String,
    label: String,
    text: String,
}

impl DownloadTable {
    pub(super) fn read(self) -> Result<Download, InvalidProfile> {
        let is_name = |name: &str| {
            let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            // A name that begins with a dot is changed by browsers.
            (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(is_word)
        };
        if !is_name(&self.file) {
            let rule = "is 1 to 64 of A-Z a-z 0-9 . _ - and begins with no dot";
            return Err(fault("pages.download.file", rule));
        }
        if self.label.is_empty() || self.label.chars().count() > 100 {
            return Err(fault("pages.download.label", "is 1 to 100 characters"));
        }
        if self.text.len() > TEXT_BYTES_MAX || !self.text.contains(SECRET) {
            let rule = "is at most 4096 bytes with {secret} in them";
            return Err(fault("pages.download.text", rule));
        }
        Ok(Download {
            file: self.file,
            label: self.label,
            text: self.text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, text: &str) -> Result<Download, String> {
        let table = DownloadTable {
            file: file.to_owned(),
            label: "Download".to_owned(),
            text: text.to_owned(),
        };
        table.read().map_err(|error| error.to_string())
    }

    #[test]
    fn a_download_has_a_name_that_browsers_keep_and_a_place_for_the_secret() {
        assert!(read("config.toml", "a = \"{secret}\"").is_ok());
        for (file, text, key) in [
            (".env", SECRET, "pages.download.file"),
            ("", SECRET, "pages.download.file"),
            ("a/b", SECRET, "pages.download.file"),
            ("a", "no place", "pages.download.text"),
        ] {
            assert!(read(file, text).unwrap_err().starts_with(key), "{file}");
        }
    }
}
