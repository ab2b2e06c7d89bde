//! Logs and metrics: the one place that measures. Labels are bounded; no key, organization, address
//! or raw path is one (S-TELEMETRY-02).

use keyway_api::code::Code;
use keyway_core::decide::REASON_CODES;
use keyway_store::ledger::Head;
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _, Unit};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

const REQUEST_BUCKETS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0,
];

const METADATA: Metadata<'static> =
    Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// Handles to every metric, made once: recording is an atomic and no look-up.
pub(crate) struct Telemetry {
    handle: PrometheusHandle,
    verify_seconds: Histogram,
    allowed: Counter,
    refused: Vec<(&'static str, Counter)>,
    undecided: Counter,
    problems: Vec<(Code, Counter)>,
    in_force_seconds: Histogram,
    ledger_head: Gauge,
    index_keys: Gauge,
    usage_lag_seconds: Gauge,
    usage_flush_failures: Counter,
    divergences: Counter,
    not_understood: Counter,
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the metrics cannot be set up: {0}")]
pub struct TelemetryError(#[from] BuildError);

impl Telemetry {
    pub(crate) fn new() -> Result<Self, TelemetryError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), REQUEST_BUCKETS)?
            .build_recorder();
        let maker = Maker(&recorder);
        let refused = REASON_CODES
            .iter()
            .map(|code| (*code, maker.verdicts(code)))
            .collect();
        Ok(Self {
            handle: recorder.handle(),
            verify_seconds: maker.histogram(
                "keyway_verify_seconds",
                "Time from a presented string to its verdict, without HTTP.",
            ),
            allowed: maker.verdicts("valid"),
            refused,
            undecided: maker.verdicts("undecided"),
            problems: Code::ALL
                .iter()
                .map(|code| (*code, maker.problems(*code)))
                .collect(),
            in_force_seconds: maker.histogram(
                "keyway_change_in_force_seconds",
                "Time from a change's commit until it was in force everywhere.",
            ),
            ledger_head: maker.gauge("keyway_ledger_applied_seq", "Last ledger entry applied."),
            index_keys: maker.gauge("keyway_index_keys", "Keys in the index."),
            usage_lag_seconds: maker.gauge(
                "keyway_usage_lag_seconds",
                "Seconds since all usage counts were last written.",
            ),
            usage_flush_failures: maker.counter(
                "keyway_usage_flush_failures_total",
                "Writes of usage counts that failed and will be tried again.",
            ),
            divergences: maker.counter(
                "keyway_ledger_divergences_total",
                "Times that the ledger was not the one this server knew.",
            ),
            not_understood: maker.counter(
                "keyway_ledger_not_understood_total",
                "Looks at a ledger entry that this server cannot read; nothing is decided meanwhile.",
            ),
        })
    }

    /// The exposition. `head` stands there with its hash: noted outside, it finds out a log that was
    /// cut short together with its head (`keyway audit verify --head`). It is one series, whatever
    /// the hash. `written` is where the ledger ends; without it nothing is said about the distance, as
    /// a number from before would look well for as long as the database is away.
    pub(crate) fn render(&self, head: Head, written: Option<Head>) -> String {
        self.upkeep();
        let mut text = self.handle.render();
        if let Some(written) = written {
            let lag = written.seq.saturating_sub(head.seq).max(0);
            let gauge = format!(
                "# HELP keyway_ledger_lag_entries Ledger entries not applied yet.\n\
                 # TYPE keyway_ledger_lag_entries gauge\n\
                 keyway_ledger_lag_entries {lag}\n"
            );
            text.push_str(&gauge);
        }
        text.push_str("# HELP keyway_ledger_head_info The ledger's last applied entry.\n");
        text.push_str("# TYPE keyway_ledger_head_info gauge\n");
        let (seq, hash) = (head.seq, head.hash_hex());
        text + &format!("keyway_ledger_head_info{{seq=\"{seq}\",hash=\"{hash}\"}} 1\n")
    }

