//! The fields that making and changing a key have in common: kept as they were filled in, read into
//! what they mean, and a sentence at each that cannot be read.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::Offset;
use keyway_core::key::Lifetime;
use keyway_core::network::{InvalidIpRules, IpRules};
use keyway_core::profile::pages::Expiry;
use keyway_core::text::{DESCRIPTION_CHARS_MAX, Description, Name};
use keyway_core::time::{Span, Timestamp};

use super::super::members::grouped;
use super::super::moments;
use super::access::Choice;
use super::desk::Desk;
use super::sent::Sent;
use crate::answer::wire;

pub(crate) const NAME: &str = "name";
pub(crate) const EXPIRY: &str = "expiry";
pub(crate) const DESCRIPTION: &str = "description";
pub(crate) const ADDRESSES: &str = "addresses";
/// Leaves the end of a key as it is.
pub(crate) const KEEP: &str = "keep";
const DATE: &str = "date";
const NEVER: &str = "never";

/// What was filled in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    pub name: String,
    pub expiry: String,
    pub date: String,
    pub description: String,
    /// One rule a line.
    pub addresses: String,
    pub(super) faults: Vec<(&'static str, String)>,
}

impl Fields {
    pub(crate) fn sent(sent: &Sent) -> Self {
        let word = |name: &str| sent.one(name).to_owned();
        Self {
            name: word(NAME),
            expiry: word(EXPIRY),
            date: word(DATE),
            description: word(DESCRIPTION),
            addresses: word(ADDRESSES),
            faults: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, field: &'static str, sentence: impl Into<String>) {
        self.faults.push((field, sentence.into()));
    }

    pub(crate) fn fault(&self, field: &str) -> Option<&str> {
        let found = self.faults.iter().find(|(it, _)| *it == field);
        found.map(|(_, sentence)| sentence.as_str())
    }

    pub(crate) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    pub(crate) fn read_name(&mut self, desk: &Desk) -> Option<Name> {
        let (most, chars) = (desk.pages().name_chars_max, self.name.chars().count());
        let fault = match self.name.parse() {
            Ok(name) if chars <= most => return Some(name),
            _ if chars == 0 => "Give the key a name.".to_owned(),
            _ if chars > most => too_long(most, chars),
            _ => "Use no control characters.".to_owned(),
        };
        self.add(NAME, fault);
        None
    }

    /// None where there is a fault; `Some(None)` where it is left empty.
    #[expect(clippy::option_option, reason = "a fault differs from an empty field")]
    pub(crate) fn read_description(&mut self) -> Option<Option<Description>> {
        if self.description.is_empty() {
            return Some(None);
        }
        let chars = self.description.chars().count();
        let fault = match self.description.parse() {
            Ok(description) => return Some(Some(description)),
            Err(_) if chars > DESCRIPTION_CHARS_MAX => too_long(DESCRIPTION_CHARS_MAX, chars),
            Err(_) => "Use no control characters.".to_owned(),
        };
        self.add(DESCRIPTION, fault);
        None
    }

    pub(crate) fn read_addresses(&mut self) -> Option<IpRules> {
        let lines = self
            .addresses
            .split(|letter: char| letter.is_whitespace() || letter == ',');
        let rules: Vec<&str> = lines.filter(|it| !it.is_empty()).collect();
        let fault = match IpRules::parse(&rules) {
            Ok(rules) => return Some(rules),
            Err(InvalidIpRules::Rule { position }) => format!(
                "{} is neither an address nor a network such as 203.0.113.0/24.",
                rules.get(position).copied().unwrap_or_default()
            ),
            Err(fault @ InvalidIpRules::TooMany) => fault.to_string(),
        };
        self.add(ADDRESSES, fault);
        None
    }

    /// When the key ends; `kept` is when it does so far.
    pub(crate) fn read_lifetime(
        &mut self,
        desk: &Desk,
        kept: Option<Lifetime>,
    ) -> Option<Lifetime> {
        let now = desk.now();
        if self.expiry == KEEP && kept.is_some() {
            return kept;
        }
        let choices = &desk.pages().expiry;
        let chosen = choices.iter().find(|it| value(**it) == self.expiry);
        match chosen.or_else(|| choices.first().filter(|_| self.expiry.is_empty())) {
            Some(Expiry::Never) => Some(Lifetime::Forever),
            Some(Expiry::After(span)) => Some(Lifetime::Until(now.plus(*span))),
            Some(Expiry::Date) => self.read_date(now),
            None => {
                self.add(EXPIRY, "Choose when the key ends.");
                None
            }
        }
    }

    fn read_date(&mut self, now: Timestamp) -> Option<Lifetime> {
        let tomorrow = tomorrow(now);
        let end = self
            .date
            .parse::<Date>()
            .ok()
            .filter(|date| *date >= tomorrow)
            .and_then(|date| Offset::UTC.to_timestamp(date.at(23, 59, 59, 0)).ok());
        if let Some(end) = end {
            return Some(Lifetime::Until(wire::timestamp(end)));
        }
        self.add(
            EXPIRY,
            format!(
                "Choose {} or later. A key works through the end of its last day (UTC).",
                tomorrow.strftime("%-d %B")
            ),
        );
        None
    }

    /// The choices of when a key ends; the first one to begin with.
    pub(crate) fn expiry_choices(&self, desk: &Desk) -> Vec<Choice> {
        let choices = desk.pages().expiry.iter().map(|it| Choice {
            word: value(*it),
            title: title(*it),
            is_chosen: value(*it) == self.expiry,
        });
        let mut choices: Vec<Choice> = choices.collect();
        if self.expiry.is_empty()
            && let Some(first) = choices.first_mut()
        {
            first.is_chosen = true;
        }
        choices
    }
}

fn too_long(most: usize, chars: usize) -> String {
    let number = |it: usize| grouped(i64::try_from(it).unwrap_or(i64::MAX));
    format!(
        "Use at most {} characters; this has {}.",
        number(most),
        number(chars)
    )
}

/// The first day that can be named.
pub(crate) fn tomorrow(now: Timestamp) -> Date {
    let today = moments::utc(now).date();
    today.checked_add(1.day()).unwrap_or(today)
}

fn value(expiry: Expiry) -> String {
    match expiry {
        Expiry::After(span) => format!("{}s", span.micros() / 1_000_000),
        Expiry::Date => DATE.to_owned(),
        Expiry::Never => NEVER.to_owned(),
    }
}

fn title(expiry: Expiry) -> String {
    match expiry {
        Expiry::After(span) => span_title(span),
        Expiry::Date => "On a date".to_owned(),
        Expiry::Never => "Never".to_owned(),
    }
}

/// `30 days`, `1 year`, `24 hours`.
pub(crate) fn span_title(span: Span) -> String {
    let seconds = span.micros() / 1_000_000;
    let (day, hour, minute) = (86_400, 3_600, 60);
    let (count, unit) = match seconds {
        it if it > 0 && it % (365 * day) == 0 => (it / (365 * day), "year"),
        it if it % day == 0 && it > day => (it / day, "day"),
        it if it % hour == 0 => (it / hour, "hour"),
        it if it % minute == 0 => (it / minute, "minute"),
        it => (it, "second"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_say_them() {
        let title = |span: &str| span_title(span.parse().unwrap());
        assert_eq!(title("30d"), "30 days");
        assert_eq!(title("365d"), "1 year");
        assert_eq!(title("24h"), "24 hours");
        assert_eq!(title("1h"), "1 hour");
        assert_eq!(title("90s"), "90 seconds");
    }

    #[test]
    fn a_date_is_tomorrow_or_later() {
        let now = wire::timestamp("2026-11-22T23:59:58Z".parse().unwrap());
        let mut fields = Fields {
            date: "2026-11-22".to_owned(),
            ..Fields::default()
        };
        assert_eq!(fields.read_date(now), None);
        assert_eq!(
            fields.fault(EXPIRY),
            Some("Choose 23 November or later. A key works through the end of its last day (UTC).")
        );
        fields.date = "2026-11-23".to_owned();
        let end = wire::timestamp("2026-11-23T23:59:59Z".parse().unwrap());
        assert_eq!(fields.read_date(now), Some(Lifetime::Until(end)));
    }

    #[test]
    fn the_rule_that_cannot_be_read_is_named() {
        let mut fields = Fields {
            addresses: "203.0.113.0/24\n10.0.0.1/8, ::1".to_owned(),
            ..Fields::default()
        };
        assert_eq!(fields.read_addresses(), None);
        let fault = fields.fault(ADDRESSES).unwrap_or_default();
        assert!(fault.starts_with("10.0.0.1/8 is neither"), "{fault}");
    }
}
