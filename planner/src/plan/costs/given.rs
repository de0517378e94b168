//! What somebody gives the costs of a plan to be reckoned with: as options of a command, or as fields of a form.

use crate::cost::{Currency, Price, PriceError, Prices};
use crate::placement::{Quantity, QuantityError};
use crate::tenant::PodRequests;

/// What somebody gives, each read by itself. [`GivenCosts::prices`] and [`GivenCosts::assumed`] put it together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenCosts {
    /// What one core costs in an hour.
    pub price_cpu_hour: Option<Price>,
    /// What one GiB of memory costs in an hour.
    pub price_gib_hour: Option<Price>,
    /// The currency of both.
    pub currency: Option<Currency>,
    /// The CPU of one pod, where it is neither requested nor measured.
    pub assume_cpu: Option<Quantity>,
    /// The memory of one pod, where it is neither requested nor measured.
    pub assume_memory: Option<Quantity>,
    /// How many connections the DataStore takes; with etcd, each member of it.
    pub data_store_limit: Option<u32>,
}

/// Why the costs cannot be reckoned with what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GivenCostsError {
    /// A price, or the currency.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// An assumption.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A limit that is no number.
    #[error("`{0}` is no number of connections")]
    Limit(String),
    /// One or two of what belongs together.
    #[error(
        "money needs all three: what a core costs in an hour, what a GiB of memory costs in an hour, and the currency"
    )]
    PricesIncomplete,
    /// An assumption below 0.
    #[error("an assumption is less than nothing")]
    Negative,
}

impl GivenCosts {
    /// The names of what can be given, as options of a command (`--price-cpu-hour`) and as fields of a form.
    pub const NAMES: [&'static str; 6] =
        ["price-cpu-hour", "price-gib-hour", "currency", "assume-cpu", "assume-memory", "datastore-limit"];

    /// Reads texts in the order of [`GivenCosts::NAMES`]; an empty one is not given.
    ///
    /// # Errors
    /// The first text that cannot be read.
    pub fn read(texts: [&str; 6]) -> Result<Self, GivenCostsError> {
        fn given<T: std::str::FromStr>(text: &str) -> Result<Option<T>, T::Err> {
            if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
        }
        let [price_cpu_hour, price_gib_hour, currency, assume_cpu, assume_memory, limit] = texts;
        Ok(Self {
            price_cpu_hour: given(price_cpu_hour)?,
            price_gib_hour: given(price_gib_hour)?,
            currency: given(currency)?,
            assume_cpu: given(assume_cpu)?,
            assume_memory: given(assume_memory)?,
            data_store_limit: given(limit).map_err(|_| GivenCostsError::Limit(limit.to_owned()))?,
        })
    }

    /// The prices, if they were given.
    ///
    /// # Errors
    /// [`GivenCostsError::PricesIncomplete`].
    pub fn prices(&self) -> Result<Option<Prices>, GivenCostsError> {
        match (self.price_cpu_hour, self.price_gib_hour, self.currency.clone()) {
            (Some(cpu_hour), Some(gib_hour), Some(currency)) => Ok(Some(Prices { cpu_hour, gib_hour, currency })),
            (None, None, None) => Ok(None),
            _ => Err(GivenCostsError::PricesIncomplete),
        }
    }

    /// What to assume of a pod.
    ///
    /// # Errors
    /// [`GivenCostsError::Negative`].
    pub fn assumed(&self) -> Result<PodRequests, GivenCostsError> {
        let amount = |quantity: Option<Quantity>, of: fn(Quantity) -> i64| {
            quantity.map(|quantity| u64::try_from(of(quantity)).map_err(|_| GivenCostsError::Negative)).transpose()
        };
        Ok(PodRequests {
            cpu_millis: amount(self.assume_cpu, Quantity::thousandths)?,
            memory_bytes: amount(self.assume_memory, Quantity::units)?,
            ..PodRequests::default()
        })
    }
}
