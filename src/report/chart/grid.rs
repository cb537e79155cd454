//! Where the panels of a chart stand: a block of panels for each workload, a panel for each region.

use crate::report::chart::axes::{LABELS_BELOW, LABELS_LEFT, Labelled};
use crate::report::chart::panel;
use crate::report::chart::rect::Rect;

/// The picture's width in pixels.
pub(crate) const WIDTH: f64 = 1200.0;

/// What is left free at the picture's edges, in pixels.
pub(crate) const MARGIN: f64 = 24.0;

/// What an axis title takes, in pixels.
pub(crate) const AXIS_TITLE: f64 = 20.0;

const BETWEEN: f64 = 22.0;
const BELOW_A_ROW: f64 = 10.0;

/// The grid of panels. All are of one size, so that axes can be shared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    regions: usize,
    columns: usize,
    blocks: usize,
    top: f64,
    /// The left edge of the first column's plots.
    pub(crate) left: f64,
    /// A plot's width.
    pub(crate) wide: f64,
    /// A plot's height.
    pub(crate) high: f64,
}

impl Grid {
    /// The grid below `top`, of `blocks` with a panel for each of `regions`; dense panels are higher.
    pub(crate) fn new(regions: usize, blocks: usize, dense: bool, top: f64) -> Self {
        let columns = match regions {
            0 | 1 => 1,
            2 | 4 => 2,
            _ => 3,
        };
        let left = MARGIN + AXIS_TITLE + LABELS_LEFT;
        let wide = (WIDTH - MARGIN - left - BETWEEN * (columns - 1) as f64) / columns as f64;
        let mut grid = Self { regions, columns, blocks, top, left, wide, high: 0.0 };
        grid.high = match (grid.rows(), dense) {
            (1, _) => 430.0,
            (_, true) => 300.0,
            (_, false) => 246.0,
        };
        grid
    }

    /// The plot of panel `index`, counted region by region and block by block.
    pub(crate) fn rect(&self, index: usize) -> Rect {
        let (row, column) = self.place(index);
        let x0 = self.left + column as f64 * (self.wide + BETWEEN);
        let y0 = self.top + panel::TITLE + row as f64 * self.pitch();
        Rect { x0, y0, x1: x0 + self.wide, y1: y0 + self.high }
    }

    /// Whether panel `index` has labels: left in the first column, below where no panel follows.
    pub(crate) fn labelled(&self, index: usize) -> Labelled {
        let (row, column) = self.place(index);
        let followed = (index + 1..self.regions * self.blocks).any(|other| self.place(other) == (row + 1, column));
        Labelled { left: column == 0, below: !followed }
    }

    /// The upper and the lower edge of all plots together, without labels.
    pub(crate) fn span(&self) -> (f64, f64) {
        let first = self.top + panel::TITLE;
        (first, first + self.pitch() * (self.rows() - 1) as f64 + self.high)
    }

    /// The lower edge of the last row's tick labels.
    pub(crate) fn bottom(&self) -> f64 {
        self.span().1 + LABELS_BELOW
    }

    fn pitch(&self) -> f64 {
        panel::TITLE + self.high + BELOW_A_ROW
    }

    fn rows_of_a_block(&self) -> usize {
        self.regions.div_ceil(self.columns).max(1)
    }

    fn rows(&self) -> usize {
        self.rows_of_a_block() * self.blocks.max(1)
    }

    /// Row and column of panel `index`.
    fn place(&self, index: usize) -> (usize, usize) {
        let (block, within) = (index / self.regions, index % self.regions);
        (block * self.rows_of_a_block() + within / self.columns, within % self.columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_share_labels_with_those_below_and_beside() {
        let grid = Grid::new(4, 1, false, 100.0);
        let labels: Vec<(bool, bool)> =
            (0..4).map(|index| grid.labelled(index)).map(|labelled| (labelled.left, labelled.below)).collect();
        assert_eq!(labels, [(true, false), (false, false), (true, true), (false, true)]);
    }

    #[test]
    fn a_column_that_ends_early_has_its_labels_where_it_ends() {
        let grid = Grid::new(5, 1, false, 100.0);
        let below: Vec<bool> = (0..5).map(|index| grid.labelled(index).below).collect();
        assert_eq!(below, [false, false, true, true, true]);
    }

    #[test]
    fn no_panel_leaves_the_picture_or_covers_another() {
        for (regions, blocks) in [(1, 1), (2, 1), (3, 2), (4, 3), (12, 1)] {
            let grid = Grid::new(regions, blocks, false, 100.0);
            let rects: Vec<Rect> = (0..regions * blocks).map(|index| grid.rect(index)).collect();
            let all = Rect { x0: MARGIN, y0: 100.0, x1: WIDTH - MARGIN + 1e-6, y1: grid.bottom() };
            for (index, rect) in rects.iter().enumerate() {
                assert!(all.holds(rect), "{regions} x {blocks}: {rect:?}");
                assert!(rects[..index].iter().all(|other| other.shared(rect) <= 0.0));
            }
        }
    }
}
