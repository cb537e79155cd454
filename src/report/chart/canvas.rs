//! A drawing area addressed in pixels and painted by role.

use std::iter::{Once, once};

use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, IntoFont, ShapeStyle, TextStyle};
use plotters_backend::{BackendCoord, DrawingErrorKind};

use crate::report::chart::backend::{SvgBackend, UNITS};
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::text::{clip_by, measured, wrap_by};
use crate::report::chart::theme::Role;

/// The whole picture.
pub(crate) struct Canvas<'a> {
    /// For charts of plotters; its units are tenths of a pixel.
    pub(crate) area: DrawingArea<SvgBackend<'a>, Shift>,
}

/// Where text stands relative to its point; it is always centred from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    pub(crate) size: f64,
    pub(crate) role: Role,
    pub(crate) bold: bool,
}

impl Type {
    /// Text of common weight.
    pub(crate) const fn new(size: f64, role: Role) -> Self {
        Self { size, role, bold: false }
    }

    /// How wide `text` becomes, in pixels.
    pub(crate) fn width(self, text: &str) -> f64 {
        measured(text, self.size, self.bold)
    }

    /// `text`, or as much of its beginning as fits into `most` pixels with an ellipsis.
    pub(crate) fn clip(self, text: &str, most: f64) -> String {
        clip_by(text, most, |text| self.width(text))
    }

    /// `text` in lines of at most `most` pixels.
    pub(crate) fn wrap(self, text: &str, most: f64) -> Vec<String> {
        wrap_by(text, most, |text| self.width(text))
    }

    /// The style in which plotters draws such text.
    pub(crate) fn style(self) -> TextStyle<'static> {
        let weight = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = ("sans-serif", self.size * UNITS, weight).into_font();
        TextStyle { color: self.role.colour().to_backend_color(), ..TextStyle::from(font) }
    }
}

impl Type {
    /// The style of text that stands so.
    fn aligned(self, align: Align) -> TextStyle<'static> {
        let across = match align {
            Align::Left => HPos::Left,
            Align::Centre => HPos::Center,
            Align::Right => HPos::Right,
        };
        self.style().pos(Pos::new(across, VPos::Center))
    }
}

impl Canvas<'_> {
    pub(crate) fn line(&self, points: &[Point], style: ShapeStyle) {
        self.draw(&PathElement::new(points.iter().map(|point| units(*point)).collect::<Vec<_>>(), style));
    }

    pub(crate) fn rect(&self, rect: Rect, style: ShapeStyle) {
        self.draw(&Rectangle::new([units((rect.x0, rect.y0)), units((rect.x1, rect.y1))], style));
    }

    pub(crate) fn circle(&self, at: Point, radius: f64, style: ShapeStyle) {
        self.draw(&Circle::new(units(at), (radius * UNITS).round() as i32, style));
    }

    pub(crate) fn polygon(&self, points: &[Point], style: ShapeStyle) {
        self.draw(&Polygon::new(points.iter().map(|point| units(*point)).collect::<Vec<_>>(), style.color));
    }

    pub(crate) fn text(&self, text: &str, at: Point, letters: Type, align: Align) {
        let style = letters.aligned(align);
        self.area.draw_text(text, &style, units(at)).expect("the backend never fails");
    }

    /// Text that reads upwards, centred on `at`.
    pub(crate) fn text_upwards(&self, text: &str, at: Point, letters: Type) {
        let style = letters.style().transform(FontTransform::Rotate270).pos(Pos::new(HPos::Center, VPos::Center));
        self.area.draw_text(text, &style, units(at)).expect("the backend never fails");
    }

    /// Draws what `inside` draws as one group; a pointer over it shows `title`.
    pub(crate) fn titled(&self, title: &str, inside: impl FnOnce()) {
        self.draw(&Mark::Open(title.to_owned()));
        inside();
        self.draw(&Mark::Close);
    }

    /// Draws what `inside` draws with a rim around its text.
    pub(crate) fn with_halo(&self, inside: impl FnOnce()) {
        self.draw(&Mark::Halo);
        inside();
        self.draw(&Mark::Close);
    }

    /// Draws what `inside` draws as one group that carries `style`, so that its shapes need not repeat it.
    pub(crate) fn alike(&self, style: ShapeStyle, inside: impl FnOnce()) {
        self.draw(&Mark::Alike(style));
        inside();
        self.draw(&Mark::Close);
    }

    /// Draws what `inside` draws, text alone, as one group that carries its look.
    pub(crate) fn lettered(&self, letters: Type, align: Align, inside: impl FnOnce()) {
        self.draw(&Mark::Letters(letters, align));
        inside();
        self.draw(&Mark::Close);
    }

    fn draw<'b, E>(&self, element: &'b E)
    where
        &'b E: PointCollection<'b, BackendCoord>,
        E: for<'c> Drawable<SvgBackend<'c>>,
    {
        self.area.draw(element).expect("the backend never fails");
    }
}

/// An element without a shape: it opens or closes a group between others.
enum Mark {
    Open(String),
    Halo,
    Alike(ShapeStyle),
    Letters(Type, Align),
    Close,
}

impl<'a> PointCollection<'a, BackendCoord> for &'a Mark {
    type Point = BackendCoord;
    type IntoIter = Once<BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        once((0, 0))
    }
}

impl Drawable<SvgBackend<'_>> for Mark {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        _: I,
        backend: &mut SvgBackend<'_>,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<<SvgBackend<'_> as DrawingBackend>::ErrorType>> {
        match self {
            Self::Open(title) => backend.open_group(title),
            Self::Halo => backend.open_halo(),
            Self::Alike(style) => backend.open_alike(style, style.filled),
            Self::Letters(letters, align) => backend.open_letters(&letters.aligned(*align)),
            Self::Close => backend.close_group(),
        }
        Ok(())
    }
}

/// A point in the backend's units.
pub(crate) fn units((x, y): Point) -> BackendCoord {
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}
