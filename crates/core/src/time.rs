//! Instants and spans in microseconds; the clock itself lives at the edge.

/// A wall-clock instant: microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// `micros`: microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The instant `span` later, at the end of time when it would overflow.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

/// A reading of a clock that only goes forward, in milliseconds from any beginning. A wall clock that
/// steps must neither refill a quota nor lock anybody out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uptime(u64);

impl Uptime {
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    pub const fn millis(self) -> u64 {
        self.0
    }
}

/// A length of time in microseconds, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a span is a whole number and a unit, such as 0s, 30s, 15m, 24h or 7d")]
pub struct InvalidSpan;

impl Span {
    pub const ZERO: Self = Self(0);

    pub const fn from_secs(secs: u32) -> Self {
        Self(secs as i64 * 1_000_000)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub const fn to_duration(self) -> std::time::Duration {
        std::time::Duration::from_micros(self.0.unsigned_abs())
    }
}

impl std::str::FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(raw: &str) -> Result<Self, InvalidSpan> {
        let unit = raw.chars().next_back().ok_or(InvalidSpan)?;
        let micros_per_unit: i64 = match unit {
            's' => 1_000_000,
            'm' => 60_000_000,
            'h' => 3_600_000_000,
            'd' => 86_400_000_000,
            _ => return Err(InvalidSpan),
        };
        let digits = raw.strip_suffix(unit).ok_or(InvalidSpan)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidSpan);
        }
        let count: i64 = digits.parse().map_err(|_| InvalidSpan)?;
        count
            .checked_mul(micros_per_unit)
            .map(Self)
            .ok_or(InvalidSpan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!("24h".parse(), Ok(Span(86_400_000_000)));
        assert_eq!("0s".parse(), Ok(Span::ZERO));
        for raw in [
            "",
            "s",
            "24",
            "-1h",
            "1.5h",
            "1w",
            "1 h",
            "99999999999999999d",
            "1hh",
            "é",
        ] {
            assert_eq!(raw.parse::<Span>(), Err(InvalidSpan), "{raw:?}");
        }
    }
}
