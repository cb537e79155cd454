//! Findings that come to the same in several places, told as one: the worst of them, and how many more there are.

use std::collections::BTreeSet;
use std::mem::{Discriminant, discriminant};

use crate::gate::{Finding, Rule, Ruling, Why};
use crate::report::figures;
use crate::report::plain_text::visible;
use crate::report::verdict::Judgement;
use crate::tally::Cause;

/// Findings with one ruling for one reason: all of one rule, or where nothing can be judged of whichever rules.
pub(super) struct Group<'a> {
    /// The worst of them.
    pub(super) worst: &'a Finding,
    key: Key<'a>,
    findings: Vec<&'a Finding>,
}

/// What findings of a group have in common.
#[derive(Clone, Copy, PartialEq)]
struct Key<'a> {
    /// Absent for what cannot be judged: that is so whatever is asked.
    rule: Option<Rule>,
    stops: bool,
    /// Whether some number of requests would settle it.
    settles: bool,
    why: Option<Discriminant<Why>>,
    cause: Option<Cause>,
    /// What was said where that is all that is known of the cause.
    said: Option<&'a str>,
}

impl<'a> Key<'a> {
    fn of(judgement: &Judgement<'_>, finding: &'a Finding) -> Self {
        let why = finding.why.as_ref().map(innermost);
        let said = match why {
            Some(Why::NotValid(reasons)) => reasons.first(),
            Some(Why::Unmeasured(remedy)) => Some(remedy),
            _ => None,
        };
        let cause = said.and_then(|reason| Cause::of(reason));
        Self {
            rule: (finding.ruling != Ruling::Invalid).then_some(finding.rule),
            stops: judgement.stops(finding),
            settles: finding.would_settle.is_some(),
            why: why.map(discriminant),
            cause,
            said: said.filter(|_| cause.is_none()).map(String::as_str),
        }
    }
}

/// What is true of the cell that it is true of.
pub(super) fn innermost(why: &Why) -> &Why {
    match why {
        Why::Of { why, .. } => innermost(why),
        why => why,
    }
}

impl<'a> Judgement<'a> {
    /// The findings that came out as `ruling`, those of one rule for one reason together, the worst first.
    pub(super) fn groups(&self, ruling: Ruling) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for finding in self.worst_first().into_iter().filter(|finding| finding.ruling == ruling) {
            let key = Key::of(self, finding);
            match groups.iter_mut().find(|group| group.key == key) {
                Some(group) => group.findings.push(finding),
                None => groups.push(Group { worst: finding, key, findings: vec![finding] }),
            }
        }
        groups
    }
}

impl Group<'_> {
    /// How many findings it stands for.
    pub(super) const fn count(&self) -> usize {
        self.findings.len()
    }

    /// The worst place, and how many more there are: `small in us on chat at closed, 4 and 11 more places`.
    pub(super) fn place(&self, judgement: &Judgement<'_>) -> String {
        let place = judgement.place(self.worst);
        let (all, noun) = match self.worst.ruling {
            Ruling::Invalid => (self.cells(judgement), "cell"),
            _ => (self.count(), "place"),
        };
        match all - 1 {
            0 => place,
            more => format!("{place} and {}", figures::several(more as u64, &format!("more {noun}"))),
        }
    }

    /// The cells that cannot be judged.
    fn cells(&self, judgement: &Judgement<'_>) -> usize {
        let of = |finding: &&Finding| match &finding.why {
            Some(Why::Of { cell, .. }) => cell.clone(),
            _ => judgement.row(finding).cell.clone(),
        };
        self.findings.iter().map(of).collect::<BTreeSet<String>>().len()
    }

    /// The only rule; absent where there are several.
    fn rule(&self) -> Option<Rule> {
        let first = self.worst.rule;
        self.findings.iter().all(|finding| finding.rule == first).then_some(first)
    }

    /// What people call its rule, or how many there are.
    pub(super) fn name(&self, judgement: &Judgement<'_>) -> String {
        self.rule().map_or_else(|| self.rules(), |rule| judgement.name(rule))
    }

    /// What is asked for, or how many rules ask.
    pub(super) fn asked(&self, judgement: &Judgement<'_>) -> String {
        self.rule().map_or_else(|| self.rules(), |_| judgement.asked(self.worst))
    }

    fn rules(&self) -> String {
        let mut rules: Vec<Rule> = Vec::new();
        for finding in &self.findings {
            if !rules.contains(&finding.rule) {
                rules.push(finding.rule);
            }
        }
        figures::several(rules.len() as u64, "rule")
    }

    /// What was seen in the worst place, and what the others would take where that is more.
    pub(super) fn seen(&self, judgement: &Judgement<'_>) -> String {
        judgement.seen(self.worst) + &self.others()
    }

    /// The same, after the rule where it is one.
    pub(super) fn told(&self, judgement: &Judgement<'_>) -> String {
        match self.rule() {
            Some(_) => judgement.told(self.worst) + &self.others(),
            None => judgement.seen(self.worst),
        }
    }

    /// `, up to 5,300 elsewhere`; nothing where no other place takes more.
    fn others(&self) -> String {
        let most = self.findings.iter().filter_map(|finding| finding.would_settle).max();
        match (self.worst.ruling, most.filter(|most| Some(*most) > self.worst.would_settle)) {
            (Ruling::CannotTell, Some(most)) => format!(", up to {} elsewhere", figures::count(most)),
            _ => String::new(),
        }
    }

    /// The rule, or the lines of all of them: `gate.toml:16, 22, 28`.
    pub(super) fn source(&self, judgement: &Judgement<'_>) -> String {
        if self.rule().is_some() {
            return judgement.rule(self.worst);
        }
        let lines: BTreeSet<usize> = self.findings.iter().filter_map(|finding| judgement.line(finding.rule)).collect();
        let lines: Vec<String> = lines.into_iter().map(|line| line.to_string()).collect();
        if lines.is_empty() {
            return String::new();
        }
        format!("{}:{}", visible(&judgement.policy.source), lines.join(", "))
    }
}
