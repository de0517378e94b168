//! Processes that outlive this program, and are found and ended again by a later call of it.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom},
    ops::Add,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};

use crate::command;

/// How long a process may take to end by itself. An API server has ended its watches and closed its log within a second, and
/// then stays for a minute more.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a process may take to be gone that is ended by force.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// How much of the end of a log is shown when its process has died (bytes).
const TAIL: u64 = 2_000;

/// Memory of a process (bytes).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// What it holds now.
    pub(crate) now: u64,
    /// The most that it ever held.
    pub(crate) most: u64,
}

impl Add for Memory {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { now: self.now + other.now, most: self.most + other.most }
    }
}

/// A process as it is remembered between calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    /// What it is, for people; its log is called so.
    pub(crate) name: String,
    /// Its id, which the system gives to another one day.
    pub(crate) pid: i32,
    /// When it began, in the system's own words: together with the id this is one process and no other.
    began: String,
    /// Where it writes.
    pub(crate) log: PathBuf,
}

impl Process {
    /// Starts it in a process group of its own, so that an interrupted terminal does not end it, writing at the end of `log`:
    /// what one that was restarted wrote before stays.
    pub(crate) fn start(name: &str, command: &mut Command, log: PathBuf) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&log);
        let file = file.with_context(|| format!("could not write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .process_group(0)
            .spawn()
            .with_context(|| format!("could not start `{}`", command::shown(command)))?;
        Self::of(name, child.id(), log)
    }

    /// A process that has been started already.
    pub(crate) fn of(name: &str, id: u32, log: PathBuf) -> Result<Self> {
        let pid = i32::try_from(id)?;
        let began = beginning(pid).with_context(|| format!("{name} ended at once; it wrote:\n{}", tail(&log)))?;
        Ok(Self { name: name.to_owned(), pid, began, log })
    }

    /// Whether this very process runs.
    pub(crate) fn runs(&self) -> bool {
        beginning(self.pid).is_some_and(|began| began == self.began)
    }

    /// Its resident memory; `None` if it has ended, or where the system has no `/proc`.
    pub(crate) fn memory(&self) -> Option<Memory> {
        self.runs().then(|| linux_memory(&fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?))?
    }

    /// The end of its log.
    pub(crate) fn last_words(&self) -> String {
        tail(&self.log)
    }

    /// Asks it to end, and ends it if it does not. Nothing happens to another process that has its id by now.
    pub(crate) fn stop(&self) -> Result<()> {
        if self.signal(Signal::TERM)? && !self.is_gone_within(PATIENCE) {
            self.kill()?;
        }
        Ok(())
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn kill(&self) -> Result<()> {
        self.signal(Signal::KILL)?;
        anyhow::ensure!(self.is_gone_within(GONE_WITHIN), "{} (process {}) does not end", self.name, self.pid);
        Ok(())
    }

    fn is_gone_within(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        while self.runs() && Instant::now() < until {
            thread::sleep(Duration::from_millis(20));
        }
        !self.runs()
    }

    /// Takes its time away, as a machine that hangs: it answers nothing, and nothing that waits for it hears that it is gone.
    pub(crate) fn pause(&self) -> Result<bool> {
        self.signal(Signal::STOP)
    }

    /// Gives it its time back. One that was not paused does not notice.
    pub(crate) fn resume(&self) -> Result<bool> {
        self.signal(Signal::CONT)
    }

    /// Whether there was anybody to signal.
    fn signal(&self, signal: Signal) -> Result<bool> {
        let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.runs()) else { return Ok(false) };
        match rustix::process::kill_process(pid, signal) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::SRCH) => Ok(false),
            Err(error) => Err(error).with_context(|| format!("{} (process {pid:?}) cannot be signalled", self.name)),
        }
    }
}

/// When the process began; `None` if there is none, or only what is left of one that has ended.
fn beginning(pid: i32) -> Option<String> {
    if cfg!(target_os = "linux") {
        linux_beginning(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    } else {
        let answer = command::answer(Command::new("ps").args(["-o", "state=,lstart=", "-p", &pid.to_string()]))?;
        let (state, began) = answer.split_once(char::is_whitespace)?;
        (!state.starts_with('Z')).then(|| began.trim().to_owned())
    }
}

/// Field 22 of `/proc/PID/stat`, in clock ticks since the system started. The name before it may hold anything, so it is read
/// from the last bracket on: the state is the first field behind that.
fn linux_beginning(stat: &str) -> Option<String> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    (state != "Z").then_some(())?;
    fields.nth(18).map(str::to_owned)
}

