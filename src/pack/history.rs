//! The build history: `builds.jsonl`, one line of JSON per pack, newest last.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;

use super::{PackReport, SlotReport};
use crate::diagnostics::Code;
use crate::format::timestamp;
use crate::fs::{self, IoContext, Lock, LockKind};
use crate::report::{PhaseSpan, Recording, Took};

/// Version of a line; increased by incompatible changes.
const SCHEMA: u32 = 1;
const FILE: &str = "builds.jsonl";
/// Size at which the older half is dropped: about ten thousand builds.
const LIMIT: u64 = 16 << 20;

/// A pack. Times are in milliseconds.
#[derive(Debug, Serialize)]
pub struct Build<'a> {
    schema: u32,
    /// ISO 8601, in UTC.
    began: String,
    flavor: &'static str,
    manifest: String,
    jobs: usize,
    #[serde(rename = "took_ms")]
    took: Took,
    phases: &'a [PhaseSpan],
    /// For a failed pack.
    error: Option<String>,
    /// For a successful pack.
    package: Option<Package<'a>>,
}

#[derive(Debug, Serialize)]
struct Package<'a> {
    path: String,
    name: &'a str,
    version: &'a str,
    size: u64,
    blake3: String,
    /// Whether the same file existed already.
    fresh: bool,
    launcher: u64,
    slots: &'a [SlotReport],
    steps: Steps,
}

#[derive(Debug, Serialize)]
struct Steps {
    reused: usize,
    made: usize,
}

impl<'a> Build<'a> {
    pub fn new(
        manifest: &Path,
        jobs: usize,
        recording: &'a Recording,
        outcome: Result<&'a PackReport, Code>,
    ) -> Self {
        let began = recording
            .began
            .duration_since(std::time::SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            schema: SCHEMA,
            began: timestamp(began.as_secs()),
            flavor: env!("CARGO_PKG_VERSION"),
            manifest: manifest.to_string_lossy().into_owned(),
            jobs,
            took: recording.took,
            phases: &recording.phases,
            error: outcome.err().map(|code| code.to_string()),
            package: outcome.ok().map(package),
        }
    }

    /// Appends a build to the history in `directory`, which is created if necessary.
    ///
    /// # Errors
    /// The file cannot be written; its previous content is kept.
    pub fn record(&self, directory: &Path) -> fs::Result<()> {
        let path = directory.join(FILE);
        let line = serde_json::to_vec(self)
            .map_err(std::io::Error::from)
            .on("write", &path)?;
        append(directory, &path, &line, LIMIT)
    }
}

fn package(report: &PackReport) -> Package<'_> {
    let reused = report.steps.iter().filter(|step| step.reused).count();
    Package {
        path: std::path::absolute(&report.path)
            .unwrap_or_else(|_| report.path.clone())
            .to_string_lossy()
            .into_owned(),
        name: &report.name,
        version: &report.version,
        size: report.size,
        blake3: report.digest.hex(),
        fresh: report.fresh,
        launcher: report.launcher_size,
        slots: &report.slots,
        steps: Steps {
            reused,
            made: report.steps.len() - reused,
        },
    }
}

/// Appends a line, under a lock on the directory, because other packs may do the same.
fn append(directory: &Path, path: &Path, line: &[u8], limit: u64) -> fs::Result<()> {
    fs::create_private_dir(directory)?;
    let _lock = Lock::acquire(directory, LockKind::Exclusive)?;
    let open = || {
        OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
    };
    let mut file = open().on("open", path)?;
    let length = file.metadata().on("examine", path)?.len();
    if length.saturating_add(line.len() as u64) > limit {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(length / 2))
            .and_then(|_| file.read_to_end(&mut bytes))
            .on("read", path)?;
        // The first line is cut.
        let kept = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(&[][..], |end| &bytes[end + 1..]);
        fs::replace_file(path, kept)?;
        file = open().on("open", path)?;
    }
    // A partial line left by a crash is skipped.
    let ends = file.seek(SeekFrom::End(-1)).and_then(|_| {
        let mut last = [0];
        file.read_exact(&mut last).map(|()| last == *b"\n")
    });
    let separator: &[u8] = if ends.is_ok_and(|ends| !ends) {
        b"\n"
    } else {
        b""
    };
    file.write_all(&[separator, line, b"\n"].concat())
        .on("write", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &Path) -> Vec<String> {
        std::fs::read_to_string(path)
            .expect("text")
            .lines()
            .map(Into::into)
            .collect()
    }

    #[test]
    fn the_older_half_goes_and_a_torn_line_stays_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(FILE);
        for number in 0..50 {
            append(
                directory.path(),
                &path,
                format!("{{\"n\":{number:02}}}").as_bytes(),
                90,
            )
            .expect("appended");
            assert!(path.metadata().expect("there").len() <= 90);
        }
        let kept = lines(&path);
        assert!(
            kept.len() > 4 && kept.iter().all(|line| line.len() == 8),
            "{kept:?}"
        );
        assert_eq!(kept.last().map(String::as_str), Some("{\"n\":49}"));
        std::fs::write(&path, "{\"n\":1}\n{\"n\"").expect("written");
        append(directory.path(), &path, b"{\"n\":2}", 90).expect("appended");
        assert_eq!(lines(&path), ["{\"n\":1}", "{\"n\"", "{\"n\":2}"]);
    }

    #[test]
    fn many_at_once_are_whole_lines() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(FILE);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        append(directory.path(), &path, &[b'x'; 500], 50_000).expect("appended");
                    }
                });
            }
        });
        let kept = lines(&path);
        assert!(
            kept.len() > 40 && kept.iter().all(|line| line.len() == 500),
            "{}",
            kept.len()
        );
    }
}
