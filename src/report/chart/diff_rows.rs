//! What the forest plot has rows for: each comparison of a policy, the worst first.

use crate::gate::{Bound, Finding, Place, Regression, Rule, Ruling, Seen, Severity, Why};
use crate::report::figures;
use crate::report::parts::Word;
use crate::report::plain_text::visible;
use crate::report::shown::{answering, load};
use crate::report::verdict::{Judgement, by_words, from_to, interval_words, margin_of, ruling};

/// One rule of the policy with all places that it was held against.
#[derive(Clone, Debug)]
pub(crate) struct Section<'a> {
    pub(crate) rule: &'a Regression,
    /// The worst first; never empty.
    pub(crate) rows: Vec<DiffRow>,
}

/// Rows of a section that are drawn: who wants to see more reads the verdict's file.
const MOST_ROWS: usize = 60;

impl Section<'_> {
    /// The rows that there is room for.
    pub(crate) fn drawn(&self) -> &[DiffRow] {
        &self.rows[..self.rows.len().min(MOST_ROWS)]
    }

    /// Whether its changes are shares of the baseline, which stand on a log axis.
    pub(crate) const fn is_log(&self) -> bool {
        is_log(self.rule)
    }
}

/// One place of a rule.
#[derive(Clone, Debug)]
pub(crate) struct DiffRow {
    /// The model, or the route.
    pub(crate) name: String,
    /// Whether it is a route, or a routing table as a whole.
    pub(crate) is_routed: bool,
    /// Where, or in how many regions; empty where the registry names none.
    pub(crate) region: String,
    /// The workload and its load; empty where several cells with different ones stand together.
    pub(crate) load: String,
    pub(crate) ruling: Ruling,
    /// What is drawn; absent where no change can be told.
    pub(crate) effect: Option<Effect>,
    /// Why nothing is drawn, in a few words.
    pub(crate) words: String,
    /// The margin in the unit of the change, above 0 whichever direction is worse.
    pub(crate) margin: f64,
    /// What is to be ruled out, likewise; absent for what is exact.
    pub(crate) rule_out: Option<f64>,
    /// `812 → 1,047 ms`; empty where nothing was seen.
    pub(crate) figures: String,
    /// `+29 %`; empty where no change can be told.
    pub(crate) change: String,
    /// `+21 to +37 %`; empty where there is none.
    pub(crate) interval: String,
    /// Requests of each variant; 0 for what is exact, and where nothing was seen.
    pub(crate) requests: [u64; 2],
    /// All of it in a sentence.
    pub(crate) title: String,
    /// How many times the margin was seen.
    excess: f64,
}

impl DiffRow {
    /// The word whose sign and colour the row has.
    pub(crate) const fn word(&self) -> Word {
        match self.ruling {
            Ruling::Broken => Word::Misses,
            Ruling::Invalid => Word::Invalid,
            Ruling::CannotTell => Word::CannotTell,
            Ruling::Holds => Word::Meets,
        }
    }

    /// Name and place: `small in eu`.
    pub(crate) fn place(&self) -> String {
        match self.region.as_str() {
            "" => self.name.clone(),
            region => format!("{} in {region}", self.name),
        }
    }
}

/// A change in the unit of its rule's margin: a share of the baseline above −1, or a difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Effect {
    pub(crate) at: f64,
    /// The ends of its interval; absent ends are open.
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
    /// Whether it was read off price lists, so that it needs no interval.
    pub(crate) exact: bool,
}

/// The comparisons of `judgement`, those of a rule together: the rule with the worst finding first, and so its rows.
///
/// The order of the run's rows has no influence.
pub(crate) fn sections<'a>(judgement: &Judgement<'a>) -> Vec<Section<'a>> {
    let mut sections: Vec<(usize, Section<'a>)> = Vec::new();
    for finding in &judgement.judged.findings {
        let Rule::Regression(index) = finding.rule else { continue };
        let rule = &judgement.policy.regressions[index];
        let row = row(judgement, finding, rule);
        match sections.iter_mut().find(|(known, _)| *known == index) {
            Some((_, section)) => section.rows.push(row),
            None => sections.push((index, Section { rule, rows: vec![row] })),
        }
    }
    for (_, section) in &mut sections {
        section.rows.sort_by(|a, b| {
            a.ruling.cmp(&b.ruling).then(b.excess.total_cmp(&a.excess)).then_with(|| a.title.cmp(&b.title))
        });
    }
    sections.sort_by(|(at, a), (other, b)| {
        let rank = |section: &Section<'_>| (section.rows[0].ruling, section.rule.severity == Severity::Warn);
        rank(a).cmp(&rank(b)).then(b.rows[0].excess.total_cmp(&a.rows[0].excess)).then(at.cmp(other))
    });
    sections.into_iter().map(|(_, section)| section).collect()
}

/// Whether changes of the rule are shares of the baseline.
const fn is_log(rule: &Regression) -> bool {
    matches!(rule.margin, Bound::Ratio(_)) && !rule.measure.is_ratio()
}