/// `VmRSS` and `VmHWM` of `/proc/PID/status`, in kB of 1024 bytes.
fn linux_memory(status: &str) -> Option<Memory> {
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
    };
    Some(Memory { now: bytes("VmRSS")?, most: bytes("VmHWM")? })
}

fn tail(log: &Path) -> String {
    let read = || {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        std::io::Result::Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_else(|error| format!("({}: {error})", log.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(script: &str) -> (Process, PathBuf) {
        let log = std::env::temp_dir().join(format!("xtask-process-{}-{}", std::process::id(), script.len()));
        let process = Process::start("sh", Command::new("sh").args(["-c", script]), log.clone());
        (process.expect("a shell starts"), log)
    }

    #[test]
    fn a_process_is_ended_even_if_it_does_not_want_to() {
        let (process, log) = started("trap '' TERM; echo; while :; do sleep 1; done");
        // Only then does it not want to.
        assert!(comes(|| fs::read_to_string(&log).is_ok_and(|log| !log.is_empty())));
        assert!(process.runs());
        process.stop().expect("it ends");
        assert!(!process.runs());
        process.stop().expect("ending it twice is no error");
        process.kill().expect("nor is it three times");
        fs::remove_file(log).expect("the log is there");
    }

    #[test]
    fn another_process_with_the_same_id_is_left_alone() {
        let (process, log) = started("exec sleep 1001 ");
        let taken_for_it = Process { began: "long ago".to_owned(), ..process.clone() };
        assert!(!taken_for_it.runs());
        taken_for_it.stop().expect("nothing to do");
        assert!(process.runs());
        process.stop().expect("it ends");
        fs::remove_file(log).expect("the log is there");
    }

    /// Whether something comes to be so in time.
    fn comes(mut so: impl FnMut() -> bool) -> bool {
        let until = Instant::now() + PATIENCE;
        while !so() && Instant::now() < until {
            thread::yield_now();
        }
        so()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_paused_process_is_still_the_same_and_goes_on() {
        let (process, log) = started("exec sleep 1002  ");
        let stands =
            || fs::read_to_string(format!("/proc/{}/stat", process.pid)).is_ok_and(|stat| stat.contains(") T "));
        assert!(process.pause().expect("it is there"));
        assert!(comes(stands));
        assert!(process.runs());
        assert!(process.resume().expect("it is there"));
        assert!(comes(|| !stands()));
        process.stop().expect("it ends");
        assert!(!process.resume().expect("nothing to do"));
        fs::remove_file(log).expect("the log is there");
    }

    #[test]
    fn what_was_written_before_a_restart_stays() {
        let (first, log) = started("echo one; exec sleep 1003");
        let written = |text: &str| fs::read_to_string(&log).is_ok_and(|log| log == text);
        assert!(comes(|| written("one\n")));
        first.stop().expect("it ends");
        let script = "echo two; exec sleep 1003";
        let second =
            Process::start("sh", Command::new("sh").args(["-c", script]), log.clone()).expect("a shell starts");
        assert!(comes(|| written("one\ntwo\n")));
        second.stop().expect("it ends");
        fs::remove_file(&log).expect("the log is there");
    }

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tetcd\nVmHWM:\t  190000 kB\nVmRSS:\t   47000 kB\nThreads:\t9\n";
        assert_eq!(linux_memory(status), Some(Memory { now: 47_000 * 1024, most: 190_000 * 1024 }));
        // So it is with a process that has ended but is not collected yet.
        assert_eq!(linux_memory("Name:\tetcd\n"), None);
    }

    #[test]
    fn the_beginning_is_read_behind_any_name() {
        let rest = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        let cases = [
            (format!("7 (sleep) S {rest}"), Some("4711")),
            (format!("7 (a) b) R {rest}"), Some("4711")),
            (format!("7 (sleep) Z {rest}"), None),
            ("7 (sleep) S 1".to_owned(), None),
            (String::new(), None),
        ];
        for (stat, expected) in cases {
            assert_eq!(linux_beginning(&stat).as_deref(), expected, "{stat}");
        }
    }
}
