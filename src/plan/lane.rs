//! Cells that share their load, and which of them sends next.

/// Cells whose requests are issued together: one alone, or those of an endpoint in each variant.
///
/// They have the same lines, load and number of requests. The requests in flight, or the arrivals, are those of all of
/// them together, so that what goes wrong for some seconds hits each alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Indices into [`Plan::cells`](crate::plan::Plan::cells), the baseline's first.
    pub cells: Vec<usize>,
}

impl Lane {
    /// How many cells it holds.
    pub fn arms(&self) -> u32 {
        u32::try_from(self.cells.len()).expect("a lane has a cell a variant at most")
    }

    /// Whether its cells are compared.
    pub fn is_pair(&self) -> bool {
        self.cells.len() > 1
    }
}

/// Which of `arms` cells sends prompt, or session, number `unit` in its place `place`: A and then B, the next one B and
/// then A, so that neither is always first.
pub const fn arm_at(unit: u32, place: u32, arms: u32) -> usize {
    ((unit % arms + place) % arms) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_arm_sends_every_prompt_once_and_is_first_as_often_as_the_other() {
        let order: Vec<usize> = (0..4).flat_map(|unit| (0..2).map(move |place| arm_at(unit, place, 2))).collect();
        assert_eq!(order, [0, 1, 1, 0, 0, 1, 1, 0]);
        assert!((0..9).all(|unit| arm_at(unit, 0, 1) == 0), "a cell alone sends everything");
    }
}
