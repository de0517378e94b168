//! How numbers, times and sizes are written: in one place, with no locale and no clock, so that server and browser print the
//! same string.

use std::fmt::Write as _;

use jiff::civil::Date;
use planner::time::{MachineMoment, UnixMillis};

const KIBI: u64 = 1024;

/// `50 to 63 s`, if the two differ as they are written.
pub fn between(low_ms: i64, high_ms: i64) -> Option<String> {
    let (low, high) = (duration(low_ms), duration(high_ms));
    if low == high {
        return None;
    }
    let unit = |text: &str| text.split_once(' ').map(|(_, unit)| unit.to_owned());
    let short = low.split_once(' ').filter(|_| unit(&low) == unit(&high)).map(|(number, _)| number.to_owned());
    Some(format!("{} to {high}", short.unwrap_or(low)))
}

/// A duration: `7 s`, `1.5 s`, `2 min 5 s`, `10 min`, `1 h 5 min`. Tenths only below ten seconds and only if there are any.
pub fn duration(millis: i64) -> String {
    let sign = if millis < 0 { "−" } else { "" };
    let millis = millis.unsigned_abs();
    let tenths = (millis + 50) / 100;
    if tenths < 100 && !tenths.is_multiple_of(10) {
        return format!("{sign}{}.{} s", tenths / 10, tenths % 10);
    }
    let seconds = (millis + 500) / 1000;
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        _ if seconds < 120 => format!("{sign}{seconds} s"),
        (0, minutes, 0) => format!("{sign}{minutes} min"),
        (0, minutes, rest) => format!("{sign}{minutes} min {rest} s"),
        (hours, 0, _) => format!("{sign}{hours} h"),
        (hours, minutes, _) => format!("{sign}{hours} h {minutes} min"),
    }
}

/// A long stretch in the one unit that tells it best, for "in 98 days" and "3 min ago": `4 s`, `3 min`, `5 h`, `98 days`.
pub fn rough_duration(millis: i64) -> String {
    let seconds = millis.unsigned_abs() / 1000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3600),
        _ => count(seconds / 86_400, "day", "days"),
    }
}

/// How far `moment` lies from `now`: `now`, `3 min ago`, `in 5 h`.
pub fn relative(moment: UnixMillis, now: UnixMillis) -> String {
    let ahead = moment.since(now);
    match ahead {
        -999..=999 => "now".to_owned(),
        ..-999 => format!("{} ago", rough_duration(ahead)),
        _ => format!("in {}", rough_duration(ahead)),
    }
}

/// A moment: `22 Nov 2026, 07:44:58 UTC`.
pub fn moment(moment: UnixMillis) -> String {
    match moment.utc() {
        Some(utc) => format!("{}, {:02}:{:02}:{:02} UTC", day(utc.date()), utc.hour(), utc.minute(), utc.second()),
        None => moment.to_string(),
    }
}

/// The machine-readable form of a moment, for the `datetime` attribute of `<time>`.
pub fn machine_moment(moment: UnixMillis) -> String {
    moment.utc().map_or_else(String::new, |_| MachineMoment(moment).to_string())
}

/// A day: `28 Feb 2027`. Written without `strftime`, whose interpreter the browser would have to load.
pub fn day(date: Date) -> String {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = usize::try_from(date.month() - 1).ok().and_then(|month| months.get(month)).copied();
    format!("{} {} {}", date.day(), month.unwrap_or_default(), date.year())
}

/// Bytes in the largest binary unit that keeps three digits: `960 MiB`, `1.5 GiB`, `512 B`.
pub fn bytes(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut unit = 0;
    let mut scale = 1;
    while unit + 1 < units.len() && bytes / scale >= KIBI {
        scale *= KIBI;
        unit += 1;
    }
    format!("{} {}", tenths_of(bytes, scale), units[unit])
}

/// CPU in cores from milliCPU: `0.25 CPU`, `1.5 CPU`, `3 CPU`.
pub fn cpu(millis: u64) -> String {
    let mut text = (millis / 1000).to_string();
    if !millis.is_multiple_of(1000) {
        let _ = write!(text, ".{:03}", millis % 1000);
        text.truncate(text.trim_end_matches('0').len());
    }
    text + " CPU"
}

/// A number with its noun: `1 pod`, `3 pods`.
pub fn count(number: impl Into<u64>, one: &str, many: &str) -> String {
    let number = number.into();
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A change against today: `+3`, `−1`, `0`.
pub fn change(by: i64) -> String {
    match by {
        0 => "0".to_owned(),
        1.. => format!("+{by}"),
        _ => format!("−{}", by.unsigned_abs()),
    }
}

/// `value / scale` with one decimal if there is one and the number is below 100.
fn tenths_of(value: u64, scale: u64) -> String {
    let tenths = (u128::from(value) * 10 + u128::from(scale) / 2) / u128::from(scale);
    if tenths >= 1000 || tenths.is_multiple_of(10) {
        ((tenths + 5) / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_a_timetable() {
        let cases = [
            (0, "0 s"),
            (40, "0 s"),
            (1_500, "1.5 s"),
            (7_000, "7 s"),
            (9_960, "10 s"),
            (57_400, "57 s"),
            (119_499, "119 s"),
            (120_000, "2 min"),
            (125_000, "2 min 5 s"),
            (3_600_000, "1 h"),
            (3_905_000, "1 h 5 min"),
            (-4_000, "−4 s"),
        ];
        for (millis, text) in cases {
            assert_eq!(duration(millis), text, "{millis} ms");
        }
    }

    #[test]
    fn moments_are_absolute_and_relative() {
        let now = UnixMillis(1_795_333_498_000);
        assert_eq!(moment(now), "22 Nov 2026, 07:44:58 UTC");
        assert_eq!(machine_moment(now), "2026-11-22T07:44:58Z");
        assert_eq!(relative(now, now), "now");
        assert_eq!(relative(now.plus_millis(-185_000), now), "3 min ago");
        assert_eq!(relative(now.plus_millis(98 * 86_400_000), now), "in 98 days");
    }

    #[test]
    fn sizes_keep_three_digits() {
        let cases = [
            (512, "512 B"),
            (1024, "1 KiB"),
            (960 << 20, "960 MiB"),
            (1536 << 20, "1.5 GiB"),
            (333 << 20, "333 MiB"),
            (u64::MAX, "16 EiB"),
        ];
        for (value, text) in cases {
            assert_eq!(bytes(value), text);
        }
        for (millis, text) in [(0, "0 CPU"), (250, "0.25 CPU"), (1_500, "1.5 CPU"), (3_000, "3 CPU"), (5, "0.005 CPU")]
        {
            assert_eq!(cpu(millis), text);
        }
    }

    #[test]
    fn changes_carry_their_sign() {
        assert_eq!([change(3), change(0), change(-1)], ["+3", "0", "−1"]);
        assert_eq!([count(1_u32, "pod", "pods"), count(0_u32, "pod", "pods")], ["1 pod", "0 pods"]);
    }
}
