//! Which stored requests stand for a call.

use std::rc::Rc;

use crate::forecast::kinds::Kind;
use crate::forecast::labels::{Label, Labelling};
use crate::forecast::leg::{Leg, Terms};
use crate::forecast::part::{Part, Size};
use crate::forecast::sender::Sender;
use crate::forecast::source::{Source, Through};
use crate::registry::Endpoint;

impl Sender<'_> {
    /// How requests that ask `endpoint` for their tier are labelled; absent where that was never measured.
    pub(in crate::forecast) fn labelling(&mut self, endpoint: Endpoint) -> Option<Labelling> {
        let classifier = self.routing.table.classifier.as_ref()?;
        let source = self.classifying(endpoint)?;
        if let Some(counts) = self.measured.confusion(&self.routing.registry.model(endpoint).id) {
            return Some(Labelling::measured(*counts));
        }
        let stored = &self.measured.sources[source];
        let deadline = u32::try_from(classifier.timeout.as_micros()).unwrap_or(u32::MAX);
        let legs = self.legs_of(endpoint, source, Part::default(), deadline);
        let (ok, all) = legs.iter().fold((0, 0), |sum, leg| (sum.0 + leg.ok.len(), sum.1 + leg.requests));
        let known = legs.iter().fold((0.0, 0), |sum, leg| (sum.0 + leg.quality.0, sum.1 + leg.quality.1));
        let right = if known.1 > 0 { Some(known.0 / known.1 as f64) } else { stored.quality };
        Some(Labelling { right: right.unwrap_or(1.0), late: 1.0 - ok as f64 / all.max(1) as f64, counts: None })
    }

    /// How requests of `kind` are labelled; nobody is asked where their tier does not matter.
    pub(in crate::forecast) fn labels(&mut self, kind: &Kind) -> Vec<Label> {
        let classifiers = self.routing.classifiers(kind);
        if classifiers.is_empty() {
            return vec![Label { asked: None, tier: kind.tier, share: 1.0 }];
        }
        let each = 1.0 / classifiers.len() as f64;
        let mut labels = Vec::new();
        for endpoint in classifiers {
            let labelling = self.labelling(endpoint).unwrap_or(Labelling::PERFECT);
            let seen = self.measured.unrecorded(&self.routing.registry.model(endpoint).id, kind);
            let of_it = self.routing.labels(kind, endpoint, (&labelling, seen)).into_iter();
            labels.extend(of_it.map(|label| Label { share: label.share * each, ..label }));
        }
        labels
    }

    /// Whether how often the labels of `endpoint` are right was seen at work, in a run through a table.
    pub(in crate::forecast) fn knows_confusion(&self, endpoint: Endpoint) -> bool {
        self.measured.confusion(&self.routing.registry.model(endpoint).id).is_some()
    }

    /// Whether it is known how often the labels of `endpoint` are right.
    pub(in crate::forecast) fn knows_accuracy(&self, endpoint: Endpoint) -> bool {
        self.knows_confusion(endpoint)
            || self.classifying(endpoint).is_some_and(|source| {
                let stored = &self.measured.sources[source];
                stored.quality.is_some() || stored.rounds.iter().flatten().any(|attempt| attempt.quality.is_some())
            })
    }

    /// Whether what `endpoint` is asked for tiers was measured in a cell of its own, and not by a table that put its question.
    pub(in crate::forecast) fn asks_as_in_a_cell(&self, endpoint: Endpoint) -> bool {
        self.classifying(endpoint).is_some_and(|source| self.measured.sources[source].through == Through::Cell)
    }

    /// Where `endpoint` was asked for tiers: by a table, else in the cell of a labelled workload whose answers are short enough
    /// to be the classifier's. A workload may be labelled because its requests are routed, and ask for something else.
    pub(in crate::forecast) fn classifying(&self, endpoint: Endpoint) -> Option<usize> {
        let most = u64::from(self.routing.table.classifier.as_ref()?.max_tokens);
        let labelled =
            |workload: &str| self.measured.kinds.iter().any(|kind| kind.workload == workload && kind.tier.is_some());
        let is_short = |source: &Source| {
            let mut answers = source.rounds.iter().flatten().filter_map(|attempt| attempt.usage);
            answers.all(|usage| usage.output <= most)
        };
        let asks = |place: &usize| {
            let source = &self.measured.sources[*place];
            source.through == Through::Cell && labelled(&source.workload) && is_short(source)
        };
        let by_a_table = |place: &usize| self.measured.sources[*place].through == Through::Labels;
        self.sources_of(endpoint).find(by_a_table).or_else(|| self.sources_of(endpoint).find(asks))
    }

    /// What stands for calls to `endpoint` for an answer: its cells, then what tables sent there.
    pub(in crate::forecast) fn answers_of(&self, endpoint: Endpoint) -> impl Iterator<Item = usize> + '_ {
        self.sources_of(endpoint).filter(|source| self.measured.sources[*source].through != Through::Labels)
    }

    fn sources_of(&self, endpoint: Endpoint) -> impl Iterator<Item = usize> + '_ {
        let registry = self.routing.registry;
        let (provider, model) = (&registry.provider(endpoint).id, &registry.model(endpoint).id);
        let region = registry.region(endpoint).map(|region| region.id.as_str());
        let is_it = move |source: &usize| {
            let stored = &self.measured.sources[*source];
            (&stored.provider, &stored.model, stored.region.as_deref()) == (provider, model, region)
                && stored.rounds.iter().any(|round| !round.is_empty())
        };
        (0..self.measured.sources.len()).filter(is_it)
    }

    /// The greatest rate, in requests a second, that `endpoint` was measured at; absent: not known.
    pub(in crate::forecast) fn rate(&self, endpoint: Endpoint) -> Option<f64> {
        self.sources_of(endpoint).filter_map(|source| self.measured.sources[source].rate).reduce(f64::max)
    }

    /// The stored requests that stand for a call to `endpoint`: of the same workload and class, else of the class.
    pub(in crate::forecast) fn stored(
        &self,
        endpoint: Endpoint,
        workload: &str,
        class: Option<&str>,
    ) -> Option<(usize, Option<u16>)> {
        let of_class = |source: usize| {
            let classes = &self.measured.sources[source].classes;
            match class {
                Some(class) if !classes.is_empty() => {
                    let place = classes.iter().position(|known| known == class)?;
                    Some((source, u16::try_from(place).ok()))
                }
                _ => Some((source, None)),
            }
        };
        let holds = |workload: &str| {
            class.is_some()
                && self.measured.kinds.iter().any(|kind| kind.workload == workload && kind.class.as_deref() == class)
        };
        let all = || self.answers_of(endpoint);
        let same = |source: &usize| self.measured.sources[*source].workload == workload;
        all()
            .filter(same)
            .find_map(of_class)
            .or_else(|| all().filter(|source| holds(&self.measured.sources[*source].workload)).find_map(of_class))
    }

    /// The stored requests of the class that are as long as `size` says, and whether there are any; else all of the class.
    pub(in crate::forecast) fn of_size(&self, source: usize, class: Option<u16>, size: Option<Size>) -> (Part, bool) {
        let (part, stored) = (Part { class, size }, &self.measured.sources[source]);
        let any = stored.rounds.iter().flatten().any(|attempt| stored.holds(part, attempt));
        if any { (part, true) } else { (Part { class, size: None }, size.is_none()) }
    }

    /// Whether `endpoint` has a price for each image.
    pub(in crate::forecast) fn charges_images(&self, endpoint: Endpoint) -> bool {
        let pricing = self.routing.registry.pricing(endpoint);
        pricing.on(self.day).is_some_and(|row| row.price.all_rates().any(|rates| rates.per_image.is_some()))
    }

    pub(in crate::forecast) fn legs_of(
        &mut self,
        endpoint: Endpoint,
        source: usize,
        part: Part,
        deadline: u32,
    ) -> Rc<Vec<Leg>> {
        let key = (source, part, deadline);
        if let Some(known) = self.legs.get(&key) {
            return Rc::clone(known);
        }
        let stored = &self.measured.sources[source];
        let started = self.measured.runs[stored.run].started;
        let priced = (self.routing.registry, endpoint, self.day);
        let terms = Terms::new(&self.routing.table.failover, priced, deadline, started);
        let legs = Rc::new(terms.legs(stored, part));
        self.legs.insert(key, Rc::clone(&legs));
        legs
    }
}
