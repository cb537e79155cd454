//! The days under a chart of nights.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::history::CellLine;
use crate::report::chart::rect::Rect;
use crate::report::chart::text::width;

/// What all panels have in common from left to right.
pub(crate) struct Days {
    first: Timestamp,
    last: Timestamp,
}

/// Free between the frame and the first and last night, in pixels.
const ROOM: f64 = 8.0;

/// The size of day names.
pub(crate) const SIZE: f64 = 10.5;

impl Days {
    /// From the first night of any of `lines` to the last.
    pub(crate) fn of(lines: &[CellLine<'_>]) -> Self {
        let nights = || lines.iter().flat_map(|line| &line.series.points).map(|point| point.night.started);
        let first = nights().min().unwrap_or(Timestamp::UNIX_EPOCH);
        Self { first, last: nights().max().unwrap_or(first) }
    }

    /// Where a moment stands in `frame`; the only one stands in its middle.
    pub(crate) fn x(&self, frame: Rect, moment: Timestamp) -> f64 {
        let all = (self.last.as_second() - self.first.as_second()) as f64;
        if all <= 0.0 {
            return f64::midpoint(frame.x0, frame.x1);
        }
        let along = (moment.as_second() - self.first.as_second()) as f64 / all;
        frame.x0 + ROOM + along * (frame.x1 - frame.x0 - 2.0 * ROOM)
    }

    /// The days that are named under `frame`, each with where it stands: as many as have room, at equal steps.
    pub(crate) fn ticks(&self, frame: Rect) -> Vec<(f64, String)> {
        let of = |step: Step| -> Vec<(f64, String)> {
            let days =
                step.days(TimeZone::UTC.to_datetime(self.first).date(), TimeZone::UTC.to_datetime(self.last).date());
            let named = days.into_iter().map(|day| (self.x(frame, midnight(day)), step.name(day)));
            let inside = |(x, name): &(f64, String)| {
                let half = width(name, SIZE) / 2.0;
                *x - half >= frame.x0 - 6.0 && x + half <= frame.x1 + 4.0
            };
            named.filter(inside).collect()
        };
        let apart = |ticks: &Vec<(f64, String)>| {
            ticks.windows(2).all(|pair| {
                let (left, right) = (&pair[0], &pair[1]);
                right.0 - left.0 >= (width(&left.1, SIZE) + width(&right.1, SIZE)) / 2.0 + 12.0
            })
        };
        // A step so wide that only one day is named says less than a narrower one would with none beside it.
        STEPS.into_iter().map(of).find(apart).unwrap_or_default()
    }
}

/// From one named day to the next.
#[derive(Clone, Copy)]
enum Step {
    Days(i64),
    Months(i32),
}

const STEPS: [Step; 11] = [
    Step::Days(1),
    Step::Days(2),
    Step::Days(7),
    Step::Days(14),
    Step::Months(1),
    Step::Months(2),
    Step::Months(3),
    Step::Months(6),
    Step::Months(12),
    Step::Months(60),
    Step::Months(240),
];

impl Step {
    /// The days from `first` to `last` at this step, the same whatever the first is.
    fn days(self, first: Date, last: Date) -> Vec<Date> {
        let mut day = match self {
            Self::Days(step) => {
                // The first day of 1970 was a Thursday, and weeks begin on Mondays.
                let since = midnight(first).as_second().div_euclid(86_400);
                first.checked_sub((since + 3).rem_euclid(step).days()).unwrap_or(first)
            }
            Self::Months(step) => {
                let months = i32::from(first.year()) * 12 + i32::from(first.month()) - 1;
                let start = first.first_of_month();
                start.checked_sub(months.rem_euclid(step).months()).unwrap_or(start)
            }
        };
        let mut days = Vec::new();
        while day <= last {
            if day >= first {
                days.push(day);
            }
            let next = match self {
                Self::Days(step) => day.checked_add(step.days()),
                Self::Months(step) => day.checked_add(step.months()),
            };
            let Ok(next) = next else { break };
            day = next;
        }
        days
    }

    fn name(self, day: Date) -> String {
        let month = MONTHS[usize::from(day.month().unsigned_abs()) - 1];
        match self {
            Self::Days(_) => format!("{} {month}", day.day()),
            Self::Months(12..) => day.year().to_string(),
            Self::Months(_) => format!("{month} {}", day.year()),
        }
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn midnight(day: Date) -> Timestamp {
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).expect("UTC has every midnight of a run")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(first: &str, last: &str, pixels: f64) -> Vec<String> {
        let days = Days { first: first.parse().unwrap(), last: last.parse().unwrap() };
        let frame = Rect { x0: 0.0, y0: 0.0, x1: pixels, y1: 10.0 };
        days.ticks(frame).into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn days_have_the_step_that_has_room() {
        assert_eq!(names("2026-11-20T02:00:00Z", "2026-11-23T02:00:00Z", 600.0), ["21 Nov", "22 Nov", "23 Nov"]);
        let two_months = names("2026-09-23T02:00:00Z", "2026-11-21T02:00:00Z", 320.0);
        assert_eq!(two_months, ["5 Oct", "19 Oct", "2 Nov", "16 Nov"]);
        let year = names("2025-10-23T02:00:00Z", "2026-11-21T02:00:00Z", 320.0);
        assert_eq!(year, ["Jan 2026", "Apr 2026", "Jul 2026", "Oct 2026"]);
        assert_eq!(
            names("2020-10-23T02:00:00Z", "2026-11-21T02:00:00Z", 260.0),
            ["2021", "2022", "2023", "2024", "2025", "2026"]
        );
    }

    #[test]
    fn one_night_stands_in_the_middle() {
        let night = "2026-11-20T02:00:00Z".parse().unwrap();
        let days = Days { first: night, last: night };
        assert!((days.x(Rect { x0: 0.0, y0: 0.0, x1: 100.0, y1: 10.0 }, night) - 50.0).abs() < 1e-9);
    }
}
