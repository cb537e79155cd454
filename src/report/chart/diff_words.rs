//! What the forest plot says: its finding, its legend and its caption.

use crate::gate::Ruling;
use crate::report::chart::diff_rows::{DiffRow, Section};
use crate::report::chart::legend::{self, Sign};
use crate::report::figures;
use crate::report::headline::{Headline, origin, partial};
use crate::report::plain_text::{clipped, visible};
use crate::report::verdict::{Judgement, counted, trimmed};

/// How many comparisons the title names.
const NAMED: usize = 3;

/// The columns that a variant's or a model's name takes in a sentence.
const LONGEST: usize = 48;

/// What became worse, the worst first; or that nothing is shown to have.
pub(crate) fn finding(judgement: &Judgement<'_>, sections: &[Section<'_>]) -> Headline {
    let (run, [baseline, candidate]) = (judgement.run, names(judgement));
    let origin = origin(run);
    let mut broken: Vec<(&Section<'_>, &DiffRow)> = Vec::new();
    for section in sections {
        broken.extend(section.rows.iter().filter(|row| row.ruling == Ruling::Broken).map(|row| (section, row)));
    }
    let count = |ruling| of_sections(sections, |row| row.ruling == ruling);
    let all = of_sections(sections, |_| true);
    let first = match broken.len() {
        _ if all == 0 => format!("Nothing of {candidate} can be held against {baseline}, {origin}."),
        0 if count(Ruling::Holds) == all => {
            format!("Every comparison of {candidate} with {baseline} holds, {origin}.")
        }
        0 => format!("{candidate} is nowhere shown to be worse than {baseline} by more than the margin, {origin}."),
        many => {
            let told = |(section, row): &(&Section<'_>, &DiffRow)| {
                let by = if row.change.is_empty() { &row.figures } else { &row.change };
                // A line never ends between a number and its unit.
                let by = by.replace(' ', "\u{a0}");
                format!("{} of {} {by}", section.rule.measure, clipped(&row.place(), LONGEST))
            };
            let mut told: Vec<String> = broken.iter().take(NAMED).map(told).collect();
            if many > NAMED {
                told.push(format!("{} more", many - NAMED));
            }
            format!("{candidate} is worse than {baseline}, {origin}: {}.", told.join(" · "))
        }
    };
    let mut sentences = vec![first];
    let counts = [Ruling::Broken, Ruling::Invalid, Ruling::CannotTell, Ruling::Holds].map(|one| (count(one), one));
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, one)| format!("{} {}", figures::count(count as u64), counted(one, count)))
        .collect();
    if !counts.is_empty() {
        sentences.push(format!("Of {}: {}.", figures::several(all as u64, "comparison"), counts.join(", ")));
    }
    sentences.extend(partial(run.manifest.status).map(str::to_owned));
    Headline { sentences }
}

/// The names of baseline and candidate.
fn names(judgement: &Judgement<'_>) -> [String; 2] {
    let variants = &judgement.run.manifest.variants;
    [0, 1].map(|place| variants.get(place).map_or_else(String::new, |name| clipped(&visible(name), LONGEST)))
}

fn of_sections(sections: &[Section<'_>], test: impl Fn(&DiffRow) -> bool) -> usize {
    sections.iter().flat_map(|section| &section.rows).filter(|row| test(row)).count()
}

/// What the signs of rows mean, in the order of [`legend::verdict_signs`].
const OF_A_CHANGE: [&str; 5] =
    ["holds", "broken: surely worse than the margin", "grey: nothing is shown", "grey: cannot be judged", ""];

/// The legend's entries for what stands in the picture; `arrows`: whether anything is beyond an axis, or open.
pub(crate) fn signs(sections: &[Section<'_>], arrows: bool) -> Vec<(Sign, String)> {
    let any = |test: &dyn Fn(&DiffRow) -> bool| of_sections(sections, test) > 0;
    let rows = sections.iter().flat_map(|section| &section.rows);
    let mut signs = legend::verdict_signs(OF_A_CHANGE, &rows.map(|row| (false, Some(row.word()))).collect::<Vec<_>>());
    let more = [
        (any(&|_| true), Sign::NoChange, "the baseline: no change"),
        (any(&|row| row.effect.is_some_and(|seen| !seen.exact)), Sign::Ends, "the change's interval"),
        (arrows, Sign::Onwards, "goes on: open at this n, or beyond the axis"),
        (any(&|row| row.margin > 0.0), Sign::Band, "within the margin"),
        (any(&|row| row.rule_out.is_some()), Sign::Upright, "the rule-out: what is surely better holds"),
    ];
    signs.extend(more.into_iter().filter(|(shown, ..)| *shown).map(|(_, sign, words)| (sign, words.to_owned())));
    signs
}

/// What is compared, how, by which policy, and what is not in the picture; `load` is what all rows have in common.
pub(crate) fn caption(judgement: &Judgement<'_>, sections: &[Section<'_>], load: Option<&str>) -> String {
    let [baseline, candidate] = names(judgement);
    let run = judgement.run;
    let on = load.map_or_else(String::new, |load| format!(" on {}", clipped(load, LONGEST)));
    let mut says = vec![format!("{candidate} over {baseline}{on}, from {}, {}", run.manifest.started_at, origin(run))];
    if of_sections(sections, |row| row.effect.is_some_and(|seen| !seen.exact)) > 0 {
        let level = trimmed((1.0 - judgement.policy.alpha) * 100.0);
        let rounds = figures::several(u64::from(run.manifest.load.rounds), "round");
        says.push(format!(
            "Marks are changes, of latency and cost the mean over {rounds}, as are the figures beside them, and bars their \
             {level} % intervals, from the tests that decide; rulings allow for all of them together"
        ));
        says.push("In latencies a failed request counts as its total deadline".to_owned());
    }
    if sections.iter().any(Section::is_log) {
        says.push("Multiples of the baseline stand on a log axis".to_owned());
    }
    says.push(match judgement.file() {
        None => "Margins are those of the built-in policy".to_owned(),
        Some(file) => format!("Margins are those of {}", visible(file)),
    });
    let cut: usize = sections.iter().map(|section| section.rows.len() - section.drawn().len()).sum();
    if cut > 0 {
        says.push(format!("Not drawn, each less bad than what is: {}", figures::count(cut as u64)));
    }
    let mut not_asked = judgement.not_asked();
    not_asked.iter_mut().for_each(|sentence| sentence.replace_range(..1, "N"));
    says.extend(not_asked);
    says.join(". ") + "."
}
