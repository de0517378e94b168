//! Decoding answers whose memory is bounded by what is wanted of them, not by what they hold.
//!
//! Decoded JSON takes far more room than its text: a map of one entry has 7 bytes there, and more than 600 here. So of a list one
//! object at a time is decoded and dropped when the fact is taken from it, and an object may consist of so many values only.

use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Values that one object may consist of: each field and each entry of a list is one. A Node with all of its images has a thousand;
/// so many of the costliest take some 30 MB for the moment.
const MOST_VALUES: usize = 100_000;

/// Why an answer is not used. Its `Display` is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    /// It cannot be decoded.
    #[error("the answer is no JSON")]
    NoJson,
    /// It is none of a list.
    #[error("the answer is no list")]
    NoList,
    /// The list goes on beyond what was to be read.
    #[error("the list goes on beyond what is read of it")]
    TooMany,
    /// An object has more than [`MOST_VALUES`].
    #[error("an object in the answer has more than {MOST_VALUES} values")]
    TooLarge,
}

/// What stays of one page of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub(super) kept: Vec<T>,
    /// Objects that were looked at.
    pub(super) seen: usize,
    /// Where the next page begins.
    pub(super) token: Option<String>,
}

/// One object.
///
/// # Errors
/// [`Unusable::NoJson`] and [`Unusable::TooLarge`].
pub(super) fn object(text: &str) -> Result<Value, Unusable> {
    let why = Cell::new(Unusable::NoJson);
    let mut json = serde_json::Deserializer::from_str(text);
    let value = Whole { left: &Cell::new(MOST_VALUES), why: &why }.deserialize(&mut json);
    value.and_then(|value| json.end().map(|()| value)).map_err(|_| why.get())
}

/// One page of a list, of `most` objects at most: what `keep` makes of each.
///
/// # Errors
/// All of [`Unusable`].
pub(super) fn page<T>(
    text: &str,
    most: usize,
    keep: &mut impl FnMut(&Value) -> Option<T>,
) -> Result<Page<T>, Unusable> {
    let why = Cell::new(Unusable::NoJson);
    let mut page = Page { kept: Vec::new(), seen: 0, token: None };
    let mut json = serde_json::Deserializer::from_str(text);
    let list = json.deserialize_any(List { page: &mut page, most, keep, why: &why });
    list.and_then(|()| json.end()).map_err(|error| match why.get() {
        Unusable::NoJson if error.is_data() => Unusable::NoList,
        why => why,
    })?;
    Ok(page)
}

/// The envelope of a list.
struct List<'a, T, K> {
    page: &'a mut Page<T>,
    most: usize,
    keep: &'a mut K,
    why: &'a Cell<Unusable>,
}

/// What of its metadata is read.
#[derive(Deserialize)]
struct ListMetadata {
    #[serde(default, rename = "continue")]
    token: Option<String>,
}

impl<'de, T, K: FnMut(&Value) -> Option<T>> Visitor<'de> for List<'_, T, K> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of Kubernetes objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "items" => {
                    map.next_value_seed(Items { page: self.page, most: self.most, keep: self.keep, why: self.why })?
                }
                "metadata" => {
                    let metadata: Option<ListMetadata> = map.next_value()?;
                    self.page.token = metadata.and_then(|it| it.token).filter(|token| !token.is_empty());
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Its objects. A list without any may say `null`, as Go does of a slice that was never made.
struct Items<'a, T, K> {
    page: &'a mut Page<T>,
    most: usize,
    keep: &'a mut K,
    why: &'a Cell<Unusable>,
}

impl<'de, T, K: FnMut(&Value) -> Option<T>> DeserializeSeed<'de> for Items<'_, T, K> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, T, K: FnMut(&Value) -> Option<T>> Visitor<'de> for Items<'_, T, K> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the objects of a list")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        loop {
            let left = Cell::new(MOST_VALUES);
            let Some(object) = items.next_element_seed(Whole { left: &left, why: self.why })? else { return Ok(()) };
            if self.page.seen == self.most {
                self.why.set(Unusable::TooMany);
                return Err(A::Error::custom(Unusable::TooMany));
            }
            self.page.seen += 1;
            self.page.kept.extend((self.keep)(&object));
        }
    }
}

