//! What stands before a run: where requests go, and whether that may cost money.

use std::io::{IsTerminal, Write, stderr, stdin};

use crate::cli::cost_words::amount;
use crate::plan::Estimate;
use crate::report::figures;
use crate::run::{Inputs, RunError, Settings, Whereto, hosts, is_loopback, urls};

/// The first line on stderr: `SIMULATED: no request leaves this machine, $0`, or who is called and the limit.
pub(super) fn first_line(settings: &Settings, inputs: &Inputs) -> String {
    let called = hosts(inputs).join(", ");
    // A registry's own providers are live wherever they are.
    let named = settings.whereto != Whereto::Providers;
    match settings.max_cost_usd {
        _ if inputs.is_simulated() => "SIMULATED: no request leaves this machine, $0".to_owned(),
        _ if named && !is_paid(inputs) => format!("LOCAL: {called}, on this machine"),
        Some(limit) => format!("LIVE: {called}, limit {}", figures::usd(limit)),
        None => format!("LIVE: {called}, no limit"),
    }
}

/// Whether the run calls somebody beyond this machine, who may want money for it.
pub(super) fn is_paid(inputs: &Inputs) -> bool {
    urls(inputs).iter().any(|url| !is_loopback(url))
}

/// Somebody who can be asked.
pub(super) trait Asked {
    /// Whether anybody is there.
    fn is_there(&self) -> bool;

    /// The answer to `question`; absent where none came.
    fn answer(&mut self, question: &str) -> Option<String>;
}

/// Whoever sits at the terminal.
pub(super) struct Terminal;

impl Asked for Terminal {
    fn is_there(&self) -> bool {
        stdin().is_terminal() && stderr().is_terminal()
    }

    fn answer(&mut self, question: &str) -> Option<String> {
        eprint!("{question}");
        // A question that cannot be shown is answered by no.
        stderr().flush().ok()?;
        let mut answer = String::new();
        let read = stdin().read_line(&mut answer).ok()?;
        (read > 0).then_some(answer)
    }
}

/// Lets a paid run of this `estimate` pass that has a limit, or that whoever can be asked agrees to.
///
/// # Errors
/// There is no limit and nobody to ask, or the answer is not yes.
pub(super) fn confirm(limited: bool, estimate: &Estimate, asked: &mut dyn Asked) -> Result<(), RunError> {
    if limited {
        return Ok(());
    }
    let [expected, high] = [estimate.expected, estimate.high].map(amount);
    if !asked.is_there() {
        return Err(RunError::NoBudget { expected, high });
    }
    match asked.answer(&format!("spend about {expected}, at most {high}? [y/N] ")) {
        Some(answer) if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) => Ok(()),
        _ => Err(RunError::NotConfirmed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Cost;

    /// Somebody who says this, or nobody.
    struct Says(Option<&'static str>, Vec<String>);

    impl Asked for Says {
        fn is_there(&self) -> bool {
            self.0.is_some()
        }

        fn answer(&mut self, question: &str) -> Option<String> {
            self.1.push(question.to_owned());
            self.0.filter(|words| !words.is_empty()).map(str::to_owned)
        }
    }

    fn estimate() -> Estimate {
        let cost = |amount: &str| Cost { known: amount.parse().unwrap(), ..Cost::NOTHING };
        Estimate { low: cost("0.8"), expected: cost("3.1"), high: Cost { complete: false, ..cost("9.42") }, guessed: 0 }
    }

    #[test]
    fn a_run_without_a_limit_is_asked_about_and_only_a_yes_lets_it_pass() {
        for (answer, passes) in [("y\n", true), ("Yes\r\n", true), ("\n", false), ("no\n", false), ("yellow\n", false)]
        {
            let mut asked = Says(Some(answer), Vec::new());
            assert_eq!(confirm(false, &estimate(), &mut asked).is_ok(), passes, "{answer:?}");
            assert_eq!(asked.1, ["spend about $3.10, at most ≥ $9.42? [y/N] "]);
        }
        let end_of_input = confirm(false, &estimate(), &mut Says(Some(""), Vec::new()));
        assert!(matches!(end_of_input, Err(RunError::NotConfirmed)));
    }

    #[test]
    fn a_run_with_a_limit_is_not_asked_about() {
        let mut asked = Says(Some("no\n"), Vec::new());
        assert!(confirm(true, &estimate(), &mut asked).is_ok());
        assert!(asked.1.is_empty());
    }

    #[test]
    fn where_nobody_can_be_asked_a_limit_is_needed() {
        let refused = confirm(false, &estimate(), &mut Says(None, Vec::new())).unwrap_err();
        assert_eq!(refused.to_string(), "a live run needs a limit of its bill: it costs about $3.10, at most ≥ $9.42");
    }
}
