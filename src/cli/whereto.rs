//! What stands before a run: where requests go, and whether that may cost money.

use std::io::{IsTerminal, Write, stderr, stdin};

use crate::report::figures;
use crate::run::{Inputs, RunError, Settings, Whereto, is_loopback, urls};

/// The first line on stderr: `SIMULATED: no request leaves this machine, $0`, or who is called and the limit.
pub(super) fn first_line(settings: &Settings, hosts: &[String]) -> String {
    match &settings.whereto {
        Whereto::Simulator => "SIMULATED: no request leaves this machine, $0".to_owned(),
        Whereto::Url { base_url, .. } if is_loopback(base_url) => {
            format!("LOCAL: {}, on this machine", hosts.join(", "))
        }
        Whereto::Url { .. } | Whereto::Providers => match settings.max_cost_usd {
            Some(limit) => format!("LIVE: {}, limit {}", hosts.join(", "), figures::usd(limit)),
            None => format!("LIVE: {}, no limit", hosts.join(", ")),
        },
    }
}

/// Refuses a run that could cost money and has no limit, or asks where there is somebody to ask.
///
/// # Errors
/// There is no limit and no terminal, or the user does not agree.
pub(super) fn confirm(settings: &Settings, inputs: &Inputs) -> Result<(), RunError> {
    let plan = &inputs.plan;
    let paid = urls(settings, inputs).iter().any(|url| !is_loopback(url));
    if !paid || settings.max_cost_usd.is_some() {
        return Ok(());
    }
    if !(stdin().is_terminal() && stderr().is_terminal()) {
        return Err(RunError::NoBudget);
    }
    let requests = plan.requests() + plan.warmup_requests();
    eprint!("send {requests} requests without a limit of the bill? [y/N] ");
    // An unanswerable question is answered by no.
    let _ = stderr().flush();
    let mut answer = String::new();
    let read = stdin().read_line(&mut answer).is_ok();
    if read && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        Ok(())
    } else {
        Err(RunError::NotConfirmed)
    }
}
