//! What the cost-quality chart says in words: title, legend, caption.

use std::collections::BTreeSet;

use crate::report::chart::cost_quality_model::{Known, Priced, Source};
use crate::report::chart::legend::{self, Sign};
use crate::report::chart::ticks::money;
use crate::report::figures;
use crate::report::headline::{Headline, origin, partial};
use crate::rundir::Run;

impl Source {
    /// What is said of a quality that is missing.
    pub(crate) const fn lacking(self) -> &'static str {
        match self {
            Self::Measured => "not measured",
            Self::Evaluated => "not known",
        }
    }
}

/// The title: what can be had for less, and what quality means here.
pub(crate) fn finding(run: &Run, source: Source, known: &[(&Priced, &Known)], frontier: &[usize]) -> Headline {
    let origin = origin(run);
    let words = |index: &usize| {
        let (model, known) = known[*index];
        format!("{} {} at {}", model.name, money(model.price.0), figures::quality(known.quality))
    };
    let steps: Vec<String> = frontier.iter().take(MOST_STEPS).map(words).collect();
    let more =
        if frontier.len() > MOST_STEPS { format!(" and {} more", frontier.len() - MOST_STEPS) } else { String::new() };
    let of_what = if source == Source::Measured { "" } else { "latency " };
    let models = figures::several(known.len() as u64, "model");
    let invalid = known.iter().filter(|(_, known)| !known.is_judged()).count();
    let mut sentences = vec![match frontier.is_empty() {
        true => format!("No model can be judged, {of_what}{origin}: every cell of {models} is invalid."),
        false => format!("Nothing better for less, {of_what}{origin}: {}{more}.", steps.join(" · ")),
    }];
    match invalid {
        0 => {}
        _ if frontier.is_empty() => {}
        1 => sentences.push("1 model is invalid and left out of that.".to_owned()),
        more => sentences.push(format!("{more} models are invalid and left out of that.")),
    }
    sentences.push(match source {
        Source::Measured => {
            let answers = known.iter().filter_map(|(_, known)| Some(known.support.as_ref()?.answers)).sum();
            format!("Quality is the share of right answers among {} of {models}.", figures::several(answers, "answer"))
        }
        Source::Evaluated => format!("Quality is the registry's evaluation of {models}, and was not measured here."),
    });
    sentences.extend(partial(run.manifest.status).map(str::to_owned));
    Headline { sentences }
}

/// Steps of the frontier that the title names.
const MOST_STEPS: usize = 5;

/// The legend.
pub(crate) fn signs(source: Source, known: &[(&Priced, &Known)], bands: &[&Priced]) -> Vec<(Sign, String)> {
    let words = [
        "meets its tier's p99 limit everywhere",
        "misses it everywhere",
        "here and there, or cannot be told",
        "invalid: not judged",
        "has no limit",
    ];
    let marks: Vec<_> = known.iter().map(|(_, known)| (false, known.standing)).collect();
    let mut signs = legend::verdict_signs(words, &marks);
    if known.iter().any(|(_, known)| known.is_judged()) {
        signs.push((Sign::Stairs, "nothing better for less".to_owned()));
    }
    if !bands.is_empty() {
        signs.push((Sign::Band, format!("published price, quality {}", source.lacking())));
    }
    signs
}

/// The caption: where quality and price come from, and what the picture leaves out.
pub(crate) fn caption(run: &Run, source: Source, models: &[Priced], key: &[String]) -> String {
    let quality = match source {
        Source::Measured => measured(models),
        Source::Evaluated => "Quality is the user's own evaluation in the registry, 0 to 1".to_owned(),
    };
    let of_what = if source == Source::Measured { "Measured" } else { "Latency" };
    let mut says = vec![
        format!(
            "Upper left is better. {quality}; price is the list price of output tokens, from a model's cheapest endpoint to \
             its dearest"
        ),
        format!("{of_what} from {}, {}", run.manifest.started_at, origin(run)),
    ];
    let bands: Vec<&str> =
        models.iter().filter(|model| model.known.is_none()).map(|model| model.name.as_str()).collect();
    if !bands.is_empty() {
        let shown = bands.len().min(MOST_BANDS);
        let more = if bands.len() > shown { format!(" and {} more", bands.len() - shown) } else { String::new() };
        says.push(format!(
            "Shaded are published prices without {}: {}{more}",
            if source == Source::Measured { "a measured quality" } else { "an evaluation" },
            bands[..shown].join(", ")
        ));
    }
    if models.iter().any(|model| model.assumed) {
        says.push("Some prices are assumed".to_owned());
    }
    if !key.is_empty() {
        says.push(format!("Not named beside their mark: {}", key.join(", ")));
    }
    says.join(". ") + "."
}

/// Models without a quality that the caption names.
const MOST_BANDS: usize = 12;

/// What a measured quality is, over which answers.
fn measured(models: &[Priced]) -> String {
    let supports: Vec<_> = models.iter().filter_map(|model| model.known.as_ref()?.support.as_ref()).collect();
    let answers = || supports.iter().map(|support| support.answers);
    let (least, most) = (answers().min().unwrap_or(0), answers().max().unwrap_or(0));
    let n = if least == most {
        figures::count(least)
    } else {
        format!("{} to {}", figures::count(least), figures::count(most))
    };
    let workloads: BTreeSet<&str> =
        supports.iter().flat_map(|support| support.workloads.keys()).map(String::as_str).collect();
    // A model without eyes is not asked about images, and one with a small window not about long texts.
    let differ = supports.iter().any(|support| support.workloads != supports[0].workloads);
    let unlike = if differ { "; not every model was asked all of it" } else { "" };
    format!(
        "Quality is the share of right answers among those of which the workload expects something ({}{unlike}), n = {n} a \
         model; bars are its 95 % interval; failures are not among them",
        workloads.into_iter().collect::<Vec<_>>().join(", ")
    )
}
