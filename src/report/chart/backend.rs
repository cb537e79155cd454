//! Writes what plotters draws as plain SVG.

use std::convert::Infallible;
use std::fmt::Write;

use plotters::backend::DrawingBackend;
use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind, FontStyle, FontTransform,
};

use crate::report::chart::text::{escape, width};
use crate::report::chart::theme::{Role, Theme};

/// Units of the backend in a pixel: plotters knows whole numbers only, and a tenth of a pixel can be seen.
pub(crate) const UNITS: f64 = 10.0;

/// A backend that appends elements to a string. Each colour is written as a literal and as a class with a prefix.
pub(crate) struct SvgBackend<'a> {
    pub(crate) out: &'a mut String,
    /// Width and height in pixels.
    pub(crate) size: (u32, u32),
    pub(crate) theme: Theme,
    pub(crate) prefix: &'a str,
    /// What shapes inherit from the groups that are open, the innermost last; empty: nothing.
    pub(crate) inherited: Vec<String>,
    /// How all text looks in the group of text that is open; absent outside of one.
    pub(crate) letters: Option<String>,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl SvgBackend<'_> {
    /// Opens a group; its title is what a pointer shows over any part of it.
    pub(crate) fn open_group(&mut self, title: &str) {
        self.inherited.push(self.inherited.last().cloned().unwrap_or_default());
        self.write(format_args!("<g><title>{}</title>", escape(title)));
    }

    /// Opens a group whose text has a rim in the colour of the panel, so that it reads on top of lines.
    pub(crate) fn open_halo(&mut self) {
        self.inherited.push(String::new());
        let (prefix, class, hex) = (self.prefix, Role::Panel.class(), Role::Panel.hex(self.theme));
        self.write(format_args!(
            "<g class=\"{prefix}s-{class}\" stroke=\"{hex}\" stroke-width=\"3\" stroke-linejoin=\"round\" \
             paint-order=\"stroke\">\n"
        ));
    }

    /// Opens a group of shapes that all have `style`, which is written once.
    pub(crate) fn open_alike<S: BackendStyle>(&mut self, style: &S, fill: bool) {
        let paint = self.described(style, fill);
        self.write(format_args!("<g{paint}>\n"));
        self.inherited.push(paint);
    }

    /// Opens a group of text that all looks like `style`, which is written once.
    pub(crate) fn open_letters<T: BackendTextStyle>(&mut self, style: &T) {
        let letters = self.lettered(style);
        self.inherited.push(String::new());
        self.write(format_args!("<g{letters}>\n"));
        self.letters = Some(letters);
    }

    /// Closes the group opened last.
    pub(crate) fn close_group(&mut self) {
        self.inherited.pop();
        self.letters = None;
        self.write(format_args!("</g>\n"));
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        self.out.write_fmt(text).expect("writing to a string cannot fail");
    }

    /// The attributes of a shape that its groups do not give it, with a space before them.
    fn paint<S: BackendStyle>(&self, style: &S, fill: bool) -> String {
        let paint = self.described(style, fill);
        if self.inherited.last() == Some(&paint) { String::new() } else { paint }
    }

    /// The attributes of a filled or outlined shape: class, literal colour, and what is not the default.
    fn described<S: BackendStyle>(&self, style: &S, fill: bool) -> String {
        let colour = style.color();
        let role = Role::of(colour.rgb);
        let (class, hex, prefix) = (role.class(), role.hex(self.theme), self.prefix);
        let opacity = |name| match colour.alpha {
            alpha if alpha < 1.0 => format!(" {name}-opacity=\"{}\"", (alpha * 100.0).round() / 100.0),
            _ => String::new(),
        };
        if fill {
            return format!(" class=\"{prefix}f-{class}\" fill=\"{hex}\"{}", opacity("fill"));
        }
        let wide = f64::from(style.stroke_width()) / UNITS;
        let opacity = opacity("stroke");
        format!(" class=\"{prefix}s-{class}\" fill=\"none\" stroke=\"{hex}\" stroke-width=\"{wide}\"{opacity}")
    }

    /// The attributes of text but for its place, with a space before them.
    fn lettered<T: BackendTextStyle>(&self, style: &T) -> String {
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        let weight = if matches!(style.style(), FontStyle::Bold) { " font-weight=\"600\"" } else { "" };
        let role = Role::of(style.color().rgb);
        let (prefix, class, hex, size) = (self.prefix, role.class(), role.hex(self.theme), style.size() / UNITS);
        format!(" font-size=\"{size}\"{anchor}{weight} class=\"{prefix}f-{class}\" fill=\"{hex}\"")
    }

    fn path<S: BackendStyle>(&mut self, points: impl IntoIterator<Item = BackendCoord>, style: &S, fill: bool) {
        // From point to point, which takes fewer digits than where each stands; in whole units nothing drifts.
        let mut line = String::new();
        let mut last: Option<(usize, i32, i32)> = None;
        for (x, y) in points {
            let (letter, across, down) = match last {
                None => ("M", x, y),
                Some((0, from_x, from_y)) => ("l", x - from_x, y - from_y),
                Some((_, from_x, from_y)) => (" ", x - from_x, y - from_y),
            };
            let between = if down < 0 { "" } else { " " };
            write!(line, "{letter}{}{between}{}", px(across), px(down)).expect("writing to a string cannot fail");
            last = Some((last.map_or(0, |(count, ..)| count + 1), x, y));
        }
        let close = if fill { "Z" } else { "" };
        let paint = self.paint(style, fill);
        self.write(format_args!("<path d=\"{line}{close}\"{paint}/>\n"));
    }
}

