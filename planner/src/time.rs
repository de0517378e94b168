//! Moments. The crate has no clock: whoever has one passes the moment in.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

/// A day as machines write it: `2027-02-28`. By hand, because jiff's own writing would have to come into the browser too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineDay(pub Date);

/// A moment as machines write it: `2026-11-22T07:44:58Z`, RFC 3339 in UTC and whole seconds. By hand, as [`MachineDay`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineMoment(pub UnixMillis);

/// A moment in milliseconds since the Unix epoch (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// Reads an RFC 3339 time as the Kubernetes API writes it (`2026-11-22T07:44:58Z`).
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<Timestamp>().ok().map(|timestamp| Self(timestamp.as_millisecond()))
    }

    /// Milliseconds from `earlier` to this moment; negative if this moment comes first.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This moment, `millis` later.
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The moment as a jiff timestamp; `None` outside the years jiff knows.
    pub fn timestamp(self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.0).ok()
    }

    /// Day and time in UTC; `None` outside the years jiff knows.
    pub fn utc(self) -> Option<DateTime> {
        self.timestamp().map(|timestamp| Offset::UTC.to_datetime(timestamp))
    }
}

impl fmt::Display for MachineDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Display for MachineMoment {
    /// Outside the years jiff knows: the milliseconds, which nothing reads as a moment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.utc() {
            Some(utc) => {
                write!(f, "{}T{:02}:{:02}:{:02}Z", MachineDay(utc.date()), utc.hour(), utc.minute(), utc.second())
            }
            None => write!(f, "{}", self.0.0),
        }
    }
}

impl fmt::Display for UnixMillis {
    /// `2026-11-22 07:44:58 UTC`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.utc() {
            Some(utc) => {
                write!(f, "{} {:02}:{:02}:{:02} UTC", MachineDay(utc.date()), utc.hour(), utc.minute(), utc.second())
            }
            None => write!(f, "{} ms since 1970", self.0),
        }
    }
}

/// Days as JSON: `"2027-02-28"`. By hand, because jiff's own reading brings all of its formats into the browser.
pub(crate) mod day {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::MachineDay;

    pub(crate) fn serialize<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&MachineDay(*day))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        let text = String::deserialize(deserializer)?;
        read(&text).ok_or_else(|| D::Error::custom(format_args!("`{text}` is no day; write it as `2027-02-28`")))
    }

    fn read(text: &str) -> Option<Date> {
        let mut parts = text.split('-');
        let mut number = |digits: usize| {
            let part = parts.next()?;
            let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            if plain { part.parse::<i16>().ok() } else { None }
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        if parts.next().is_some() {
            return None;
        }
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    #[cfg(test)]
    mod tests {
        use jiff::civil::date;

        use super::{MachineDay, read};
        use crate::time::UnixMillis;

        #[test]
        fn a_day_has_one_form_wherever_it_is_written() {
            for (day, text) in [(date(2027, 2, 28), "2027-02-28"), (date(33, 1, 9), "0033-01-09")] {
                assert_eq!(MachineDay(day).to_string(), text);
                assert_eq!(day.to_string(), text, "as jiff writes it");
                assert_eq!(read(text), Some(day));
            }
            let moment = UnixMillis::parse("2026-11-22T07:44:58Z").expect("a moment");
            assert_eq!(moment.to_string(), "2026-11-22 07:44:58 UTC");
        }

        #[test]
        fn a_day_is_read_only_as_it_is_written() {
            assert_eq!(read("2027-02-28"), Some(date(2027, 2, 28)));
            for text in
                ["2027-02-29", "2027-2-28", "27-02-28", "2027-02-28-01", "2027-02", "2027-+2-28", "", "2027-02-28T00"]
            {
                assert_eq!(read(text), None, "{text}");
            }
        }
    }
}
