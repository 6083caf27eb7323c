//! The descendants of this process.
//!
//! They are found by scanning /proc and stay in our process group: a program that asks for a
//! password on the terminal must be in the foreground.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpid, kill_process, set_child_subreaper};

/// The time they have to end by themselves.
const GRACE: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(10);

/// A process and its start time, because process ids are reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Process {
    pid: i32,
    began: u64,
}

/// Ends all of them, with SIGKILL if they take too long. No other thread may start processes
/// meanwhile.
pub(super) fn stop() {
    // From here on orphans become our children and are found, even if they were started after the
    // scan.
    _ = set_child_subreaper(Some(getpid()));
    let begin = Instant::now();
    let mut terminated = BTreeSet::new();
    loop {
        let ours = descendants(&processes());
        if ours.is_empty() {
            return;
        }
        let is_late = begin.elapsed() > GRACE;
        for process in &ours {
            if is_late {
                send(*process, Signal::KILL);
            } else if terminated.insert(*process) {
                send(*process, Signal::TERM);
            }
        }
        if begin.elapsed() > 2 * GRACE {
            return;
        }
        std::thread::sleep(STEP);
    }
}

fn send(process: Process, signal: Signal) {
    if let Some(pid) = Pid::from_raw(process.pid) {
        // It may have ended by itself.
        _ = kill_process(pid, signal);
    }
}

fn descendants(all: &[(Process, i32)]) -> Vec<Process> {
    let mut parents = BTreeSet::from([std::process::id().cast_signed()]);
    let mut descendants: Vec<Process> = Vec::new();
    loop {
        let before = descendants.len();
        for (process, parent) in all {
            if parents.contains(parent) && parents.insert(process.pid) {
                descendants.push(*process);
            }
        }
        if descendants.len() == before {
            return descendants;
        }
    }
}

/// All living processes with their parents.
fn processes() -> Vec<(Process, i32)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // The process name before it may contain anything but is in parentheses.
            let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
            let (state, parent) = (fields.next()?, fields.next()?.parse().ok()?);
            let began = fields.nth(17)?.parse().ok()?;
            (state != "Z" && state != "X").then_some((Process { pid, began }, parent))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_and_theirs_are_found_and_others_are_not() {
        let me = std::process::id().cast_signed();
        let process = |pid| Process { pid, began: 0 };
        let all = [
            (process(901), me),
            (process(903), 902),
            (process(902), 901),
            (process(904), 1),
        ];
        let pids: Vec<i32> = descendants(&all)
            .iter()
            .map(|process| process.pid)
            .collect();
        assert_eq!(pids, [901, 902, 903]);
        assert!(processes().iter().any(|(process, _)| process.pid == me));
    }
}
