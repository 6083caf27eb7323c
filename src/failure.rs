//! Reports a failed command: on stderr for people, on stdout as JSON for programs.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use flavor::diagnostics::{Diagnosis, Diagnostic, messages};
use flavor::report::printable;

use crate::annotation::{self, Level};
use crate::error::Error;
use crate::output;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// Reports an error with its causes and hint; also as an annotation in a workflow.
pub(crate) fn tell(error: &Error, as_json: bool) {
    let (diagnosis, messages) = (error.diagnosis(), messages(error));
    let Diagnosis { code, hint } = &diagnosis;
    if let Some(place) = error.place() {
        annotation::write(Level::Error, &place, *code, &messages);
    }
    if as_json {
        return json(&messages, &diagnosis, error.exit_code());
    }
    let lines = messages.iter().enumerate().flat_map(|(at, message)| {
        let indent = if at == 0 { "" } else { "  " };
        message.lines().map(move |line| format!("{indent}{line}"))
    });
    let mut stderr = anstream::stderr().lock();
    for (at, line) in lines.enumerate() {
        let line = printable(&line);
        // If stderr is closed, the message is lost.
        drop(match at {
            0 => writeln!(stderr, "{ERROR}error[{code}]{ERROR:#}: {line}"),
            _ => writeln!(stderr, "{line}"),
        });
    }
    if let Some(hint) = hint {
        drop(writeln!(stderr, "{HINT}hint{HINT:#}: {}", printable(hint)));
    }
}

/// An error as JSON. The first message is its own, the others are those of its causes.
pub(crate) fn json(messages: &[String], Diagnosis { code, hint }: &Diagnosis, exit_code: u8) {
    let (message, causes) = (&messages[0], &messages[1..]);
    let value = serde_json::json!({ "error": {
        "code": code.to_string(), "message": message, "causes": causes, "hint": hint, "exit_code": exit_code,
    } });
    if output::json(&value).is_err() {
        // If stdout is closed, the message is lost.
        drop(writeln!(
            anstream::stderr(),
            "error[{code}]: {}",
            printable(message)
        ));
    }
}
