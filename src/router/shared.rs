//! A routing table that is carried out: shared by all threads, and changed by nothing but its breakers.

use jiff::Timestamp;

use crate::plan::{StreamOptions, Streaming};
use crate::registry::{Endpoint, Registry};
use crate::rng::{extend_hash, hash, keyed};
use crate::router::error::RouterError;
use crate::router::facts::Facts;
use crate::router::lineup::{Builder, Lineup};
use crate::router::passage::Passage;
use crate::routes::{RegionOrder, Resolved, Table};
use crate::workload::Workload;

/// A routing table made ready for requests.
#[derive(Debug)]
pub struct Router {
    pub(super) table: Table,
    pub(super) lineup: Lineup,
    pub(super) setting: Setting,
    region_ids: Vec<String>,
}

/// What of a run a router needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Whether a recorded tier is taken for right, so that nobody is asked. Without a classifier it always is.
    pub trust_tiers: bool,
    /// Whether answers are streamed. Those of the classifier and to pieces never are: they are read whole.
    pub streaming: Streaming,
    /// Whether a stream is asked for its usage, where the provider takes that.
    pub options: StreamOptions,
    /// When the run's clock stood at zero, for the prices.
    pub started: Timestamp,
    /// Weights and shuffled regions are drawn from it.
    pub seed: u64,
}

impl Router {
    /// Makes `table`, whose names `resolved` holds as endpoints of `registry`, ready for requests.
    ///
    /// # Errors
    /// A route limits what a request may cost, and a price that this needs is unknown.
    pub fn new(table: &Table, resolved: &Resolved, registry: &Registry, setting: Setting) -> Result<Self, RouterError> {
        let lineup = Builder::new(table, registry, setting.started, setting.options).build(resolved)?;
        let region_ids = registry.regions.iter().map(|region| region.id.clone()).collect();
        Ok(Self { table: table.clone(), lineup, setting, region_ids })
    }

    /// Every endpoint that the table may call, each once: for each of them whoever carries it out needs a destination, a pace
    /// and a price.
    pub fn endpoints(&self) -> impl ExactSizeIterator<Item = Endpoint> + '_ {
        self.lineup.callees.iter().map(|callee| callee.endpoint)
    }

    /// What the table needs to know of each request of `workload`, with every body that can be made beforehand.
    ///
    /// Entries match [`Workload::requests`]. A prompt is tokenised only where its bytes leave open whether it fits a window.
    pub fn prepare(&self, workload: &Workload) -> Vec<Facts> {
        workload.requests.iter().map(|request| Facts::new(self, &workload.name, request)).collect()
    }

    /// Begins request `index` of a cell: what is drawn for it depends on the seed and that index alone.
    pub fn begin<'a>(&'a self, facts: &'a Facts, index: u32) -> Passage<'a> {
        Passage::new(self, facts, index)
    }

    /// The region called `id`, as an index into the registry's.
    pub(super) fn region(&self, id: &str) -> Option<usize> {
        self.region_ids.iter().position(|known| known == id)
    }

    /// The first route that takes a request of this class and sight, whatever its tier is, and those above it that would
    /// if they knew its tier.
    pub(super) fn in_question(&self, class: Option<&str>, has_image: bool) -> Vec<usize> {
        let mut found = Vec::new();
        for (index, route) in self.table.routes.iter().enumerate() {
            let tier = route.matches.tier;
            if route.matches.takes(tier, class, has_image) {
                found.push(index);
                if tier.is_none() {
                    break;
                }
            }
        }
        found
    }

    /// A generator for one decision on request `index`, the same whenever it is made.
    pub(super) fn draw(&self, purpose: &str, index: u32) -> fastrand::Rng {
        let key = extend_hash(hash(purpose.as_bytes()), &self.setting.seed.to_le_bytes());
        keyed(extend_hash(key, &index.to_le_bytes()))
    }

    /// A generator for the order of regions of request `index`, where the table wants them shuffled.
    pub(super) fn shuffled(&self, index: u32) -> Option<fastrand::Rng> {
        (self.table.failover.region_order == RegionOrder::Shuffled).then(|| self.draw("router regions", index))
    }
}
