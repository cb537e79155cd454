//! The timeline: latency against each cell's own median, and failures, over the run, a strip a region.

use plotters::style::Color;

use crate::report::chart::axes::LABELS_LEFT;
use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::grid::{AXIS_TITLE, MARGIN, WIDTH};
use crate::report::chart::head::Head;
use crate::report::chart::legend::Sign;
use crate::report::chart::options::ChartOptions;
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::sheet::{Middle, sheet};
use crate::report::chart::theme::Role;
use crate::report::chart::ticks::{linear_ticks, log_ticks};
use crate::report::figures;
use crate::report::headline::{Headline, origin, partial};
use crate::report::timeline::{BreakerMark, Slot, TimeLine, Timeline};
use crate::rundir::Run;

/// Draws `timeline`, that of `run`, as a stand-alone SVG of 1,200 pixels' width.
///
/// Of `options`, theme and prefix apply.
pub fn timeline(run: &Run, timeline: &Timeline, options: &ChartOptions) -> String {
    draw(run, timeline, options).0
}

/// A strip's height with its title, in pixels; all together have room for the words beside them.
const STRIP: f64 = 104.0;
const LEAST_HIGH: f64 = 224.0;
/// What of a strip its title and the failures take.
const TITLE: f64 = 20.0;
const FOOT: f64 = 20.0;

/// Failures of a stretch that fill its foot, where none has more: a single one must not look like an outage.
const LEAST_FAILURES: u64 = 5;

/// The SVG, and each strip's plot with what stands in it.
fn draw(run: &Run, timeline: &Timeline, options: &ChartOptions) -> (String, Vec<(Rect, Vec<Point>)>) {
    let head = Head::of(run, finding(run, timeline), signs(timeline));
    let scale = Scale::over(timeline);
    let high = STRIP.max(LEAST_HIGH / timeline.lines.len().max(1) as f64);
    sheet(options, &head, |canvas| {
        let mut drawn = Vec::new();
        for (index, line) in timeline.lines.iter().enumerate() {
            let top = head.height + index as f64 * high + TITLE;
            let frame =
                Rect { x0: MARGIN + AXIS_TITLE + LABELS_LEFT, y0: top, x1: WIDTH - MARGIN, y1: top + high - TITLE };
            drawn.push((frame, strip(canvas, &scale, line, frame)));
            let its = |mark: &&BreakerMark| line.region.is_none() || mark.region == line.region;
            timeline.marks.iter().filter(its).for_each(|mark| breaker(canvas, &scale, mark, frame));
        }
        let bottom = head.height + timeline.lines.len() as f64 * high;
        times(canvas, timeline, &scale, bottom);
        let middle = f64::midpoint(head.height + TITLE, bottom);
        let letters = Type::new(12.0, Role::Muted);
        canvas.text_upwards("Times the cell's median (log)", (MARGIN + 6.0, middle), letters);
        Middle { bottom: bottom + 36.0, caption: caption(run, timeline), drawn }
    })
}

struct Scale {
    /// Times the median at the strip's ends.
    ratios: (f64, f64),
    /// The most failures of any stretch, at least [`LEAST_FAILURES`].
    failures: u64,
    slots: usize,
}

impl Scale {
    fn over(timeline: &Timeline) -> Self {
        let slots = || timeline.lines.iter().flat_map(|line| &line.slots);
        let ratios = slots().flat_map(|slot| [slot.p50, slot.p90]).flatten();
        let (least, most) = ratios.fold((0.8_f64, 1.5_f64), |ends, ratio| (ends.0.min(ratio), ends.1.max(ratio)));
        let count = timeline.lines.first().map_or(1, |line| line.slots.len());
        Self {
            ratios: (least.max(1e-3) / 1.05, most * 1.08),
            failures: slots().map(|slot| slot.failed).max().unwrap_or(0).max(LEAST_FAILURES),
            slots: count.max(1),
        }
    }

    fn x(&self, frame: Rect, along: f64) -> f64 {
        frame.x0 + along / self.slots as f64 * (frame.x1 - frame.x0)
    }