impl DrawingBackend for SvgBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.size.0 * UNITS as u32, self.size.1 * UNITS as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &colour, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn {
        if style.color().alpha > 0.0 {
            let paint = self.paint(style, fill);
            let (x, y, wide, high) = (px(from.0), px(from.1), px(to.0 - from.0), px(to.1 - from.1));
            self.write(format_args!("<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\"{paint}/>\n"));
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        if style.color().alpha > 0.0 && style.stroke_width() > 0 {
            self.path(path, style, false);
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        if style.color().alpha > 0.0 {
            let (x, y, paint) = (px(at.0), px(at.1), self.paint(style, fill));
            let radius = f64::from(radius) / UNITS;
            self.write(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"{paint}/>\n"));
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        if style.color().alpha > 0.0 {
            self.path(path, style, true);
        }
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, (x, y): BackendCoord) -> Drawn {
        let size = style.size() / UNITS;
        // From the anchor to the baseline; `dominant-baseline` is not known to every renderer.
        let down = match style.anchor().v_pos {
            VPos::Top => 0.8,
            VPos::Center => 0.35,
            VPos::Bottom => -0.2,
        } * size;
        let (x, y) = (px(x), px(y));
        let place = match style.transform() {
            FontTransform::None => format!("x=\"{x}\" y=\"{}\"", tenth(y + down)),
            turned => {
                let angle = match turned {
                    FontTransform::Rotate90 => 90,
                    FontTransform::Rotate180 => 180,
                    _ => 270,
                };
                format!("transform=\"translate({x} {y}) rotate({angle})\" y=\"{}\"", tenth(down))
            }
        };
        let letters = self.lettered(style);
        let letters = if self.letters.as_ref() == Some(&letters) { "" } else { &letters };
        let text = escape(text);
        self.write(format_args!("<text {place}{letters}>{text}</text>\n"));
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((width(text, style.size()).ceil() as u32, style.size().ceil() as u32))
    }
}

fn px(units: i32) -> f64 {
    f64::from(units) / UNITS
}

fn tenth(pixels: f64) -> f64 {
    (pixels * 10.0).round() / 10.0
}
