//! Quantities, as the API server reads them.

use planner::placement::{Quantity, QuantityError, ResourceList};
use proptest::prelude::*;

use crate::builders::from_json;

#[test]
fn quantities_are_read_in_thousandths_and_rounded_up() {
    let table: [(&str, i128); 37] = [
        ("0", 0),
        ("1", 1000),
        ("+1", 1000),
        ("-1", -1000),
        ("007", 7000),
        ("1.", 1000),
        (".5", 500),
        ("1.5", 1500),
        ("0.0015", 2),
        ("-0.0015", -2),
        ("500m", 500),
        ("1500m", 1500),
        ("100u", 1),
        ("400u", 1),
        ("3500u", 4),
        ("1n", 1),
        ("140000000n", 140),
        ("1k", 1_000_000),
        ("1.5G", 1_500_000_000_000),
        ("1e3", 1_000_000),
        ("1E3", 1_000_000),
        ("1e+3", 1_000_000),
        ("22000e-3", 22_000),
        ("1e-400", 1),
        ("0e999", 0),
        ("2E9", 2_000_000_000_000),
        ("1E", 1_000_000_000_000_000_000_000),
        ("0.5Gi", 512 * 1024 * 1024 * 1000),
        ("0.1Ki", 102_400),
        ("1Mi", 1024 * 1024 * 1000),
        ("1Ei", 1_152_921_504_606_846_976_000),
        ("9007199254740993", 9_007_199_254_740_993_000),
        ("0.30000000000000000000000000000000001", 301),
        // Without digits it is 0, for the API server too.
        (".", 0),
        ("Gi", 0),
        // Binary units are cut at 2^63 - 1.
        ("8Ei", 9_223_372_036_854_775_807_000),
        ("99999999999999999999999999Ei", 9_223_372_036_854_775_807_000),
    ];
    for (text, thousandths) in table {
        let quantity: Quantity = text.parse().unwrap_or_else(|error| panic!("`{text}`: {error}"));
        let expected = i64::try_from(thousandths).unwrap_or(i64::MAX);
        assert_eq!(quantity.thousandths(), expected, "`{text}`");
        let whole: i128 = thousandths / 1000 + thousandths.signum() * i128::from(thousandths % 1000 != 0);
        assert_eq!(i128::from(quantity.units()), whole, "`{text}`");
    }
}

#[test]
fn what_is_no_quantity_is_refused_with_what_to_write_instead() {
    let malformed = |text: &str| QuantityError::Malformed(text.to_owned());
    let suffix =
        |text: &str, suffix: &str| QuantityError::UnknownSuffix { text: text.to_owned(), suffix: suffix.to_owned() };
    let too_large = |text: &str| QuantityError::TooLarge(text.to_owned());
    let table = [
        ("", QuantityError::Empty),
        (" 1", malformed(" 1")),
        ("1 Gi", malformed("1 Gi")),
        ("1.2.3", malformed("1.2.3")),
        ("½", malformed("½")),
        ("1gi", suffix("1gi", "gi")),
        ("1K", suffix("1K", "K")),
        ("1e", suffix("1e", "e")),
        ("1e3Gi", suffix("1e3Gi", "e3Gi")),
        ("--1", suffix("--1", "-1")),
        ("NaN", suffix("NaN", "NaN")),
        ("1e19", too_large("1e19")),
        ("9E999999999", too_large("9E999999999")),
        ("99999999999999999999", too_large("99999999999999999999")),
    ];
    for (text, error) in table {
        assert_eq!(text.parse::<Quantity>(), Err(error), "`{text}`");
    }
    assert_eq!(
        suffix("1K", "K").to_string(),
        "`1K` ends in `K`, which is no unit of a quantity (n, u, m, k, M, G, T, P, E, Ki … Ei, or e3)"
    );
}

#[test]
fn bare_numbers_are_quantities_too() {
    let list: ResourceList = from_json(serde_json::json!({"cpu": 2, "memory": 1.5, "pods": "110"}));
    let read = ["cpu", "memory", "pods", "ephemeral-storage"].map(|resource| list.amount(resource).thousandths());
    assert_eq!(read, [2000, 1500, 110_000, 0]);
    assert!(serde_json::from_value::<ResourceList>(serde_json::json!({"cpu": "much"})).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[-+]?[0-9.]{0,60}[eEinumkKMGTP]{0,3}[-+]?[0-9]{0,12}") {
        let first: Result<Quantity, QuantityError> = text.parse();
        if let Ok(quantity) = first {
            prop_assert_eq!(quantity.to_string().parse(), Ok(quantity), "{} is written as {}", text, quantity);
        }
    }

    #[test]
    fn units_keep_their_ratio(number in 0_i64..1 << 30, digits in 0_u32..9) {
        let read = |text: String| text.parse::<Quantity>().expect("a quantity");
        prop_assert_eq!(read(format!("{number}Ki")), read((number * 1024).to_string()));
        prop_assert_eq!(read(format!("{number}e{digits}")), read((number * 10_i64.pow(digits)).to_string()));
        prop_assert_eq!(read(format!("{number}m")), Quantity::from_thousandths(number));
    }
}
