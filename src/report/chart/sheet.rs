//! The sheet that every chart is drawn on: head at the top, caption at the foot, one SVG about both.

use std::fmt::Write;

use plotters::drawing::IntoDrawingArea;

use crate::report::chart::backend::SvgBackend;
use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::grid::{MARGIN, WIDTH};
use crate::report::chart::head::Head;
use crate::report::chart::options::ChartOptions;
use crate::report::chart::text::escape;
use crate::report::chart::theme::{Role, style_sheet};
use crate::report::headline::Headline;

/// How a caption is set.
const CAPTION: Type = Type::new(11.5, Role::Muted);

/// From one line of the caption to the next, in pixels.
const LINE: f64 = 15.0;

/// More than any picture takes, in pixels: how high it becomes is known when all is drawn.
const TALLEST: u32 = 100_000;

/// What the drawing of a sheet's middle part leaves.
pub(crate) struct Middle<T> {
    /// Its lower edge, in pixels; the caption stands below.
    pub(crate) bottom: f64,
    /// What was measured, how, and what is not in the picture, as one paragraph.
    pub(crate) caption: String,
    /// What the caller wants to know of it.
    pub(crate) drawn: T,
}

/// Draws `head`, then what `middle` draws below it, then its caption; returns the whole SVG.
///
/// The caption comes last because drawing decides what it must say, such as names that found no room.
pub(crate) fn sheet<T>(
    options: &ChartOptions,
    head: &Head,
    middle: impl FnOnce(&Canvas<'_>) -> Middle<T>,
) -> (String, T) {
    let mut body = String::new();
    let backend = SvgBackend {
        out: &mut body,
        size: (WIDTH as u32, TALLEST),
        theme: options.theme,
        prefix: &options.prefix,
        inherited: Vec::new(),
        letters: None,
    };
    let canvas = Canvas { area: backend.into_drawing_area() };
    head.draw(&canvas);
    let Middle { bottom, caption, drawn } = middle(&canvas);
    let lines = CAPTION.wrap(&caption, WIDTH - 2.0 * MARGIN);
    for (line, text) in lines.iter().enumerate() {
        canvas.text(text, (MARGIN, bottom + 14.0 + line as f64 * LINE), CAPTION, Align::Left);
    }
    drop(canvas);
    let height = (bottom + 20.0 + lines.len() as f64 * LINE).ceil();
    (document(&body, height, options, &head.finding, &caption), drawn)
}

/// The SVG about `body`, named by what was found and described by its caption.
fn document(body: &str, height: f64, options: &ChartOptions, finding: &Headline, caption: &str) -> String {
    let (prefix, theme) = (escape(&options.prefix), options.theme);
    let (class, paper) = (Role::Paper.class(), Role::Paper.hex(theme));
    let mut svg = String::with_capacity(body.len() + 4096);
    write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" aria-labelledby=\"{prefix}title {prefix}desc\" \
         font-family=\"'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif\">\n\
         <title id=\"{prefix}title\">{}</title>\n<desc id=\"{prefix}desc\">{}</desc>\n{}\
         <rect width=\"{WIDTH}\" height=\"{height}\" class=\"{prefix}f-{class}\" fill=\"{paper}\"/>\n{body}</svg>\n",
        escape(&finding.to_string()),
        escape(caption),
        style_sheet(theme, &prefix),
    )
    .expect("writing to a string cannot fail");
    svg
}