    fn y(&self, frame: Rect, ratio: f64) -> f64 {
        let up = (ratio / self.ratios.0).ln() / (self.ratios.1 / self.ratios.0).ln();
        frame.y1 - FOOT - up * (frame.y1 - FOOT - frame.y0)
    }
}

/// Draws one region and returns where its figures stand.
fn strip(canvas: &Canvas<'_>, scale: &Scale, line: &TimeLine, frame: Rect) -> Vec<Point> {
    canvas.rect(frame, Role::Panel.fill());
    let heading = Type { bold: true, ..Type::new(13.0, Role::Ink) };
    let middle = frame.y0 - TITLE / 2.0;
    canvas.text(line.region.as_deref().unwrap_or("All endpoints"), (frame.x0, middle), heading, Align::Left);
    let failed: u64 = line.slots.iter().map(|slot| slot.failed).sum();
    let requests: u64 = line.slots.iter().map(|slot| slot.requests).sum();
    let words = format!("{} of {} failed", figures::count(failed), figures::count(requests));
    canvas.text(&words, (frame.x1, middle), Type::new(11.0, Role::Muted), Align::Right);
    for ratio in log_ticks(scale.ratios, frame.y1 - FOOT - frame.y0, 18.0) {
        let y = scale.y(frame, ratio);
        let weight = if (ratio - 1.0).abs() < 1e-9 { Role::Frame } else { Role::Grid };
        canvas.line(&[(frame.x0, y), (frame.x1, y)], weight.stroke(1.0));
        canvas.text(&format!("{ratio} ×"), (frame.x0 - 6.0, y), Type::new(11.0, Role::Muted), Align::Right);
    }
    let foot = frame.y1 - FOOT;
    canvas.line(&[(frame.x0, foot), (frame.x1, foot)], Role::Grid.stroke(1.0));
    let points = |of: fn(&Slot) -> Option<f64>| {
        runs(&line.slots, of, |slot, ratio| (scale.x(frame, slot as f64 + 0.5), scale.y(frame, ratio)))
    };
    let (medians, tenths) = (points(|slot| slot.p50), points(|slot| slot.p90));
    for (below, above) in medians.iter().zip(&tenths) {
        let outline: Vec<Point> = below.iter().chain(above.iter().rev()).copied().collect();
        canvas.polygon(&outline, Role::First.colour().mix(0.18).filled());
    }
    for below in &medians {
        canvas.line(below, Role::First.stroke(1.8));
    }
    for above in &tenths {
        canvas.line(above, Role::First.stroke(0.8));
    }
    for (index, slot) in line.slots.iter().enumerate().filter(|(_, slot)| slot.failed > 0) {
        let high = (slot.failed as f64 / scale.failures as f64 * (FOOT - 4.0)).max(2.0);
        let (x0, x1) = (scale.x(frame, index as f64 + 0.15), scale.x(frame, index as f64 + 0.85));
        let title = format!("{} of {} failed", figures::count(slot.failed), figures::count(slot.requests));
        canvas.titled(&title, || {
            canvas.rect(Rect { x0, y0: frame.y1 - high, x1, y1: frame.y1 }, Role::Misses.fill());
        });
    }
    canvas.rect(frame, Role::Frame.stroke(1.0));
    medians.into_iter().chain(tenths).flatten().collect()
}

/// Draws a change of a breaker: a line down the strip, solid where the region is called no more.
fn breaker(canvas: &Canvas<'_>, scale: &Scale, mark: &BreakerMark, frame: Rect) {
    let x = scale.x(frame, mark.along.min(scale.slots as f64));
    let place = mark.region.as_deref().unwrap_or("the provider");
    let (word, role) = match mark.to.as_str() {
        "open" => ("opens", Role::Misses),
        "closed" => ("closes", Role::Meets),
        _ => ("is probed", Role::Muted),
    };
    canvas.titled(&format!("breaker of {place} {word}"), || {
        canvas.line(&[(x, frame.y0), (x, frame.y1)], role.stroke(1.4));
    });
    if mark.to != "half_open" {
        canvas.text(&format!("{place} {word}"), (x + 4.0, frame.y0 + 9.0), Type::new(10.0, Role::Muted), Align::Left);
    }
}

