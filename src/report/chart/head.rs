//! What stands over the panels: the finding, what bounds it, the notice of a simulation and the legend.

use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::grid::{MARGIN, WIDTH};
use crate::report::chart::legend::{self, Sign};
use crate::report::chart::mark::{Mark, PriceAxis, Tail};
use crate::report::chart::rect::Rect;
use crate::report::chart::theme::Role;
use crate::report::headline::{Headline, headline_by};
use crate::report::parts::Word;
use crate::rundir::{Run, Status};

/// Title, second line, notice and legend, with the height they take.
pub(crate) struct Head {
    pub(crate) finding: Headline,
    /// What the picture must not be taken without; absent for a finished live run.
    notice: Option<String>,
    title: Vec<String>,
    rest: Vec<String>,
    legend: Vec<(Sign, String)>,
    places: Vec<(f64, f64)>,
    /// In pixels, from the picture's upper edge.
    pub(crate) height: f64,
}

const FINDING: Type = Type { size: 19.0, role: Role::Ink, bold: true };
const BOUNDS: Type = Type::new(13.5, Role::Muted);
const NOTICE: Type = Type { size: 12.0, role: Role::NoticeInk, bold: true };

impl Head {
    /// What `run` found, and the signs that stand for it in a picture of `marks`.
    pub(crate) fn new(run: &Run, marks: &[Mark], axis: PriceAxis, dense: bool) -> Self {
        Self::of(run, headline_by(run, axis), signs(marks, dense))
    }

    /// What `finding` says of `run`, and the signs that `legend` explains.
    pub(crate) fn of(run: &Run, finding: Headline, legend: Vec<(Sign, String)>) -> Self {
        Self::over(finding, notice(run), legend)
    }

    /// What `finding` says, the notice that it must not be read without, and the signs that `legend` explains.
    pub(crate) fn over(finding: Headline, notice: Option<String>, legend: Vec<(Sign, String)>) -> Self {
        let most = WIDTH - 2.0 * MARGIN - notice.as_ref().map_or(0.0, |text| NOTICE.width(text) + 44.0);
        let title = FINDING.wrap(&kept_together(&finding.sentences[0]), most);
        let rest: Vec<String> = finding.sentences[1..].iter().map(|sentence| kept_together(sentence)).collect();
        // The notice ends above these lines.
        let rest = BOUNDS.wrap(&rest.join(" "), WIDTH - 2.0 * MARGIN);
        let (places, legend_height) = legend::lay_out(&legend, WIDTH - 2.0 * MARGIN);
        let height = 22.0 + title.len() as f64 * 25.0 + rest.len() as f64 * 18.0 + 8.0 + legend_height + 6.0;
        Self { finding, notice, title, rest, legend, places, height }
    }

    /// Draws it at the top of the picture.
    pub(crate) fn draw(&self, canvas: &Canvas<'_>) {
        let mut y = 22.0 + 11.0;
        if let Some(notice) = &self.notice {
            let wide = NOTICE.width(notice) + 20.0;
            let rect = Rect { x0: WIDTH - MARGIN - wide, y0: y - 12.0, x1: WIDTH - MARGIN, y1: y + 12.0 };
            canvas.rect(rect, Role::Notice.fill());
            canvas.rect(rect, Role::NoticeInk.stroke(1.0));
            canvas.text(notice, (f64::midpoint(rect.x0, rect.x1), y), NOTICE, Align::Centre);
        }
        for line in &self.title {
            canvas.text(line, (MARGIN, y), FINDING, Align::Left);
            y += 25.0;
        }
        y -= 2.0;
        for line in &self.rest {
            canvas.text(line, (MARGIN, y), BOUNDS, Align::Left);
            y += 18.0;
        }
        legend::draw(canvas, &self.legend, &self.places, (MARGIN, y));
    }
}

/// Where replies came from unless all were live, and that the run ended early.
fn notice(run: &Run) -> Option<String> {
    let origin = match run.manifest.destination.simulated {
        Some(true) => Some("SIMULATED"),
        Some(false) if run.cells.iter().any(|row| row.simulated) => Some("SIMULATED IN PART"),
        Some(false) => None,
        None => Some("ORIGIN UNKNOWN"),
    };
    let partial = (run.manifest.status != Status::Finished).then_some("PARTIAL RUN");
    let words: Vec<&str> = [origin, partial].into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(" · "))
}

/// The sentence with each tier's words bound to each other, so that a line never ends between model and price.
fn kept_together(sentence: &str) -> String {
    let Some((before, tiers)) = sentence.split_once(": ").filter(|(_, tiers)| tiers.starts_with("tier ")) else {
        return sentence.to_owned();
    };
    let bound: Vec<String> = tiers.split(" · ").map(|tier| tier.replace(' ', "\u{a0}")).collect();
    format!("{before}: {}", bound.join("\u{a0}· "))
}

/// The legend's entries for what stands in the picture.
fn signs(marks: &[Mark], dense: bool) -> Vec<(Sign, String)> {
    let any = |test: &dyn Fn(&Mark) -> bool| marks.iter().any(test);
    let mut signs = match any(&|mark| mark.overlaid.is_some()) {
        true => region_signs(marks),
        false => {
            let marks: Vec<_> = marks.iter().map(|mark| (mark.baseline, mark.standing)).collect();
            legend::verdict_signs(legend::OF_AN_ENDPOINT, &marks)
        }
    };
    let more = [
        (any(&|mark| mark.tail != Tail::Maximum), Sign::Cap, "from p50 (mark) up to p99"),
        (!dense && any(&|mark| mark.low.is_some()), Sign::Interval, "95 % interval of p99"),
        (!dense && any(&|mark| mark.tail == Tail::Open), Sign::Open, "no upper bound at this n, or failures"),
        (any(&|mark| mark.tail == Tail::Maximum), Sign::Maximum, "from p50 (mark) up to the maximum: n is below 100"),
        (any(&|mark| mark.limit.is_some()), Sign::Limit, "the tier's limit"),
    ];
    signs.extend(more.into_iter().filter(|(shown, ..)| *shown).map(|(_, sign, words)| (sign, words.to_owned())));
    signs
}

/// The regions that share a panel, in their order, and what a hollow mark means.
fn region_signs(marks: &[Mark]) -> Vec<(Sign, String)> {
    let mut regions: Vec<(usize, &str)> = Vec::new();
    for mark in marks {
        let region = mark.overlaid.map(|index| (index, mark.region.as_deref().unwrap_or("no region")));
        regions.extend(region.filter(|region| !regions.contains(region)));
    }
    regions.sort_unstable();
    let mut signs: Vec<(Sign, String)> =
        regions.into_iter().map(|(index, region)| (Sign::Region(index), region.to_owned())).collect();
    let own = || marks.iter().filter(|mark| !mark.baseline);
    if own().any(|mark| mark.standing != Some(Word::Meets)) {
        signs.push((Sign::Hollow, "hollow: not shown to meet its tier's p99 limit".to_owned()));
    }
    if marks.iter().any(|mark| mark.standing == Some(Word::Invalid)) {
        signs.push((Sign::Verdict(Some(Word::Invalid)), "crossed: invalid, not judged".to_owned()));
    }
    if marks.iter().any(|mark| mark.baseline && mark.standing != Some(Word::Invalid)) {
        signs.push((Sign::Baseline, legend::HELD_AGAINST.to_owned()));
    }
    signs
}
