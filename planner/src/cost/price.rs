//! Prices and money, exact to a billionth.

use std::fmt;
use std::str::FromStr;

use super::amount::{CpuTime, StorageTime};
use super::{Bytes, MilliCpu};

/// Digits after the point.
const DIGITS: usize = 9;
const BILLION: u128 = 1_000_000_000;
/// MilliCPU milliseconds in a core hour, and byte milliseconds in a GiB hour.
const CORE_HOUR: u128 = 1000 * HOUR_MS;
const GIB_HOUR: u128 = (1 << 30) * HOUR_MS;
const HOUR_MS: u128 = 3_600_000;

/// What CPU and memory cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    /// One core for one hour.
    pub cpu_hour: Price,
    /// One GiB of memory for one hour.
    pub gib_hour: Price,
    /// In which currency.
    pub currency: Currency,
}

/// Billionths of a currency, for one unit of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price(u64);

/// Three letters, as ISO 4217 has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency(String);

/// An amount of money, in billionths of its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    billionths: u128,
    currency: Currency,
}

/// Why a text is no price or no currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// No number, or one with too many digits.
    #[error("`{0}` is no price; write it as `0.0316`, with at most {DIGITS} digits after the point")]
    Price(String),
    /// Not three letters.
    #[error("`{0}` is no currency; write its three letters, as `EUR`")]
    Currency(String),
}

impl Prices {
    /// What so much CPU and memory over time comes to, each rounded up to a billionth.
    pub fn charge(&self, cpu: CpuTime, memory: StorageTime) -> Money {
        let of = |amount: u128, price: Price, unit: u128| amount.saturating_mul(u128::from(price.0)).div_ceil(unit);
        let billionths = of(cpu.micro_core_seconds(), self.cpu_hour, CORE_HOUR).saturating_add(of(
            memory.byte_millis(),
            self.gib_hour,
            GIB_HOUR,
        ));
        Money { billionths, currency: self.currency.clone() }
    }

    /// What so many pods of this size come to in an hour.
    pub fn hour(&self, pods: u32, cpu: MilliCpu, memory: Bytes) -> Money {
        let hour = super::PodTime::of(pods, 3_600_000);
        self.charge(hour.of_cpu(cpu), hour.of_bytes(memory))
    }
}

impl Money {
    /// Billionths of the currency.
    pub fn billionths(&self) -> u128 {
        self.billionths
    }

    /// The currency.
    pub fn currency(&self) -> &Currency {
        &self.currency
    }
}

impl FromStr for Price {
    type Err = PriceError;

    fn from_str(text: &str) -> Result<Self, PriceError> {
        let bad = || PriceError::Price(text.to_owned());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > DIGITS {
            return Err(bad());
        }
        format!("{whole}{fraction:0<DIGITS$}").parse().map(Self).map_err(|_| bad())
    }
}

impl FromStr for Currency {
    type Err = PriceError;

    fn from_str(text: &str) -> Result<Self, PriceError> {
        let letters = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if letters { Ok(Self(text.to_owned())) } else { Err(PriceError::Currency(text.to_owned())) }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal(u128::from(self.0), 0))
    }
}

impl fmt::Display for Money {
    /// `1.27 EUR`; of small amounts the first two digits that are not 0 (`0.00042 EUR`). Rounded up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.billionths.checked_ilog10().map_or(0, |log| log + 1);
        // Two digits after the point, or for less than a hundredth as many as show two that count.
        let keep = u32::try_from(DIGITS).unwrap_or(9).saturating_sub(digits.saturating_sub(2).min(7));
        let unit = 10_u128.pow(u32::try_from(DIGITS).unwrap_or(9) - keep);
        let rounded = self.billionths.div_ceil(unit).saturating_mul(unit);
        write!(f, "{} {}", decimal(rounded, 2), self.currency)
    }
}

/// Billionths as a decimal number without zeros at the end, but with at least so many digits after the point.
fn decimal(billionths: u128, at_least: usize) -> String {
    let fraction = format!("{:09}", billionths % BILLION);
    let fraction = fraction.trim_end_matches('0');
    match (fraction.is_empty(), at_least) {
        (true, 0) => (billionths / BILLION).to_string(),
        _ => format!("{}.{fraction:0<at_least$}", billionths / BILLION),
    }
}