/// A whole value, as long as it does not consist of too many.
struct Whole<'a> {
    left: &'a Cell<usize>,
    why: &'a Cell<Unusable>,
}

impl Whole<'_> {
    fn part(&self) -> Whole<'_> {
        Whole { left: self.left, why: self.why }
    }
}

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        let Some(left) = self.left.get().checked_sub(1) else {
            self.why.set(Unusable::TooLarge);
            return Err(D::Error::custom(Unusable::TooLarge));
        };
        self.left.set(left);
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element_seed(self.part())? {
            list.push(entry);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            map.insert(key, entries.next_value_seed(self.part())?);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The names of a page's objects.
    fn names(text: &str, most: usize) -> Result<Page<String>, Unusable> {
        page(text, most, &mut |object| object["name"].as_str().map(str::to_owned))
    }

    #[test]
    fn of_a_page_its_facts_stay_wherever_its_metadata_stands() {
        let read = |names: &[&str], seen, token: Option<&str>| {
            let kept = names.iter().map(|&name| name.to_owned()).collect();
            Ok(Page { kept, seen, token: token.map(str::to_owned) })
        };
        for (text, expected) in [
            (
                r#"{"metadata":{"continue":"x","a":[1]},"items":[{"name":"a"},{},{"name":"b"}]}"#,
                read(&["a", "b"], 3, Some("x")),
            ),
            (r#"{"items":[{"name":"a"}],"kind":"L","metadata":{"continue":""}}"#, read(&["a"], 1, None)),
            (r#"{"items":null,"metadata":null}"#, read(&[], 0, None)),
            (r#"{"metadata":{"continue":null}}"#, read(&[], 0, None)),
            (r#"{"items":[{},{},{},{}]}"#, Err(Unusable::TooMany)),
            (r#"{"items":[{},{}],"items":[{},{}]}"#, Err(Unusable::TooMany)),
            (r#"{"items":[{"name":"a"}"#, Err(Unusable::NoJson)),
            (r#"{"items":[]} more"#, Err(Unusable::NoJson)),
            ("", Err(Unusable::NoJson)),
            (r#"{"items":"a"}"#, Err(Unusable::NoList)),
            ("[]", Err(Unusable::NoList)),
        ] {
            assert_eq!(names(text, 3), expected, "{text}");
        }
    }

    #[test]
    fn many_tiny_objects_end_at_the_bound_and_each_is_dropped_before_the_next() {
        let text = format!(r#"{{"items":[{}{{"":0}}]}}"#, r#"{"":0},"#.repeat(1_000_000));
        let mut looked_at = 0;
        let read = page(&text, 5_000, &mut |_| {
            looked_at += 1;
            None::<()>
        });
        assert_eq!((read, looked_at), (Err(Unusable::TooMany), 5_000));
    }

    #[test]
    fn an_object_of_too_many_values_is_not_decoded_to_its_end() {
        let nested = |values: usize| format!(r#"{{"a":[{}0]}}"#, r#"{"":0},"#.repeat(values / 2));
        assert!(object(&nested(1_000)).is_ok());
        let bomb = nested(2_000_000);
        assert_eq!(object(&bomb), Err(Unusable::TooLarge));
        assert_eq!(names(&format!(r#"{{"items":[{{}},{bomb}]}}"#), 5), Err(Unusable::TooLarge));
    }

    #[test]
    fn an_object_is_decoded_as_it_stands() {
        let values = json!({"a": [null, true, -1, 18_446_744_073_709_551_615_u64, 1.5, "ü\n"], "b": {"c": {}}});
        assert_eq!(object(&values.to_string()), Ok(values));
    }
}