fn row(judgement: &Judgement<'_>, finding: &Finding, rule: &Regression) -> DiffRow {
    let of = judgement.row(finding);
    let (figures, seen, requests) = match finding.seen {
        Seen::Change(change) => {
            let ends = (change.low, change.high);
            let effect = change.change.map(|at| Effect { at, low: ends.0, high: ends.1, exact: false });
            (from_to(rule.measure, &change), effect, change.requests)
        }
        Seen::Prices { baseline, candidate } => {
            let shown = |price: Option<_>| price.map_or_else(|| "unknown".to_owned(), figures::list_price);
            let both = baseline.zip(candidate).map(|(was, is)| (was.as_f64(), is.as_f64()));
            let at = |(was, is): (f64, f64)| if is_log(rule) { is / was - 1.0 } else { is - was };
            let effect = both.map(|both| Effect { at: at(both), low: None, high: None, exact: true });
            (format!("{} → {}", shown(baseline), shown(candidate)), effect, [0; 2])
        }
        _ => (String::new(), None, [0; 2]),
    };
    let (effect, words) = drawable(judgement, finding, rule, seen);
    let (margin, rule_out) = bounds(finding, rule);
    let regions = match &finding.place {
        Place::Pairs(pairs) if pairs.len() > 1 => Some(pairs.len()),
        _ => None,
    };
    let place = judgement.place(finding);
    // What is not alike in all but the region has one name together, which tells how many cells there are.
    let alone = place.ends_with(" cells together").then(|| place.clone());
    let name = of.route.as_deref().map_or_else(|| visible(answering(of)), |route| format!("route {}", visible(route)));
    let is_routed = of.route.is_some() || of.model.is_empty();
    let on_workloads = regions.filter(|_| is_routed);
    DiffRow {
        region: match (&alone, regions) {
            (Some(_), _) => String::new(),
            _ if on_workloads.is_some() => String::new(),
            (None, Some(regions)) => figures::several(regions as u64, "region"),
            (None, None) => of.region.as_deref().map_or_else(String::new, visible),
        },
        load: match on_workloads {
            _ if alone.is_some() => String::new(),
            Some(workloads) => format!("{}, {}", figures::several(workloads as u64, "workload"), load(of)),
            None => format!("{}, {}", visible(&of.workload), load(of)),
        },
        name: alone.unwrap_or(name),
        is_routed,
        ruling: finding.ruling,
        words,
        margin,
        rule_out,
        figures,
        change: effect.map_or_else(String::new, |effect| by_words(rule, effect.at)),
        interval: effect.and_then(|effect| Some(interval_words(rule, (effect.low?, effect.high?)))).unwrap_or_default(),
        effect,
        requests,
        title: format!("{place}: {}: {}", ruling(finding.ruling), judgement.told(finding)),
        excess: judgement.excess(finding),
    }
}

/// What of `seen` has a place on the rule's axis, and else why it has none.
fn drawable(
    judgement: &Judgement<'_>,
    finding: &Finding,
    rule: &Regression,
    seen: Option<Effect>,
) -> (Option<Effect>, String) {
    // A baseline of 0 has no multiple.
    let of_nothing = is_log(rule)
        && match finding.seen {
            Seen::Change(change) => change.baseline <= 0.0,
            Seen::Prices { baseline, .. } => baseline.is_some_and(|price| price.as_f64() <= 0.0),
            _ => false,
        };
    let why = finding.why.as_ref().map(|why| why_words(judgement, finding, why));
    match seen {
        _ if of_nothing => (None, "the baseline is 0, which has no multiple".to_owned()),
        Some(effect) if effect.at.is_finite() && finding.ruling != Ruling::Invalid => (Some(effect), String::new()),
        _ => (None, why.unwrap_or_else(|| "no change can be told".to_owned())),
    }
}

/// Why nothing can be told. Of a row about one pair only the variant is named: the row says the rest.
fn why_words(judgement: &Judgement<'_>, finding: &Finding, why: &Why) -> String {
    let alone = matches!(&finding.place, Place::Pairs(pairs) if pairs.len() == 1);
    match why {
        Why::Of { why, .. } if alone && **why == Why::Missing => why.to_string(),
        Why::Of { cell, why } if alone => {
            let row = judgement.run.cells.iter().find(|row| row.cell == *cell);
            let variant = row.and_then(|row| row.variant.as_deref()).unwrap_or(cell);
            visible(&format!("{variant}: {why}"))
        }
        why => visible(&why.to_string()),
    }
}

/// Margin and rule-out in the unit of the change: those of shares in points, whatever the file says them in.
fn bounds(finding: &Finding, rule: &Regression) -> (f64, Option<f64>) {
    let rule_out = rule.rule_out.map(Bound::size);
    match (finding.seen, rule.margin) {
        (Seen::Change(change), Bound::Ratio(margin)) if rule.measure.is_ratio() => {
            let points = margin_of(rule, &change);
            (points, rule_out.map(|rule_out| points * rule_out / margin))
        }
        (_, margin) => (margin.size(), rule_out),
    }
}
