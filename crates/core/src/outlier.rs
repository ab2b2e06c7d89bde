//! A day on which a key was used unlike before. It is for somebody who looks; nothing is decided by it.

/// Days that one is compared with.
pub const DAYS_BEFORE: usize = 14;
/// Last days that are looked at, so that one is still seen when somebody looks a week later.
pub const DAYS_LOOKED_AT: usize = 7;
/// With use on fewer days before there is nothing that would be usual.
const DAYS_OF_USE_MIN: usize = 3;
/// How many times more than on any day before.
const TIMES: i64 = 3;
/// Fewer a day say nothing, however many times more they are.
const REQUESTS_MIN: i64 = 100;
const REFUSALS_MIN: i64 = 20;

/// What was counted on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    pub allowed: i64,
    pub refused: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Requests,
    Refusals,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlier {
    /// The place of the day.
    pub at: usize,
    pub kind: Kind,
    pub count: i64,
    /// On any of the days before.
    pub most_before: i64,
}

/// The last day that stands out; `days` are consecutive, the oldest first. Less use than usual is none:
/// the last day may not be over.
pub fn latest(days: &[Day]) -> Option<Outlier> {
    let first = days.len().saturating_sub(DAYS_LOOKED_AT);
    (first..days.len()).rev().find_map(|at| judge(days, at))
}

fn judge(days: &[Day], at: usize) -> Option<Outlier> {
    let day = days.get(at)?;
    let before = days.get(at.saturating_sub(DAYS_BEFORE)..at)?;
    let is_used = |day: &&Day| day.allowed + day.refused > 0;
    if before.iter().filter(is_used).count() < DAYS_OF_USE_MIN {
        return None;
    }
    let stands_out = |kind: Kind, count: fn(&Day) -> i64, least: i64| {
        let most_before = before.iter().map(count).max().unwrap_or_default();
        let count = count(day);
        let is_out = count >= least && count > most_before.saturating_mul(TIMES);
        is_out.then_some(Outlier {
            at,
            kind,
            count,
            most_before,
        })
    };
    stands_out(Kind::Refusals, |day| day.refused, REFUSALS_MIN)
        .or_else(|| stands_out(Kind::Requests, |day| day.allowed, REQUESTS_MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Allowed and refused, day by day.
    fn days(counts: &[(i64, i64)]) -> Vec<Day> {
        let day = |(allowed, refused): &(i64, i64)| Day {
            allowed: *allowed,
            refused: *refused,
        };
        counts.iter().map(day).collect()
    }

    fn found(counts: &[(i64, i64)]) -> Option<(usize, Kind, i64, i64)> {
        latest(&days(counts)).map(|it| (it.at, it.kind, it.count, it.most_before))
    }

    #[test]
    fn a_day_of_more_than_three_times_as_much_stands_out() {
        let usual = [(50, 0), (60, 1), (40, 0)];
        let with = |day| found(&[&usual[..], &[day]].concat());
        assert_eq!(with((180, 0)), None);
        assert_eq!(with((181, 0)), Some((3, Kind::Requests, 181, 60)));
        assert_eq!(with((60, 19)), None);
        assert_eq!(with((60, 20)), Some((3, Kind::Refusals, 20, 1)));
        // Of both, the refusals: they are what somebody else's tries look like.
        assert_eq!(with((500, 20)), Some((3, Kind::Refusals, 20, 1)));
    }

    #[test]
    fn little_use_and_a_short_past_say_nothing() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[(9_000, 9_000)]), None);
        assert_eq!(found(&[(1, 0), (1, 0), (0, 0), (9_000, 0)]), None);
        assert_eq!(found(&[(1, 0), (1, 0), (1, 0), (99, 0)]), None);
        let used = [(1, 0), (1, 0), (1, 0), (100, 0)];
        assert_eq!(found(&used), Some((3, Kind::Requests, 100, 1)));
    }

    #[test]
    fn it_is_seen_for_a_week_and_what_came_to_stay_is_usual_then() {
        let mut counts = vec![(50, 0); 14];
        counts.push((1_000, 0));
        for after in 0..DAYS_LOOKED_AT {
            let seen = found(&counts);
            assert_eq!(seen, Some((14, Kind::Requests, 1_000, 50)), "{after}");
            counts.push((1_000, 0));
        }
        assert_eq!(found(&counts), None);
    }

    #[test]
    fn more_than_two_weeks_ago_is_forgotten() {
        let mut counts = vec![(10_000, 0)];
        counts.extend(vec![(50, 0); 14]);
        counts.push((1_000, 0));
        assert_eq!(found(&counts), Some((15, Kind::Requests, 1_000, 50)));
        counts.remove(1);
        assert_eq!(found(&counts), None);
    }
}
