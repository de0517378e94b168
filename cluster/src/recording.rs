//! Recordings of a real Kamaji: the watch events of a whole situation, played into the index again. First use: tests. Second:
//! `console serve --recording FILE`, which shows one in the browser as if it happened now.
//!
//! A recording is JSON lines, gzipped if its name ends in `.gz`: `t_ms` since the recorder started, `type` LIST (the state at
//! the start), ADDED, MODIFIED, DELETED or MARK (what was done by hand, in words), `kind`, `object`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flate2::read::GzDecoder;
use planner::time::UnixMillis;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::Clock;
use crate::errors::RecordingError;
use crate::health::{Playback, Source};
use crate::index::Index;
use crate::observer::Observer;
use crate::resources::{Object, ObjectKind, Unreadable};

/// How often a running hop is published although nothing changed.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// What was recorded, read.
#[derive(Debug)]
pub struct Recording {
    name: String,
    /// The moment at which the recorder started, as near as the objects tell.
    epoch: UnixMillis,
    lists: BTreeMap<ObjectKind, Vec<Object>>,
    listed_at_ms: i64,
    steps: Vec<Step>,
}

/// One recorded event.
#[derive(Debug)]
pub struct Step {
    /// When, in ms since the recorder started.
    pub at_ms: i64,
    change: Change,
}

#[derive(Debug)]
enum Change {
    Apply(Box<Object>),
    Delete(Box<Object>),
    Unreadable(Unreadable),
    Mark(String),
}

#[derive(Deserialize)]
struct Line {
    t_ms: i64,
    r#type: String,
    kind: String,
    object: Value,
}

