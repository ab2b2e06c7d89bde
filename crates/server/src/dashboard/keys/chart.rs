//! Pictures of usage as SVG: a line in the list, two panels of bars on a key's page. Everything is an
//! attribute; the policy lets no style in.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use keyway_core::time::{Span, Timestamp};
use keyway_store::usage::ALLOWED;

use super::super::members::grouped;
use super::super::moments;

/// Width and height of the line, and what is left free above and below.
const SPARK: (f64, f64, f64) = (72.0, 20.0, 1.0);
const WIDTH: f64 = 700.0;
const UP: f64 = 132.0;
const DOWN: f64 = 60.0;
/// Labels below the bars at most.
const LABELS_MAX: usize = 6;
/// Reasons with a colour of their own; the others share the last.
const COLOURS: usize = 3;

#[derive(Clone, Debug)]
pub(crate) struct Spark {
    pub line: String,
    /// Empty for a key that was not used.
    pub area: String,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture is drawn to a tenth of a point"
)]
fn real(count: i64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture is drawn to a tenth of a point"
)]
fn place(at: usize) -> f64 {
    at as f64
}

impl Spark {
    pub(crate) fn of(counts: &[i64]) -> Self {
        let most = counts.iter().copied().max().unwrap_or_default();
        let (width, height, gap) = SPARK;
        if most == 0 {
            return Self {
                line: "M0 19H72".to_owned(),
                area: String::new(),
            };
        }
        let step = width / place(counts.len().saturating_sub(1).max(1));
        let mut line = String::new();
        for (at, count) in counts.iter().enumerate() {
            let y = height - gap - real(*count) / real(most) * (height - 2.0 * gap);
            let word = if at == 0 { 'M' } else { 'L' };
            let _written = write!(line, "{word}{:.1} {y:.1}", place(at) * step);
        }
        let area = format!("{line}V20H0Z");
        Self { line, area }
    }
}

/// How finely, and how far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Hours48,
    Days14,
    Days90,
}

impl Scale {
    pub(crate) const ALL: [Self; 3] = [Self::Hours48, Self::Days14, Self::Days90];

    pub(crate) fn from_word(word: &str) -> Self {
        let found = Self::ALL.into_iter().find(|it| it.word() == word);
        found.unwrap_or(Self::Days14)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Hours48 => "48h",
            Self::Days14 => "14d",
            Self::Days90 => "90d",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Hours48 => "48 hours",
            Self::Days14 => "14 days",
            Self::Days90 => "90 days",
        }
    }

    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Hours48 => "hour",
            Self::Days14 | Self::Days90 => "day",
        }
    }

    fn step(self) -> Span {
        match self {
            Self::Hours48 => Span::from_secs(60 * 60),
            Self::Days14 | Self::Days90 => Span::from_secs(24 * 60 * 60),
        }
    }

    fn bars(self) -> usize {
        match self {
            Self::Hours48 => 48,
            Self::Days14 => 14,
            Self::Days90 => 90,
        }
    }

    /// The beginning of the first bar.
    pub(crate) fn from(self, now: Timestamp) -> Timestamp {
        let step = self.step().micros();
        let last = now.micros() - now.micros().rem_euclid(step);
        let before = i64::try_from(self.bars() - 1).unwrap_or_default();
        Timestamp::from_micros(last - before * step)
    }

    fn label(self, at: Timestamp) -> String {
        let form = match self {
            Self::Hours48 => "%H:%M",
            Self::Days14 | Self::Days90 => "%-d %b",
        };
        moments::utc(at).strftime(form).to_string()
    }
}

/// What was counted in one hour or day.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub at: Timestamp,
    pub outcome: String,
    pub count: i64,
}