    /// Sums what histograms have gathered; without it they grow until somebody looks.
    pub(crate) fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    pub(crate) fn verified(&self, code: Option<&str>, seconds: f64) {
        self.verify_seconds.record(seconds);
        match code {
            None => self.allowed.increment(1),
            Some(code) => self.refused(code),
        }
    }

    /// A verdict for which nothing was asked, because no key was there.
    pub(crate) fn refused(&self, code: &str) {
        if let Some((_, counter)) = self.refused.iter().find(|(known, _)| *known == code) {
            counter.increment(1);
        }
    }

    /// A call that ended in a problem.
    pub(crate) fn problem(&self, code: Code) {
        if let Some((_, counter)) = self.problems.iter().find(|(known, _)| *known == code) {
            counter.increment(1);
        }
    }

    pub(crate) fn undecided(&self) {
        self.undecided.increment(1);
    }

    pub(crate) fn settled(&self, seconds: f64) {
        self.in_force_seconds.record(seconds);
    }

    pub(crate) fn ledger_head(&self, head: Head) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53 entries")]
        self.ledger_head.set(head.seq as f64);
    }

    pub(crate) fn index_keys(&self, keys: usize) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53 keys")]
        self.index_keys.set(keys as f64);
    }

    pub(crate) fn usage_lag(&self, seconds: f64) {
        self.usage_lag_seconds.set(seconds);
    }

    pub(crate) fn usage_flush_failed(&self) {
        self.usage_flush_failures.increment(1);
    }

    pub(crate) fn diverged(&self) {
        self.divergences.increment(1);
    }

    pub(crate) fn not_understood(&self) {
        self.not_understood.increment(1);
    }
}

/// Registers and describes.
struct Maker<'a>(&'a PrometheusRecorder);

impl Maker<'_> {
    fn verdicts(&self, outcome: &'static str) -> Counter {
        let name = "keyway_verdicts_total";
        self.0
            .describe_counter(name.into(), None, "Verdicts on keys, by outcome.".into());
        let key = Key::from_parts(name, vec![Label::new("outcome", outcome)]);
        self.0.register_counter(&key, &METADATA)
    }

    fn problems(&self, code: Code) -> Counter {
        let name = "keyway_problems_total";
        self.0.describe_counter(
            name.into(),
            None,
            "Calls that ended in a problem, by code.".into(),
        );
        let key = Key::from_parts(name, vec![Label::new("code", code.name())]);
        self.0.register_counter(&key, &METADATA)
    }

    fn counter(&self, name: &'static str, help: &'static str) -> Counter {
        self.0.describe_counter(name.into(), None, help.into());
        self.0.register_counter(&Key::from_name(name), &METADATA)
    }

    fn gauge(&self, name: &'static str, help: &'static str) -> Gauge {
        self.0.describe_gauge(name.into(), None, help.into());
        self.0.register_gauge(&Key::from_name(name), &METADATA)
    }

    fn histogram(&self, name: &'static str, help: &'static str) -> Histogram {
        self.0
            .describe_histogram(name.into(), Some(Unit::Seconds), help.into());
        self.0.register_histogram(&Key::from_name(name), &METADATA)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(seq: i64) -> Head {
        Head {
            seq,
            ..Head::GENESIS
        }
    }

    #[test]
    fn s_telemetry_05_the_ledger_lag_is_told_where_it_is_known() {
        let telemetry = Telemetry::new().unwrap();
        let lag = |applied, written: Option<i64>| {
            let text = telemetry.render(head(applied), written.map(head));
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("keyway_ledger_lag_entries "));
            line.map(str::to_owned)
        };
        assert_eq!(lag(3, Some(5)).as_deref(), Some("2"));
        assert_eq!(lag(5, Some(5)).as_deref(), Some("0"));
        // Applied while the ledger was asked.
        assert_eq!(lag(6, Some(5)).as_deref(), Some("0"));
        assert_eq!(lag(5, None), None);
    }
}
