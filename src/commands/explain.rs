use std::process::ExitCode;

use flavor::diagnostics::{self, AREAS, Entry};
use flavor::manifest::suggest;
use serde_json::{Value, json};

use crate::cli::Explain;
use crate::error::Error;
use crate::output;

/// `flavor explain`: from the table of codes.
pub(super) fn run(options: &Explain, as_json: bool) -> Result<ExitCode, Error> {
    if options.markdown {
        output::data(&markdown())?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(text) = &options.code else {
        if as_json {
            output::json(
                &json!({ "codes": diagnostics::entries().map(|entry| to_json(&entry)).collect::<Vec<_>>() }),
            )?;
        } else {
            output::data(&list())?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    let entry = diagnostics::find(text).ok_or_else(|| unknown(text))?;
    if as_json {
        output::json(&to_json(&entry))
    } else {
        output::data(&page(&entry))
    }?;
    Ok(ExitCode::SUCCESS)
}

fn unknown(text: &str) -> Error {
    let codes: Vec<String> = diagnostics::entries()
        .map(|entry| entry.code.to_string())
        .collect();
    let suggestion = suggest::closest(diagnostics::within(text), codes.iter().map(String::as_str))
        .map(Into::into);
    Error::UnknownCode {
        text: text.into(),
        suggestion,
    }
}

fn to_json(entry: &Entry) -> Value {
    json!({
        "code": entry.code.to_string(),
        "title": entry.title,
        "cause": entry.cause,
        "remedy": entry.remedy,
        "example": entry.example,
    })
}

fn page(entry: &Entry) -> String {
    let example: String = entry
        .example
        .lines()
        .map(|line| format!("    {line}").trim_end().to_owned() + "\n")
        .collect();
    format!(
        "{}: {}\n\n{}\n\nwhat to do\n    {}\n\nexample\n{example}",
        entry.code, entry.title, entry.cause, entry.remedy
    )
}

fn list() -> String {
    let mut text = String::new();
    for area in AREAS {
        text.push_str(&format!("{}\n", area.title));
        text.extend(
            area.entries()
                .map(|entry| format!("  {}  {}\n", entry.code, entry.title)),
        );
    }
    text
}

/// `docs/errors.md`.
fn markdown() -> String {
    let mut text = String::from(
        "# Errors\n\nEvery error and warning has a code that keeps its meaning. `flavor explain FLV0207` prints what is here; \
         with `--json` an error is\n`{\"error\": {\"code\", \"message\", \"causes\", \"hint\", \"exit_code\"}}` on stdout. Made by \
         `flavor explain --markdown`.\n",
    );
    for area in AREAS {
        text.push_str(&format!("\n## {}\n", area.title));
        for entry in area.entries() {
            text.push_str(&format!(
                "\n### {}: {}\n\n{}\n\n{}\n\n```text\n{}\n```\n",
                entry.code, entry.title, entry.cause, entry.remedy, entry.example
            ));
        }
    }
    text
}
