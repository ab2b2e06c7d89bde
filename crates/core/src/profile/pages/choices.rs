//! Reads the lists and addresses of the `[pages]` table.

use std::collections::BTreeMap;

use super::super::parse::{InvalidProfile, fault};
use super::words::word;
use super::{Access, CHOICES_MAX, Column, Expiry, Help, HelpLine, ROW_ACTIONS_MAX, RowAction};
use crate::permission::Permission;
use crate::time::Span;

pub(super) fn columns(words: Option<Vec<String>>) -> Result<Vec<Column>, InvalidProfile> {
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
            "scope" => C::Scope,
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

pub(super) fn access(words: Option<Vec<String>>) -> Result<Vec<Access>, InvalidProfile> {
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

pub(super) fn permissions(
    table: BTreeMap<String, String>,
) -> Result<BTreeMap<Permission, String>, InvalidProfile> {
    let read = table.into_iter().map(|(name, meaning)| {
        let key = format!("pages.permissions.{name}");
        let permission = name.parse().map_err(|error| fault(&key, &error))?;
        Ok((permission, word(&key, Some(meaning), "")?))
    });
    read.collect()
}

pub(super) fn expiry(words: Option<Vec<String>>) -> Result<Vec<Expiry>, InvalidProfile> {
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

pub(super) fn grace(words: Option<Vec<String>>) -> Result<Vec<Span>, InvalidProfile> {
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
pub(super) fn variable(given: Option<String>, title: &str) -> Result<String, InvalidProfile> {
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
pub(super) fn example_url(given: Option<String>) -> Result<String, InvalidProfile> {
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

/// Actions of a row, in their order.
pub(super) fn row_actions(words: Option<Vec<String>>) -> Result<Vec<RowAction>, InvalidProfile> {
    use RowAction as A;
    let key = "pages.row_actions";
    let Some(words) = words else {
        return Ok(vec![A::Rotate, A::Switch, A::Revoke]);
    };
    if words.len() > ROW_ACTIONS_MAX {
        return Err(fault(key, "a row has at most 3 actions"));
    }
    let mut actions = Vec::with_capacity(words.len());
    for word in words {
        let action = match word.as_str() {
            "edit" => A::Edit,
            "rotate" => A::Rotate,
            "deactivate" => A::Switch,
            "revoke" => A::Revoke,
            "delete" => A::Delete,
            _ => return Err(fault(key, &format!("there is no action {word}"))),
        };
        if actions.contains(&action) {
            return Err(fault(key, &format!("{word} is listed twice")));
        }
        actions.push(action);
    }
    Ok(actions)
}

/// Advice beside the list; one that leads somewhere leads to a page of this server or over https.
pub(super) fn help(lines: Vec<HelpLine>) -> Result<Vec<Help>, InvalidProfile> {
    let key = "pages.help";
    let read = lines.into_iter().map(|line| {
        let (text, url) = match line {
            HelpLine::Text(text) => (text, None),
            HelpLine::Link { text, url } => (text, Some(url)),
        };
        let is_address = |url: &str| url.starts_with("https://") || url.starts_with('/');
        if !url.as_deref().is_none_or(is_address) {
            return Err(fault(key, "an address is of https, or a path"));
        }
        Ok(Help {
            text: word(key, Some(text), "")?,
            url,
        })
    });
    read.collect()
}
