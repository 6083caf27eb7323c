//! Waits for a child with captured output: not longer than the child lives, and with bounded
//! memory.

use std::io::{self, Read};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::interrupt;

/// Bytes kept of the beginning of a stream, and as many of its end: of human-readable output, and
/// of machine-readable answers. The list of all wheels of a large project is an answer.
const WORDS: usize = 1 << 20;
const ANSWER: usize = 16 << 20;
/// End of the line that says how many bytes are omitted.
pub(super) const LEFT_OUT: &str = " bytes of output left out]";
/// How long a stream may stay open after the child has ended: a process that it started may hold
/// it.
const PATIENCE: Duration = Duration::from_millis(700);

/// Runs a command to its end and returns its output; for long output, the beginning and the end.
pub(super) fn output(command: &mut Command) -> io::Result<Output> {
    captured(
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?,
        WORDS,
    )
}

/// The same for a command whose output is machine-readable.
pub(super) fn answer(command: &mut Command) -> io::Result<Output> {
    finish(
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?,
    )
}

/// Waits for a child that writes its answer to the given pipes.
pub(super) fn finish(child: Child) -> io::Result<Output> {
    captured(child, ANSWER)
}

/// Waits for a child and reads its streams concurrently.
///
/// A background process may hold the pipes open indefinitely. Output within a moment after the
/// child's end is kept; that process is then ignored.
fn captured(mut child: Child, most: usize) -> io::Result<Output> {
    drop(child.stdin.take());
    let (done, ended) = channel();
    let stdout = child
        .stdout
        .take()
        .map(|pipe| Capture::begin(pipe, most, done.clone()))
        .transpose()?;
    let stderr = child
        .stderr
        .take()
        .map(|pipe| Capture::begin(pipe, most, done.clone()))
        .transpose()?;
    drop(done);
    let status = child.wait()?;
    if !all_end(&ended) {
        tracing::warn!(
            pid = child.id(),
            "a process that a command has started still runs when the command is over; it is not waited for"
        );
    }
    interrupt::after_child(status);
    let text = |capture: Option<Capture>| capture.map(Capture::text).unwrap_or_default();
    Ok(Output {
        status,
        stdout: text(stdout),
        stderr: text(stderr),
    })
}

/// Waits until every reader has dropped its end, or until a timeout.
fn all_end(ended: &Receiver<()>) -> bool {
    let begin = Instant::now();
    loop {
        match ended.recv_timeout(PATIENCE.saturating_sub(begin.elapsed())) {
            Ok(()) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return true,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => return false,
        }
    }
}

/// A stream that a thread reads to its end. The text can be taken before that.
struct Capture(Arc<Mutex<Kept>>);

impl Capture {
    fn begin(
        mut pipe: impl Read + Send + 'static,
        most: usize,
        done: Sender<()>,
    ) -> io::Result<Self> {
        let kept = Arc::new(Mutex::new(Kept {
            most,
            ..Kept::default()
        }));
        let into = Arc::clone(&kept);
        thread::Builder::new()
            .name("output".into())
            .spawn(move || {
                let mut buffer = vec![0; 64 << 10];
                loop {
                    match pipe.read(&mut buffer) {
                        Ok(0) => break,
                        Ok(count) => into
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .add(&buffer[..count]),
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(_) => break,
                    }
                }
                drop(done);
            })?;
        Ok(Self(kept))
    }

    fn text(self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).text()
    }
}

/// The beginning and the end of a stream.
#[derive(Default)]
struct Kept {
    /// Length of each.
    most: usize,
    head: Vec<u8>,
    /// Up to twice the length that is shown, so that few bytes are moved.
    tail: Vec<u8>,
    left_out: u64,
}

impl Kept {
    fn add(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(self.most - self.head.len()));
        self.head.extend_from_slice(first);
        self.tail.extend_from_slice(rest);
        if self.tail.len() > 2 * self.most {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let over = self.tail.len().saturating_sub(self.most);
        self.tail.drain(..over);
        self.left_out += over as u64;
    }

    fn text(mut self) -> Vec<u8> {
        if self.left_out > 0 {
            self.cut();
            self.head
                .extend_from_slice(format!("\n[{}{LEFT_OUT}\n", self.left_out).as_bytes());
        }
        self.head.append(&mut self.tail);
        self.head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(text: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", text]).stdin(Stdio::null());
        command
    }

    #[test]
    fn what_is_short_is_kept_whole() {
        let output = output(&mut shell("echo out; echo err >&2; exit 3")).expect("it runs");
        assert_eq!(
            (output.stdout.as_slice(), output.stderr.as_slice()),
            (&b"out\n"[..], &b"err\n"[..])
        );
        assert_eq!(output.status.code(), Some(3));
    }

    #[test]
    fn who_is_left_behind_is_not_waited_for() {
        let begin = Instant::now();
        let output = output(&mut shell("echo before; sleep 30 & exit 0")).expect("it runs");
        assert!(
            begin.elapsed() < Duration::from_secs(5),
            "{:?}",
            begin.elapsed()
        );
        assert_eq!(output.stdout, b"before\n");
    }

    #[test]
    fn of_too_much_the_beginning_and_the_end_are_kept() {
        let mut kept = Kept {
            most: WORDS,
            ..Kept::default()
        };
        kept.add(b"begin ");
        for _ in 0..64 {
            kept.add(&vec![b'x'; 1 << 20]);
        }
        assert!(kept.head.len() + kept.tail.capacity() <= 6 * WORDS);
        kept.add(b" end");
        let text = String::from_utf8(kept.text()).expect("text");
        assert!(text.starts_with("begin x") && text.ends_with("x end"));
        let left_out = (64 << 20) + 10 - 2 * WORDS;
        assert!(text.contains(&format!("\n[{left_out} bytes of output left out]\n")));
    }
}
