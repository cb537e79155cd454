//! Why a table cannot be carried out.

/// Why there is no router.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouterError {
    /// A route limits what a request may cost, and a price of a model that it calls is unknown.
    #[error(
        "{table}:{line}: `max_cost_per_request_usd` needs a known {prices} price of model `{model}`, must be in the registry"
    )]
    UnknownPrice {
        /// The table's path.
        table: String,
        /// The line of the route.
        line: usize,
        /// The model.
        model: String,
        /// Which prices.
        prices: String,
    },
}
