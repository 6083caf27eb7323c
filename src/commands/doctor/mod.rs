//! `flavor doctor`: a list of checks, each with a finding and a remedy.

mod checks;

use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use flavor::diagnostics::Code;
use flavor::diagnostics::{Diagnosis, Diagnostic, messages};
use flavor::report::printable;
use serde::Serialize;
use serde_json::json;

use crate::error::Error;
use crate::output;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// Unusual, or a future problem.
    Warn,
    /// Packing or starting does not work.
    Fail,
}

/// The result of one check.
#[derive(Debug)]
struct Finding {
    /// What was checked.
    check: &'static str,
    state: State,
    text: String,
    remedy: Option<String>,
    code: Option<Code>,
}

impl Finding {
    fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Ok,
            text: text.into(),
            remedy: None,
            code: None,
        }
    }

    fn odd(
        check: &'static str,
        state: State,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            check,
            state,
            text: text.into(),
            remedy: Some(remedy.into()),
            code: None,
        }
    }

    /// From the error that a command would report.
    fn failed(check: &'static str, error: &Error) -> Self {
        let text = messages(error).join(": ");
        let Diagnosis { code, hint } = error.diagnosis();
        let remedy = hint.unwrap_or_else(|| format!("see `flavor explain {code}`").into());
        Self {
            check,
            state: State::Fail,
            text,
            remedy: Some(remedy.into()),
            code: Some(code),
        }
    }
}

/// Exits with 1 if any check fails.
pub(super) fn run(as_json: bool) -> Result<ExitCode, Error> {
    let mut findings = Vec::new();
    for check in checks::ALL {
        let of_check = check();
        if !as_json {
            // In parallel: some are slow.
            output::styled(&of_check.iter().map(line).collect::<String>())?;
        }
        findings.extend(of_check);
    }
    let is_well = findings.iter().all(|finding| finding.state != State::Fail);
    if as_json {
        let each: Vec<_> = findings
            .iter()
            .map(|finding| {
                json!({
                    "check": finding.check,
                    "state": finding.state,
                    "text": finding.text,
                    "remedy": finding.remedy,
                    "code": finding.code.map(|code| code.to_string()),
                })
            })
            .collect();
        output::json(&json!({ "ok": is_well, "findings": each }))?;
    }
    Ok(if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn line(finding: &Finding) -> String {
    let (word, style) = match finding.state {
        State::Ok => ("ok", AnsiColor::Green.on_default()),
        State::Warn => ("warn", AnsiColor::Yellow.on_default().bold()),
        State::Fail => ("fail", AnsiColor::Red.on_default().bold()),
    };
    let code = finding
        .code
        .map_or(String::new(), |code| format!(" [{code}]"));
    let lines: Vec<&str> = finding.text.lines().map(str::trim).collect();
    let mut text = format!(
        "{style}{word:<4}{style:#}  {:<11}  {}{code}\n",
        finding.check,
        printable(&lines.join("; "))
    );
    if let Some(remedy) = &finding.remedy {
        let plain = Style::new().italic();
        text.push_str(&format!("{:19}{plain}{}{plain:#}\n", "", printable(remedy)));
    }
    text
}
