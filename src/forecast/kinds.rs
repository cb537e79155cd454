//! The kinds of requests that a forecast sends through a table.

use crate::forecast::ForecastError;
use crate::rundir::{KindNote, Run, WorkloadNote, estimated_kind_notes};
use crate::workload::{BadLines, Workload};

/// Requests of a workload that a table treats alike, and their share.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// The workload's name.
    pub workload: String,
    /// The recorded class.
    pub class: Option<String>,
    /// The tier that is expected.
    pub tier: Option<u8>,
    /// The region that they come from.
    pub origin: Option<String>,
    /// Whether they hold an image.
    pub has_image: bool,
    /// How many images each of them holds; absent where the run does not say, and then they count as one.
    pub images: Option<u32>,
    /// Tokens of prompt and answer at most.
    pub tokens: u64,
    /// Bytes of text that a classifier is shown of each, the mean, before a table cuts it; absent where the run does not say.
    pub asked_bytes: Option<u64>,
    /// How many lines of the workload they are.
    pub lines: u64,
    /// Their share of all requests, 0 to 1.
    pub share: f64,
}

impl Kind {
    /// The requests as a message names them.
    pub(in crate::forecast) fn in_words(&self) -> String {
        let class = self.class.as_ref().map_or_else(String::new, |class| format!(" of class `{class}`"));
        let tier = self.tier.map_or_else(String::new, |tier| format!(" of tier {tier}"));
        format!("requests{class}{tier} in workload `{}`", self.workload)
    }
}

/// The kinds of requests of every workload in `runs`, each line of each workload weighing the same; the newest run comes
/// first and decides on a workload that several have.
///
/// # Errors
/// A run of old does not keep them, and its workload is not to be had.
pub(in crate::forecast) fn kinds(runs: &[&Run]) -> Result<Vec<Kind>, ForecastError> {
    let mut found: Vec<Kind> = Vec::new();
    for run in runs {
        for note in &run.manifest.workloads {
            if found.iter().any(|kind| kind.workload == note.name) {
                continue;
            }
            let kinds = if note.kinds.is_empty() { of_old(run, note)? } else { note.kinds.clone() };
            found.extend(kinds.into_iter().map(|kind| Kind {
                workload: note.name.clone(),
                class: kind.class,
                tier: kind.tier,
                origin: kind.origin,
                has_image: kind.has_image,
                images: kind.images.or((!kind.has_image).then_some(0)),
                tokens: kind.tokens,
                asked_bytes: kind.asked_bytes,
                lines: kind.requests,
                share: kind.requests as f64,
            }));
        }
    }
    let all: f64 = found.iter().map(|kind| kind.share).sum();
    found.iter_mut().for_each(|kind| kind.share /= all);
    Ok(found)
}

/// The kinds of a workload whose run did not keep them, from the very file that it replayed.
fn of_old(run: &Run, note: &WorkloadNote) -> Result<Vec<KindNote>, ForecastError> {
    let same = |workload: &Workload| workload.sha256 == note.sha256;
    let embedded = Workload::built_in(&note.name).filter(same);
    let file = || Workload::read(note.source.as_ref(), BadLines::Skip).ok().filter(same);
    embedded
        .or_else(file)
        .map(|workload| estimated_kind_notes(&workload))
        .ok_or_else(|| ForecastError::NoKinds { run: run.manifest.run_id.clone(), workload: note.name.clone() })
}