/// The stretches that follow each other with a figure, as points; a lone one is none, because a line needs two.
fn runs(slots: &[Slot], of: fn(&Slot) -> Option<f64>, at: impl Fn(usize, f64) -> Point) -> Vec<Vec<Point>> {
    let mut all: Vec<Vec<Point>> = vec![Vec::new()];
    for (index, slot) in slots.iter().enumerate() {
        match of(slot) {
            Some(ratio) => all.last_mut().expect("there is always one").push(at(index, ratio)),
            None => all.push(Vec::new()),
        }
    }
    all.retain(|points| points.len() > 1);
    all
}

/// The time axis below the last strip.
fn times(canvas: &Canvas<'_>, timeline: &Timeline, scale: &Scale, bottom: f64) {
    let seconds = timeline.slot.as_ms() / 1e3 * scale.slots as f64;
    let (unit, name) = if seconds < 180.0 { (1.0, "s") } else { (60.0, "min") };
    let frame = Rect { x0: MARGIN + AXIS_TITLE + LABELS_LEFT, y0: 0.0, x1: WIDTH - MARGIN, y1: bottom };
    let letters = Type::new(11.0, Role::Muted);
    for tick in linear_ticks(seconds / unit, frame.x1 - frame.x0, 60.0) {
        let x = frame.x0 + tick * unit / seconds * (frame.x1 - frame.x0);
        if x < frame.x1 - 12.0 {
            canvas.text(&format!("{} {name}", figures::rate(tick)), (x, bottom + 11.0), letters, Align::Centre);
        }
    }
    let middle = f64::midpoint(frame.x0, frame.x1);
    canvas.text("Since the first request", (middle, bottom + 28.0), Type::new(12.0, Role::Muted), Align::Centre);
}

/// Where the run was slowest, and when most failed.
fn finding(run: &Run, timeline: &Timeline) -> Headline {
    let origin = origin(run);
    let named = || {
        timeline
            .lines
            .iter()
            .flat_map(|line| line.slots.iter().enumerate().map(move |(index, slot)| (line, index, slot)))
    };
    let place = |line: &TimeLine| line.region.as_deref().map_or(String::new(), |region| format!(" in {region}"));
    let seconds = |slot: usize| {
        let at = slot as f64 * timeline.slot.as_ms() / 1e3;
        if at < 10.0 { format!("{at:.1} s") } else { format!("{at:.0} s") }
    };
    let medians = named().filter_map(|(line, index, slot)| Some((slot.p50?, line, index)));
    let slowest = medians.fold(None, |most: Option<(f64, &TimeLine, usize)>, next| match most {
        // Of equal ones the first.
        Some(most) if most.0 >= next.0 => Some(most),
        _ => Some(next),
    });
    let mut sentences = vec![match slowest {
        Some((ratio, line, index)) => format!(
            "Slowest stretch, {origin}: from {} on{}, half took {ratio:.2} times their cell's median or more.",
            seconds(index),
            place(line)
        ),
        None => format!("Too few successes for a timeline, {origin}."),
    }];
    let failed: u64 = named().map(|(_, _, slot)| slot.failed).sum();
    let most = named().filter(|(_, _, slot)| slot.failed > 0).min_by_key(|(_, _, slot)| std::cmp::Reverse(slot.failed));
    sentences.push(match most {
        None => "No request failed.".to_owned(),
        Some((line, index, slot)) => format!(
            "{} failed, most at once from {} on{}: {}.",
            figures::several(failed, "request"),
            seconds(index),
            place(line),
            figures::count(slot.failed)
        ),
    });
    sentences.extend(partial(run.manifest.status).map(str::to_owned));
    Headline { sentences }
}

fn signs(timeline: &Timeline) -> Vec<(Sign, String)> {
    let mut signs = vec![(Sign::Stretch, "median to slowest tenth of a stretch's successes".to_owned())];
    if timeline.lines.iter().any(|line| line.slots.iter().any(|slot| slot.failed > 0)) {
        signs.push((Sign::Failed, "failed requests, each strip on one scale".to_owned()));
    }
    signs
}