#[derive(Clone, Debug, Default)]
struct Bar {
    allowed: i64,
    /// In the order of the reasons.
    refused: Vec<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Rect {
    pub class: &'static str,
    pub x: String,
    pub y: String,
    pub width: String,
    pub height: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub x: String,
    pub width: String,
    pub up: String,
    pub down: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Reason {
    pub class: &'static str,
    pub code: String,
    pub count: String,
}

/// A line of the same as a table.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub label: String,
    pub allowed: String,
    pub refused: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Chart {
    pub scale: Scale,
    pub allowed: i64,
    pub refused: i64,
    pub up: Vec<Rect>,
    pub down: Vec<Rect>,
    pub hits: Vec<Hit>,
    /// At the top and in the middle.
    pub up_marks: [String; 2],
    /// In the middle and at the bottom.
    pub down_marks: [String; 2],
    pub labels: Vec<String>,
    pub reasons: Vec<Reason>,
    pub lines: Vec<Line>,
}

impl Chart {
    pub(crate) fn of(scale: Scale, counted: &[Counted], now: Timestamp) -> Self {
        let from = scale.from(now);
        let reasons = reasons(counted, from);
        let bars = bars(scale, counted, from, &reasons);
        let most_up = nice(bars.iter().map(|bar| bar.allowed).max().unwrap_or(0));
        let refused = |bar: &Bar| bar.refused.iter().sum::<i64>();
        let most_down = nice(bars.iter().map(refused).max().unwrap_or(0));
        let mut chart = Self {
            scale,
            allowed: bars.iter().map(|bar| bar.allowed).sum(),
            refused: bars.iter().map(refused).sum(),
            up: Vec::new(),
            down: Vec::new(),
            hits: Vec::new(),
            up_marks: [short(most_up), short(most_up / 2)],
            down_marks: [short(most_down / 2), short(most_down)],
            labels: labels(scale, from, bars.len()),
            reasons: Vec::new(),
            lines: Vec::new(),
        };
        for (at, bar) in bars.iter().enumerate() {
            chart.draw(at, bars.len(), bar, (most_up, most_down));
            let label = scale.label(begin(scale, from, at));
            chart.tell(&label, bar, &reasons);
        }
        for (at, (code, count)) in reasons.iter().enumerate() {
            chart.reasons.push(Reason {
                class: colour(at),
                code: code.clone(),
                count: grouped(*count),
            });
        }
        chart
    }

    fn draw(&mut self, at: usize, bars: usize, bar: &Bar, most: (i64, i64)) {
        let step = WIDTH / place(bars);
        let (x, width) = (place(at) * step + step * 0.12, step * 0.76);
        let mut rect = |class, y: f64, height: f64, is_up: bool| {
            let rect = Rect {
                class,
                x: format!("{x:.1}"),
                y: format!("{y:.1}"),
                width: format!("{width:.1}"),
                height: format!("{height:.1}"),
            };
            if is_up {
                self.up.push(rect);
            } else {
                self.down.push(rect);
            }
        };
        if bar.allowed > 0 {
            let height = (real(bar.allowed) / real(most.0) * UP).max(1.0);
            rect("c-ok", UP - height, height, true);
        }
        let mut y = 0.0;
        for (reason, count) in bar.refused.iter().enumerate() {
            if *count > 0 {
                let height = (real(*count) / real(most.1) * DOWN).max(1.0);
                rect(colour(reason), y, height, false);
                y += height + 0.5;
            }
        }
        self.hits.push(Hit {
            x: format!("{:.1}", place(at) * step),
            width: format!("{step:.1}"),
            up: String::new(),
            down: String::new(),
        });
    }

    fn tell(&mut self, label: &str, bar: &Bar, reasons: &[(String, i64)]) {
        let refused: i64 = bar.refused.iter().sum();
        let (allowed, all) = (grouped(bar.allowed), grouped(refused));
        let each = reasons.iter().zip(&bar.refused);
        let each: Vec<String> = each
            .map(|((code, _), count)| format!("{} {code}", grouped(*count)))
            .collect();
        if let Some(hit) = self.hits.last_mut() {
            hit.up = format!("{label}: {allowed} allowed, {all} refused");
            hit.down = if each.is_empty() {
                format!("{label}: none refused")
            } else {
                format!("{label}: {}", each.join(", "))
            };
        }
        self.lines.push(Line {
            label: label.to_owned(),
            allowed,
            refused: bar.refused.iter().map(|it| grouped(*it)).collect(),
        });
    }

    /// What a screen reader hears of the panels.
    pub(crate) fn spoken(&self, is_up: bool) -> String {
        let (count, word) = if is_up {
            (self.allowed, "Allowed")
        } else {
            (self.refused, "Refused")
        };
        let unit = self.scale.unit();
        format!(
            "{word} requests per {unit}: {} in {}",
            grouped(count),
            self.scale.title()
        )
    }

    /// `0.05 %`
    pub(crate) fn share(&self) -> Option<String> {
        let all = self.allowed + self.refused;
        let percent = real(self.refused) * 100.0 / real(all.max(1));
        (self.refused > 0).then(|| format!("{percent:.2} %"))
    }
}

fn begin(scale: Scale, from: Timestamp, at: usize) -> Timestamp {
    let at = i64::try_from(at).unwrap_or_default();
    Timestamp::from_micros(from.micros() + at * scale.step().micros())
}

/// Codes and how often, the most frequent first.
fn reasons(counted: &[Counted], from: Timestamp) -> Vec<(String, i64)> {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for it in counted
        .iter()
        .filter(|it| it.outcome != ALLOWED && it.at >= from)
    {
        *sums.entry(&it.outcome).or_default() += it.count;
    }
    let mut reasons: Vec<(String, i64)> = sums
        .into_iter()
        .map(|(code, count)| (code.to_owned(), count))
        .collect();
    reasons.sort_by_key(|(_, count)| -count);
    reasons
}

fn bars(scale: Scale, counted: &[Counted], from: Timestamp, reasons: &[(String, i64)]) -> Vec<Bar> {
    let empty = Bar {
        allowed: 0,
        refused: vec![0; reasons.len()],
    };
    let mut bars = vec![empty; scale.bars()];
    for it in counted {
        let at = (it.at.micros() - from.micros()).div_euclid(scale.step().micros());
        let Some(bar) = usize::try_from(at).ok().and_then(|at| bars.get_mut(at)) else {
            continue;
        };
        let reason = reasons.iter().position(|(code, _)| *code == it.outcome);
        match reason.and_then(|at| bar.refused.get_mut(at)) {
            Some(refused) => *refused += it.count,
            None if it.outcome == ALLOWED => bar.allowed += it.count,
            None => {}
        }
    }
    bars
}

fn colour(reason: usize) -> &'static str {
    match reason.min(COLOURS - 1) {
        0 => "c1",
        1 => "c2",
        _ => "c3",
    }
}

/// As many labels as have room, each at its bar; the others empty.
fn labels(scale: Scale, from: Timestamp, bars: usize) -> Vec<String> {
    let every = bars.div_ceil(LABELS_MAX).max(1);
    let label = |at: usize| {
        if at.is_multiple_of(every) {
            scale.label(begin(scale, from, at))
        } else {
            String::new()
        }
    };
    (0..bars).map(label).collect()
}

/// A round number that is not less, and even.
fn nice(most: i64) -> i64 {
    let mut unit = 1;
    while unit < i64::MAX / 100 && unit * 10 < most {
        unit *= 10;
    }
    let steps = [2, 4, 6, 8, 10];
    let found = steps
        .into_iter()
        .map(|step| step * unit)
        .find(|it| *it >= most);
    found.unwrap_or(most).max(2)
}

/// `35k`, `1.2M`
fn short(count: i64) -> String {
    let with = |unit: i64, letter: &str| {
        let tenths = count / (unit / 10);
        if tenths % 10 == 0 {
            format!("{}{letter}", tenths / 10)
        } else {
            format!("{}.{}{letter}", tenths / 10, tenths % 10)
        }
    };
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => with(1_000, "k"),
        _ => with(1_000_000, "M"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::wire;

    #[test]
    fn a_scale_ends_at_a_round_number() {
        let nice: Vec<i64> = [0, 1, 3, 9, 11, 89, 32_603].map(nice).into();
        assert_eq!(nice, [2, 2, 4, 10, 20, 100, 40_000]);
        let short: Vec<String> = [0, 9_999, 17_500, 2_000_000].map(short).into();
        assert_eq!(short, ["0", "9999", "17.5k", "2M"]);
    }

    #[test]
    fn a_line_goes_from_edge_to_edge() {
        assert_eq!(Spark::of(&[0, 0]).line, "M0 19H72");
        assert_eq!(Spark::of(&[1, 2]).line, "M0.0 10.0L72.0 1.0");
        assert_eq!(Spark::of(&[1, 2]).area, "M0.0 10.0L72.0 1.0V20H0Z");
    }

    #[test]
    fn a_chart_counts_what_lies_in_it_and_names_the_reasons() {
        let now = wire::timestamp("2026-11-22T14:03:00Z".parse().unwrap());
        let counted = |day: &str, outcome: &str, count| Counted {
            at: wire::timestamp(format!("2026-11-{day}T00:00:00Z").parse().unwrap()),
            outcome: outcome.to_owned(),
            count,
        };
        let chart = Chart::of(
            Scale::Days14,
            &[
                counted("01", ALLOWED, 7),
                counted("09", ALLOWED, 10),
                counted("22", ALLOWED, 5),
                counted("22", "out_of_scope", 2),
                counted("22", "api_key_expired", 3),
            ],
            now,
        );
        assert_eq!((chart.allowed, chart.refused), (15, 5));
        assert_eq!(chart.lines.len(), 14);
        assert_eq!(chart.labels.first().map(String::as_str), Some("9 Nov"));
        let codes: Vec<&str> = chart.reasons.iter().map(|it| it.code.as_str()).collect();
        assert_eq!(codes, ["api_key_expired", "out_of_scope"]);
        let last = chart.hits.last().map(|hit| hit.down.as_str());
        assert_eq!(last, Some("22 Nov: 3 api_key_expired, 2 out_of_scope"));
        assert_eq!(chart.share().as_deref(), Some("25.00 %"));
    }
}
