//! Points and rectangles in pixels.

/// A point in pixels from the picture's upper left corner.
pub(crate) type Point = (f64, f64);

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x0: f64,
    pub(crate) y0: f64,
    pub(crate) x1: f64,
    pub(crate) y1: f64,
}

impl Rect {
    /// The square of half-width `reach` about `at`.
    pub(crate) fn around(at: Point, reach: f64) -> Self {
        Self { x0: at.0 - reach, y0: at.1 - reach, x1: at.0 + reach, y1: at.1 + reach }
    }

    /// The area that both cover, in square pixels.
    pub(crate) fn shared(&self, other: &Self) -> f64 {
        let wide = self.x1.min(other.x1) - self.x0.max(other.x0);
        let high = self.y1.min(other.y1) - self.y0.max(other.y0);
        if wide > 0.0 && high > 0.0 { wide * high } else { 0.0 }
    }

    /// Whether `inner` lies within, borders included.
    pub(crate) fn holds(&self, inner: &Self) -> bool {
        self.x0 <= inner.x0 && self.y0 <= inner.y0 && inner.x1 <= self.x1 && inner.y1 <= self.y1
    }

    /// How far apart both are, in pixels; 0 where they touch.
    pub(crate) fn away(&self, other: &Self) -> f64 {
        let wide = (self.x0 - other.x1).max(other.x0 - self.x1).max(0.0);
        let high = (self.y0 - other.y1).max(other.y0 - self.y1).max(0.0);
        wide.hypot(high)
    }

    /// The point of it that is nearest to `to`.
    pub(crate) fn nearest(&self, to: Point) -> Point {
        (to.0.clamp(self.x0, self.x1), to.1.clamp(self.y0, self.y1))
    }
}