impl Recording {
    /// Reads a recording.
    ///
    /// # Errors
    /// If the file cannot be read, or a line of it is no recorded event.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let failed = |source| RecordingError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let reader: Box<dyn Read> = if path.extension().is_some_and(|extension| extension == "gz") {
            Box::new(GzDecoder::new(file))
        } else {
            Box::new(file)
        };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let mut recording =
            Self { name, epoch: UnixMillis(i64::MIN), lists: BTreeMap::new(), listed_at_ms: 0, steps: Vec::new() };
        let mut events = 0;
        for (number, line) in BufReader::new(reader).lines().enumerate() {
            let line = line.map_err(failed)?;
            if line.trim().is_empty() {
                continue;
            }
            recording.add(&line).map_err(|why| RecordingError::Line {
                path: path.to_owned(),
                line: number + 1,
                why,
            })?;
            events += 1;
        }
        if events == 0 {
            return Err(RecordingError::Empty { path: path.to_owned() });
        }
        if recording.epoch == UnixMillis(i64::MIN) {
            recording.epoch = UnixMillis(0);
        }
        Ok(recording)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let Line { t_ms, r#type, kind, object } = serde_json::from_str(line).map_err(|error| error.to_string())?;
        if r#type == "MARK" {
            let text = object.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
            self.steps.push(Step { at_ms: t_ms, change: Change::Mark(text) });
            return Ok(());
        }
        let kind = ObjectKind::named(&kind).ok_or_else(|| format!("`{kind}` is no kind the console watches"))?;
        // An object is seen after it was made, so the latest of these is the nearest to the recorder's start.
        if let Some(created) = object.pointer("/metadata/creationTimestamp").and_then(Value::as_str)
            && let Some(created) = UnixMillis::parse(created)
        {
            self.epoch = self.epoch.max(created.plus_millis(-t_ms));
        }
        let object = match Object::read(kind, &object) {
            Ok(Some(object)) => object,
            Ok(None) => return Ok(()),
            Err(unreadable) => {
                self.steps.push(Step { at_ms: t_ms, change: Change::Unreadable(unreadable) });
                return Ok(());
            }
        };
        let change = match r#type.as_str() {
            "LIST" => {
                self.lists.entry(kind).or_default().push(object);
                self.listed_at_ms = self.listed_at_ms.max(t_ms);
                return Ok(());
            }
            "ADDED" | "MODIFIED" => Change::Apply(Box::new(object)),
            "DELETED" => Change::Delete(Box::new(object)),
            other => return Err(format!("`{other}` is no type of event")),
        };
        self.steps.push(Step { at_ms: t_ms, change });
        Ok(())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its length in ms.
    pub fn length_ms(&self) -> i64 {
        self.steps.last().map_or(self.listed_at_ms, |step| step.at_ms.max(self.listed_at_ms))
    }

    /// What was done by hand, and when (ms).
    pub fn marks(&self) -> impl Iterator<Item = (i64, &str)> {
        self.steps.iter().filter_map(|step| match &step.change {
            Change::Mark(text) => Some((step.at_ms, text.as_str())),
            _ => None,
        })
    }

    /// The moment that a time of the recording was.
    pub fn moment(&self, at_ms: i64) -> UnixMillis {
        self.epoch.plus_millis(at_ms)
    }

    /// An index in the state at the start, and its readers' side.
    pub fn begin(&self, clock: Clock) -> (Index, Observer) {
        self.begin_at(1, clock)
    }

    fn begin_at(&self, speed: u32, clock: Clock) -> (Index, Observer) {
        let now = self.moment(self.listed_at_ms);
        let source = Source::Recording(self.playback(speed, self.listed_at_ms, None));
        let (mut index, observer) = Index::new(now, source, clock);
        for kind in ObjectKind::ALL {
            index.reset(kind, self.lists.get(&kind).cloned().unwrap_or_default(), now);
        }
        index.flush(now);
        (index, observer)
    }

    /// Every event after the start, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Plays one event into the index and publishes what it changed.
    pub fn play(&self, step: &Step, index: &mut Index) {
        let now = self.moment(step.at_ms);
        match &step.change {
            Change::Apply(object) => index.apply((**object).clone(), now),
            Change::Delete(object) => index.delete(object, now),
            Change::Unreadable(unreadable) => index.unreadable(unreadable.kind, unreadable.clone()),
            Change::Mark(_) => {}
        }
        index.flush(now);
    }

    /// Plays the whole recording, `speed` times as fast as it was recorded, and stops at its end. The observer's time is the
    /// recording's. [`Health`](crate::health::Health) says how far it is.
    ///
    /// Must be called within a tokio runtime.
    pub fn serve(self, speed: u32, shutdown: CancellationToken) -> Observer {
        let speed = speed.max(1);
        let start = Instant::now();
        let (begin, end) = (self.listed_at_ms, self.length_ms());
        let at_ms = move |instant: Instant| {
            let elapsed = i64::try_from(instant.saturating_duration_since(start).as_millis()).unwrap_or(i64::MAX);
            begin.saturating_add(elapsed.saturating_mul(i64::from(speed))).min(end)
        };
        let epoch = self.epoch;
        let clock: Clock = Arc::new(move || epoch.plus_millis(at_ms(Instant::now())));
        let (index, observer) = self.begin_at(speed, clock);
        tokio::spawn(async move { shutdown.run_until_cancelled(self.play_on(index, speed, start, at_ms)).await });
        observer
    }

    async fn play_on(self, mut index: Index, speed: u32, start: Instant, at_ms: impl Fn(Instant) -> i64) {
        let mut mark = None;
        let mut heartbeat = start + HEARTBEAT;
        for step in &self.steps {
            let offset = u64::try_from(step.at_ms - self.listed_at_ms).unwrap_or(0);
            let due = start + Duration::from_micros(offset.saturating_mul(1000) / u64::from(speed));
            while heartbeat < due {
                sleep_until(heartbeat).await;
                let now_ms = at_ms(heartbeat);
                index.played(self.playback(speed, now_ms, mark.clone()));
                index.tick(self.moment(now_ms));
                heartbeat += HEARTBEAT;
            }
            sleep_until(due).await;
            if let Change::Mark(text) = &step.change {
                mark = Some(text.clone());
            }
            index.played(self.playback(speed, step.at_ms, mark.clone()));
            self.play(step, &mut index);
        }
        let end = self.length_ms();
        index.played(self.playback(speed, end, mark));
        index.tick(self.moment(end));
        tracing::info!(recording.name = self.name, recording.length_ms = end, "the recording has ended");
    }

    fn playback(&self, speed: u32, at_ms: i64, mark: Option<String>) -> Playback {
        Playback { name: self.name.clone(), speed, at_ms, length_ms: self.length_ms(), mark }
    }
}
