//! One endpoint's sweep as the load chart draws it.

use crate::report::chart::canvas::Canvas;
use crate::report::chart::legend;
use crate::report::chart::mark::{Tail, Upper, positive};
use crate::report::chart::rect::Point;
use crate::report::chart::theme::Role;
use crate::report::chart::ticks::time;
use crate::report::figures;
use crate::report::headline::shown;
use crate::report::parts::Word;
use crate::report::sweep::{Knee, Step, Sweep};
use crate::rundir::{CellRow, Run};

/// An endpoint's figures over its loads.
pub(crate) struct Line<'a> {
    /// The cell of the least load.
    pub(crate) first: &'a CellRow,
    /// What tells it from the other lines of its plot.
    pub(crate) name: String,
    /// The colour that tells it apart.
    pub(crate) role: Role,
    /// One for each load, ascending.
    pub(crate) spots: Vec<Spot<'a>>,
    knee: Knee,
    /// Its finding in words.
    pub(crate) title: String,
}

/// An endpoint at one load. Latencies are milliseconds above 0.
pub(crate) struct Spot<'a> {
    pub(crate) step: Step<'a>,
    pub(crate) p50: Option<f64>,
    /// The 95 % interval of p50; it ends at p50 where it has no upper end.
    pub(crate) p50_interval: Option<(f64, f64)>,
    /// p99, or the maximum below 100 successes.
    pub(crate) upper: Option<Upper>,
    /// Requests that ended a second.
    pub(crate) rate: Option<f64>,
    /// How p99 stands; absent without a limit.
    pub(crate) standing: Option<Word>,
    /// The figures in words.
    pub(crate) title: String,
}

impl<'a> Line<'a> {
    /// The line of `sweep`, called `name` in its plot.
    pub(crate) fn new(sweep: &Sweep<'a>, name: String, role: Role) -> Self {
        let spots: Vec<Spot<'_>> =
            sweep.steps.iter().enumerate().map(|(index, step)| spot(step, &name, &sweep.remarks(index))).collect();
        let knee = match sweep.knee {
            Knee::At(index) => format!("knee at {}", sweep.steps[index].words()),
            Knee::Beyond => "no knee up to the greatest load".to_owned(),
            Knee::Before => "knee at the least load or below".to_owned(),
            Knee::Unknown => "no load can be judged".to_owned(),
        };
        let best = sweep.best().map(|(step, rate)| {
            format!(", at best {} requests/s within the limit, at {}", figures::rate(rate), step.words())
        });
        let title = format!("{name}: {knee}{}", best.unwrap_or_default());
        Self { first: sweep.first(), name, role, spots, knee: sweep.knee, title }
    }

    /// Whether the spot at `index` is the knee.
    pub(crate) fn is_knee(&self, index: usize) -> bool {
        self.knee == Knee::At(index)
    }
}

impl Spot<'_> {
    /// Every latency that is drawn of it.
    pub(crate) fn latencies(&self) -> impl Iterator<Item = f64> {
        let interval = self.p50_interval.map(|(low, high)| [low, high]).into_iter().flatten();
        let upper = self.upper.map(|upper| [Some(upper.cap), upper.low, upper.high]).into_iter().flatten().flatten();
        self.p50.into_iter().chain(interval).chain(upper)
    }

    /// Draws the sign of its p99 about `at`.
    pub(crate) fn draw(&self, canvas: &Canvas<'_>, at: Point) {
        if self.step.row.is_saturated() {
            legend::saturated(canvas, at);
        } else {
            legend::verdict(canvas, self.standing, at, 4.6);
        }
    }
}

/// What tells each of `sweeps` from the others, the region alone where the model is the same; and the model that they
/// share, where names do not hold it.
pub(crate) fn names(run: &Run, sweeps: &[&Sweep<'_>]) -> (Vec<String>, Option<String>) {
    let model = |sweep: &Sweep<'_>| shown(run, sweep.first());
    let region = |sweep: &Sweep<'_>| sweep.first().region.clone();
    let shared = sweeps.iter().all(|sweep| model(sweep) == model(sweeps[0]));
    let regions = sweeps.iter().any(|sweep| region(sweep) != region(sweeps[0]));
    let names = sweeps.iter().map(|sweep| match region(sweep).filter(|_| regions) {
        Some(region) if shared => region,
        Some(region) => format!("{}, {region}", model(sweep)),
        None => model(sweep),
    });
    (names.collect(), sweeps.first().filter(|_| shared && regions).map(|sweep| model(sweep)))
}

/// Who was measured, in a sentence: model and region.
pub(crate) fn endpoint(run: &Run, sweep: &Sweep<'_>) -> String {
    let place = sweep.first().region.as_deref().map_or(String::new(), |region| format!(" in {region}"));
    shown(run, sweep.first()) + &place
}

fn spot<'a>(step: &Step<'a>, name: &str, remarks: &[String]) -> Spot<'a> {
    let row = step.row;
    let latency = row.primary_latency();
    let [p50, p99, low, high, max] =
        [latency.p50, latency.p99, latency.p99_low, latency.p99_high, latency.max].map(positive);
    let p50_interval = step.p50_interval.and_then(|(low, high)| {
        let low = positive(Some(low))?;
        Some((low, positive(Some(high)).or(p50)?.max(low)))
    });
    let upper = Upper::of(row, p99, low, high, max);
    let mut says = vec![format!("{name} at {}", step.words())];
    let mut figures_text = Vec::new();
    figures_text.extend(p50.map(|p50| format!("p50 {}", time(p50))));
    figures_text.extend(upper.map(|upper| {
        let what = if upper.tail == Tail::Maximum { "maximum" } else { "p99" };
        let interval = match (upper.low, upper.high) {
            (Some(low), Some(high)) => format!(" (95 % interval {} to {})", time(low), time(high)),
            (Some(low), None) => format!(" (95 % interval {} to open)", time(low)),
            _ => String::new(),
        };
        format!("{what} {}{interval}", time(upper.cap))
    }));
    figures_text.extend(row.throughput_rps.map(|rate| format!("{} requests/s", figures::rate(rate))));
    figures_text.extend(step.goodput_rps.map(|rate| format!("{}/s within the limit", figures::rate(rate))));
    figures_text.push(format!("n = {}", row.requests));
    figures_text.extend((row.failed > 0).then(|| format!("{} failed", row.failed)));
    says.push(figures_text.join(", "));
    let remarks = if remarks.is_empty() { String::new() } else { format!("; {}", remarks.join("; ")) };
    Spot {
        step: *step,
        p50,
        p50_interval,
        upper,
        rate: row.throughput_rps,
        standing: Word::of(row),
        title: says.join(": ") + &remarks,
    }
}