fn caption(run: &Run, timeline: &Timeline) -> String {
    let slot = timeline.slot.as_ms() / 1e3;
    let open = run.cells.iter().any(crate::rundir::CellRow::is_open_load);
    let moment = if open { "due, in closed load sent" } else { "sent" };
    format!(
        "Level is better: where a strip rises, everybody waited. Each success is held against its own cell's median, so \
         that fast and slow models can be pooled. Requests by the moment when they were {moment}, in {} stretches of {slot:.2} s; \
         one with fewer than 10 successes has no figure. From {}, {}.",
        timeline.lines.first().map_or(0, |line| line.slots.len()),
        run.manifest.started_at,
        origin(run)
    )
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;
    use crate::report::chart::svg_text::{texts, titles};
    use crate::report::sketch;
    use crate::units::Micros;

    /// Two regions of sixty half-seconds; in the second one latency doubles for a while and requests fail.
    fn incident() -> Timeline {
        let line = |region: &str, at: std::ops::Range<usize>| TimeLine {
            region: Some(region.to_owned()),
            slots: (0..60)
                .map(|slot| {
                    let (times, failed) = if at.contains(&slot) { (2.0, 3) } else { (1.0, 0) };
                    let some = (slot != 5).then_some(times);
                    Slot { requests: 40, failed, p50: some, p90: some.map(|times| times * 1.4) }
                })
                .collect(),
        };
        Timeline {
            slot: Micros(500_000),
            lines: vec![line("us-east-1", 0..0), line("eu-west-1", 20..30)],
            marks: vec![],
            warnings: vec![],
        }
    }

    #[test]
    fn the_title_names_the_incident_and_marks_stay_in_their_strip() {
        let run = sketch::demo(600);
        let (svg, strips) = draw(&run, &incident(), &ChartOptions::default());
        assert!(
            svg.contains("Slowest stretch, simulated: from 10 s on in eu-west-1, half took 2.00 times their"),
            "{svg}"
        );
        assert!(svg.contains("30 requests failed, most at once from 10 s on in eu-west-1: 3."));
        assert_eq!(strips.len(), 2);
        for (frame, points) in strips {
            assert!(points.len() > 100 && points.iter().all(|at| frame.holds(&Rect::around(*at, 0.0))));
        }
        assert_eq!(titles(&svg).iter().filter(|title| *title == "3 of 40 failed").count(), 10);
        assert!(texts(&svg).iter().any(|text| text == "20 s"));
    }

    #[test]
    fn a_breaker_that_opens_and_closes_is_marked_in_the_strip_of_its_region() {
        let run = sketch::demo(600);
        let mark = |along, to: &str| BreakerMark { along, region: Some("eu-west-1".to_owned()), to: to.to_owned() };
        let marks = vec![mark(21.0, "open"), mark(29.0, "half_open"), mark(29.5, "closed")];
        let svg = draw(&run, &Timeline { marks, ..incident() }, &ChartOptions::default()).0;
        let told: Vec<String> = titles(&svg).into_iter().filter(|title| title.starts_with("breaker")).collect();
        let of = |word: &str| format!("breaker of eu-west-1 {word}");
        assert_eq!(told, [of("opens"), of("is probed"), of("closes")]);
        assert!(texts(&svg).iter().any(|text| text == "eu-west-1 closes"));
    }

    #[test]
    fn a_stretch_without_a_figure_is_a_gap_and_an_empty_timeline_a_picture() {
        let run = sketch::demo(600);
        let svg = draw(&run, &incident(), &ChartOptions::default()).0;
        // Two strips of two lines in two parts each, and the legend's two.
        assert_eq!(svg.matches("s-first\" fill=\"none\"").count(), 10);
        let none = Timeline { slot: Micros(1_000), lines: vec![], marks: vec![], warnings: vec![] };
        assert!(Document::parse(&timeline(&run, &none, &ChartOptions::default())).is_ok());
    }
}
