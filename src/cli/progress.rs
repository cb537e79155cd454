//! What `run` shows while it is under way.

use std::ffi::OsStr;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::progress_text::{Sums, cell_text, model_text, places, places_heading, plain_line, sums, total_text};
use crate::report::{clipped, columns, visible};
use crate::run::{ModelLine, Snapshot};

/// Redraws a second at most: more would only flicker.
const REDRAWS_A_SECOND: u8 = 4;
/// Time between two plain lines.
const PLAIN_EVERY: Duration = Duration::from_secs(10);
/// Models up to which each has a bar of its own.
const MOST_BARS: usize = 20;
/// Cells shown by name where the models are too many.
const SLOWEST: usize = 5;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ui {
    /// A bar a model, redrawn in place.
    Bars,
    /// A line every ten seconds.
    Plain,
    /// Nothing.
    None,
}

impl Ui {
    /// Bars where stderr is a terminal that can redraw, else plain lines. Neither has colour, so `NO_COLOR` holds.
    pub(super) fn auto() -> Self {
        Self::choose(std::io::stderr().is_terminal(), std::env::var_os("TERM").as_deref())
    }

    fn choose(terminal: bool, kind: Option<&OsStr>) -> Self {
        if terminal && kind.is_some_and(|kind| kind != "dumb") { Self::Bars } else { Self::Plain }
    }
}

/// The progress of one run. It never fails: who cannot write to stderr sees nothing.
pub(super) struct Progress {
    models: Vec<ModelLine>,
    places: Vec<String>,
    sink: Sink,
}

enum Sink {
    Bars {
        screen: MultiProgress,
        /// Over the bars; absent where the models are too many for one each.
        heading: Option<ProgressBar>,
        lines: Vec<ProgressBar>,
        total: ProgressBar,
    },
    Plain {
        stderr: Box<dyn Write + Send>,
        next: Duration,
    },
    None,
}

impl Progress {
    /// Starts to show a run of `models`. Plain lines go to `stderr`; bars draw on the process's own standard error.
    pub(super) fn new(ui: Ui, models: Vec<ModelLine>, stderr: Box<dyn Write + Send>) -> Self {
        let sink = match ui {
            Ui::Bars => bars(&models, ProgressDrawTarget::stderr_with_hz(REDRAWS_A_SECOND)),
            Ui::Plain => Sink::Plain { stderr, next: PLAIN_EVERY },
            Ui::None => Sink::None,
        };
        Self { places: places(&models), models, sink }
    }

    /// Shows how far the run has come; call it as often as you like.
    pub(super) fn update(&mut self, snapshot: &Snapshot) {
        match &mut self.sink {
            Sink::Bars { lines, total, .. } => {
                let sums = sums(&self.models, snapshot);
                total.set_position(sums.done);
                total.set_message(total_text(&sums, snapshot));
                if self.models.len() > MOST_BARS {
                    let slowest = slowest(&self.models, snapshot);
                    for (at, line) in lines.iter().enumerate() {
                        line.set_message(slowest.get(at).cloned().unwrap_or_default());
                    }
                } else {
                    for (line, model) in lines.iter().zip(&self.models) {
                        line.set_position(Sums::of(model, snapshot).done);
                        line.set_message(model_text(model, &self.places, snapshot));
                    }
                }
            }
            Sink::Plain { stderr, next } if snapshot.elapsed >= *next => {
                // A run does not end because nobody can read how far it is.
                let _ = writeln!(stderr, "{}", plain_line(&self.models, snapshot));
                // From the schedule, not from now: a late line does not shift those that follow.
                while *next <= snapshot.elapsed {
                    *next += PLAIN_EVERY;
                }
            }
            Sink::Plain { .. } | Sink::None => {}
        }
    }

    /// Removes the bars, so that the report starts on a clean line.
    pub(super) fn finish(self) {
        if let Sink::Bars { screen, heading, lines, total } = self.sink {
            for line in heading.into_iter().chain(lines) {
                line.finish_and_clear();
            }
            total.finish_and_clear();
            // A screen that is gone already needs no clearing.
            let _ = screen.clear();
        }
    }
}

fn bars(models: &[ModelLine], target: ProgressDrawTarget) -> Sink {
    let screen = MultiProgress::with_draw_target(target);
    let style = |template: &str| {
        ProgressStyle::with_template(template).expect("the template is part of the program").progress_chars("━╸─")
    };
    let room = models.iter().map(|model| columns(&model.model)).max().unwrap_or(0).clamp(5, 24);
    let many = models.len() > MOST_BARS;
    // What stands under it is a bar of 8 columns and a share of 5.
    let template = format!("{:room$} {:14}  {{wide_msg}}", "", "p50/p99 in ms");
    let heading = (!many).then(|| {
        let line = screen.add(ProgressBar::new(0).with_style(style(&template)));
        line.set_message(places_heading(&places(models)));
        line
    });
    let lines = if many {
        (0..SLOWEST).map(|_| screen.add(ProgressBar::new(0).with_style(style("  {wide_msg}")))).collect()
    } else {
        let template = format!("{{prefix:{room}}} {{bar:8}} {{percent:>3}} %  {{wide_msg}}");
        models
            .iter()
            .map(|model| {
                let bar = ProgressBar::new(model.total_requests).with_style(style(&template));
                screen.add(bar.with_prefix(clipped(&visible(&model.model), room)))
            })
            .collect()
    };
    let requests = models.iter().map(|model| model.total_requests).sum();
    let template = format!("{:room$} {{bar:8}} {{percent:>3}} %  {{wide_msg}}", "all");
    let total = screen.add(ProgressBar::new(requests).with_style(style(&template)));
    Sink::Bars { screen, heading, lines, total }
}

/// The cells with the longest tails so far, slowest first; among equals the first of the plan.
fn slowest(models: &[ModelLine], snapshot: &Snapshot) -> Vec<String> {
    let mut cells: Vec<(&ModelLine, usize, &str)> = models
        .iter()
        .flat_map(|model| model.cells.iter().map(move |(cell, place)| (model, *cell, place.as_str())))
        .filter(|(_, cell, _)| snapshot.cells.get(*cell).is_some_and(|cell| cell.p99.is_some()))
        .collect();
    cells.sort_by_key(|(_, cell, _)| std::cmp::Reverse(snapshot.cells[*cell].p99));
    cells
        .into_iter()
        .take(SLOWEST)
        .map(|(model, cell, place)| format!("{} {}", visible(&model.model), cell_text(place, snapshot.cells[cell])))
        .collect()
}

#[cfg(test)]
mod tests;
