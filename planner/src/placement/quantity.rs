//! Kubernetes quantities: `500m`, `1.5G`, `0.5Gi`, `1e3`, `100u`.
//!
//! Read as the API server reads them (`resource.ParseQuantity`, then rounding up to thousandths, which is what its defaulting
//! does to each entry of a resource list). Written by hand: the crates that exist go through binary floating point or know
//! neither fractions nor exponents, and bring a whole Kubernetes API along.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Visitor};

/// An amount of a resource, in thousandths of its unit (core, byte, pod). Finer amounts are rounded up, away from zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Nothing there.
    #[error("the quantity is empty; write a number such as `500m` or `1Gi`")]
    Empty,
    /// Something that no quantity consists of.
    #[error("`{0}` is no quantity; write a number such as `500m`, `1.5` or `1Gi`")]
    Malformed(String),
    /// The number is followed by an unknown unit.
    #[error("`{text}` ends in `{suffix}`, which is no unit of a quantity (n, u, m, k, M, G, T, P, E, Ki … Ei, or e3)")]
    UnknownSuffix {
        /// The whole text.
        text: String,
        /// What follows the number.
        suffix: String,
    },
    /// Above 2⁶³ - 1.
    #[error("`{0}` is more than Kubernetes can count")]
    TooLarge(String),
}

/// Thousandths of one unit.
const SCALE: i128 = 1000;
/// The greatest amount: 2⁶³ - 1 units.
const LIMIT: i128 = i64::MAX as i128 * SCALE;
/// Significant digits that are looked at; the rest only rounds up. With these no product below leaves 128 bits.
const DECIMAL_DIGITS: usize = 24;
const BINARY_DIGITS: usize = 20;

/// What the suffix multiplies by.
#[derive(Clone, Copy)]
enum Factor {
    Ten(i32),
    Two(u32),
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many thousandths of a unit.
    pub const fn from_thousandths(thousandths: i64) -> Self {
        Self(thousandths as i128)
    }

    /// So many units.
    pub const fn from_units(units: i64) -> Self {
        Self(units as i128 * SCALE)
    }

    /// Thousandths of a unit (`MilliValue`), as milliCPU are counted. Beyond 64 bits the nearest number.
    pub fn thousandths(self) -> i64 {
        saturate(self.0)
    }

    /// Whole units, rounded up (`Value`), as bytes and pods are counted.
    pub fn units(self) -> i64 {
        saturate(div_away_from_zero(self.0, SCALE))
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// So many times as much.
    #[must_use]
    pub fn times(self, factor: i64) -> Self {
        Self(self.0.saturating_mul(i128::from(factor)))
    }

    /// Whether it is at most `ratio` times `other`.
    pub fn is_within(self, other: Self, ratio: Self) -> bool {
        self.0.saturating_mul(SCALE) <= other.0.saturating_mul(ratio.0)
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Empty);
        }
        let malformed = || QuantityError::Malformed(text.to_owned());
        let too_large = || QuantityError::TooLarge(text.to_owned());
        let (negative, unsigned) = match text.as_bytes()[0] {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, rest) = split_digits(unsigned);
        let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), split_digits);
        if suffix.starts_with('.') || !suffix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-".contains(&byte))
        {
            return Err(malformed());
        }
        let factor = factor(suffix)
            .ok_or_else(|| QuantityError::UnknownSuffix { text: text.to_owned(), suffix: suffix.to_owned() })?;
        let amount = match factor {
            Factor::Ten(exponent) => {
                let number = Digits::of(whole, fraction, DECIMAL_DIGITS).ok_or_else(malformed)?;
                number.thousandths(exponent, 1).filter(|amount| *amount <= LIMIT).ok_or_else(too_large)?
            }
            // Only binary units are cut at the limit instead of being refused.
            Factor::Two(bits) => {
                let number = Digits::of(whole, fraction, BINARY_DIGITS).ok_or_else(malformed)?;
                number.thousandths(0, 1 << bits).unwrap_or(LIMIT).min(LIMIT)
            }
        };
        Ok(Self(if negative { -amount } else { amount }))
    }
}

/// Digits of a number: `number` · 10^`exponent`, and something more if `more` is set.
struct Digits {
    number: i128,
    exponent: i32,
    more: bool,
}

impl Digits {
    /// No digit at all is 0, as for the API server. `None` if there are absurdly many.
    fn of(whole: &str, fraction: &str, significant: usize) -> Option<Self> {
        let mut digits = Self { number: 0, exponent: 0, more: false };
        let mut seen = 0;
        for (index, digit) in whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').enumerate() {
            let in_fraction = index >= whole.len();
            if seen == significant {
                digits.more |= digit > 0;
                digits.exponent = digits.exponent.checked_add(i32::from(!in_fraction))?;
            } else {
                seen += usize::from(seen > 0 || digit > 0);
                digits.number = digits.number * 10 + i128::from(digit);
                digits.exponent = digits.exponent.checked_sub(i32::from(in_fraction))?;
            }
        }
        Some(digits)
    }

    /// The amount · 10^`exponent` · `factor` in thousandths, rounded up; `None` if it does not fit.
    fn thousandths(&self, exponent: i32, factor: i128) -> Option<i128> {
        if self.number == 0 {
            return Some(i128::from(self.more));
        }
        let number = self.number.checked_mul(factor)?;
        let exponent = self.exponent.checked_add(exponent)?.checked_add(3)?;
        let power = 10_i128.checked_pow(exponent.unsigned_abs());
        match (exponent >= 0, power) {
            (true, power) => number.checked_mul(power?)?.checked_add(i128::from(self.more)),
            (false, None) => Some(1),
            (false, Some(power)) => {
                let rounded_up = number % power > 0 || self.more;
                (number / power).checked_add(i128::from(rounded_up))
            }
        }
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len()))
}

fn factor(suffix: &str) -> Option<Factor> {
    Some(match suffix {
        "n" => Factor::Ten(-9),
        "u" => Factor::Ten(-6),
        "m" => Factor::Ten(-3),
        "" => Factor::Ten(0),
        "k" => Factor::Ten(3),
        "M" => Factor::Ten(6),
        "G" => Factor::Ten(9),
        "T" => Factor::Ten(12),
        "P" => Factor::Ten(15),
        "E" => Factor::Ten(18),
        "Ki" => Factor::Two(10),
        "Mi" => Factor::Two(20),
        "Gi" => Factor::Two(30),
        "Ti" => Factor::Two(40),
        "Pi" => Factor::Two(50),
        "Ei" => Factor::Two(60),
        exponent => Factor::Ten(exponent.strip_prefix(['e', 'E'])?.parse().ok()?),
    })
}

fn div_away_from_zero(number: i128, by: i128) -> i128 {
    number / by + number.signum() * i128::from(number % by != 0)
}

fn saturate(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}

impl fmt::Display for Quantity {
    /// Units if they are whole, else thousandths: `3`, `1500m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 % SCALE == 0 { write!(f, "{}", self.0 / SCALE) } else { write!(f, "{}m", self.0) }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    /// From a text or a bare number, as the API server takes both.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrNumber;

        impl Visitor<'_> for TextOrNumber {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity such as `500m` or `1Gi`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Quantity, E> {
                number.to_string().parse().map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Quantity, E> {
                number.to_string().parse().map_err(E::custom)
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Quantity, E> {
                number.to_string().parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(TextOrNumber)
    }
}
