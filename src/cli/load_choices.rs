//! The choices of how requests are issued.

use clap::ValueEnum;

/// Whether answers are streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StreamChoice {
    /// Always.
    True,
    /// Never.
    False,
    /// As each line was recorded; streamed where it does not say.
    Recorded,
}

/// How requests arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ArrivalsChoice {
    /// The next is sent when one ends.
    Closed,
    /// At the recording's own times.
    Recorded,
    /// After equal gaps.
    Constant,
    /// After exponential gaps, as from many independent callers.
    Poisson,
    /// After gaps of a gamma law with --cv.
    Gamma,
}

/// What is done about prompt caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PromptCacheChoice {
    /// Send as recorded.
    Natural,
    /// Put a short seeded nonce before each prompt, the same for all turns of a session.
    Fresh,
}
