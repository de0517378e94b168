//! The work queues of the two controllers: back-off, overall limit, one timer an object.

/// First delay after a failure (ms); doubles with each further one.
const BASE_DELAY_MS: i64 = 5;
/// Longest delay (ms).
const MAX_DELAY_MS: i64 = 1_000_000;
/// One token of the overall limit: 10 a second.
const TOKEN_MS: i64 = 100;
/// 100 tokens at most.
const FULL_BUCKET_MS: i64 = 100 * TOKEN_MS;

/// The limiter that all keys of one controller share, counted in milliseconds of refill so that it stays exact.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    level_ms: i64,
    at_ms: i64,
}

/// What a controller's queue knows of one object.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry {
    failures: u32,
    due_ms: Option<i64>,
}

impl Bucket {
    pub(super) fn full(at_ms: i64) -> Self {
        Self { level_ms: FULL_BUCKET_MS, at_ms }
    }

    /// Takes a token, in advance if need be, and says how long to wait for it.
    fn take(&mut self, now_ms: i64) -> i64 {
        self.level_ms = (self.level_ms + now_ms - self.at_ms).min(FULL_BUCKET_MS) - TOKEN_MS;
        self.at_ms = now_ms;
        (-self.level_ms).max(0)
    }
}

impl Entry {
    /// The next timer (ms).
    pub(super) fn due_ms(&self) -> Option<i64> {
        self.due_ms
    }

    /// Takes the timer if it is due.
    pub(super) fn take_due(&mut self, now_ms: i64) -> bool {
        let due = self.due_ms.is_some_and(|due| due <= now_ms);
        if due {
            self.due_ms = None;
        }
        due
    }

    /// `AddAfter`: of several the earliest stands.
    pub(super) fn add_after(&mut self, now_ms: i64, delay_ms: i64) {
        let due = now_ms + delay_ms;
        self.due_ms = Some(self.due_ms.map_or(due, |other| other.min(due)));
    }

    /// `AddRateLimited`: the greater of the object's back-off and the wait for a token.
    pub(super) fn add_rate_limited(&mut self, bucket: &mut Bucket, now_ms: i64) {
        let back_off = BASE_DELAY_MS.saturating_mul(1 << self.failures.min(20)).min(MAX_DELAY_MS);
        self.failures += 1;
        let delay = back_off.max(bucket.take(now_ms));
        self.add_after(now_ms, delay);
    }

    /// A sync without an error.
    pub(super) fn forget(&mut self) {
        self.failures = 0;
    }

    /// A failed sync waits for its repeat.
    pub(super) fn is_failing(&self) -> bool {
        self.failures > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_tokens_are_there_at_once_and_ten_a_second_after() {
        let mut bucket = Bucket::full(5_000);
        assert!((0..100).all(|_| bucket.take(5_000) == 0));
        assert_eq!([(); 3].map(|()| bucket.take(5_000)), [100, 200, 300]);
        assert_eq!(bucket.take(5_250), 150, "a quarter of a second fills up two and a half");
        assert_eq!(bucket.take(60_000), 0);
        assert!((0..99).all(|_| bucket.take(60_000) == 0), "never more than a hundred");
        assert_eq!(bucket.take(60_000), 100);
    }

    #[test]
    fn each_failure_in_a_row_doubles_the_wait_up_to_its_limit() {
        let mut entry = Entry::default();
        let waits: Vec<Option<i64>> = (0..20)
            .map(|_| {
                entry.add_rate_limited(&mut Bucket::full(0), 0);
                let due_ms = entry.due_ms();
                assert!(entry.take_due(1_000_000));
                due_ms
            })
            .collect();
        assert_eq!(waits[..4], [Some(5), Some(10), Some(20), Some(40)]);
        assert_eq!(waits[17..], [Some(655_360), Some(1_000_000), Some(1_000_000)]);
        entry.forget();
        entry.add_rate_limited(&mut Bucket::full(0), 0);
        assert_eq!(entry.due_ms(), Some(5));
    }
}
