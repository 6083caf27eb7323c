//! Generated from the definition of the command line: completions, manual pages, the reference.

use std::process::ExitCode;

use clap::builder::Styles;
use clap::{Arg, Command, CommandFactory as _};
use flavor::fs::{IoContext, Scratch, walk};
use serde_json::json;

use crate::cli::{Cli, Completions, Man};
use crate::error::Error;
use crate::output;

/// `flavor completions`.
pub(super) fn completions(options: &Completions, as_json: bool) -> Result<ExitCode, Error> {
    let mut script = Vec::new();
    clap_complete::generate(
        options.shell,
        &mut without_hidden(&Cli::command()),
        "flavor",
        &mut script,
    );
    let script = String::from_utf8_lossy(&script);
    if as_json {
        output::json(&json!({ "shell": options.shell.to_string(), "script": script }))?;
    } else {
        output::data(&script)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Shells would complete hidden commands too. clap cannot remove one, so the command is rebuilt.
fn without_hidden(whole: &Command) -> Command {
    let bare = Command::new("flavor").args(whole.get_arguments().cloned());
    bare.subcommands(
        whole
            .get_subcommands()
            .filter(|subcommand| !subcommand.is_hide_set())
            .cloned(),
    )
    .version(env!("CARGO_PKG_VERSION"))
}

/// `flavor man`: a page for each command.
pub(super) fn man(options: &Man, as_json: bool) -> Result<ExitCode, Error> {
    let directory = &options.directory;
    std::fs::create_dir_all(directory).on("create directory", directory)?;
    // A page appears complete or not at all.
    let unfinished = Scratch::make_in(directory).on("make a directory in", directory)?;
    clap_mangen::generate_to(Cli::command().styles(Styles::plain()), unfinished.path())
        .on("write to directory", directory)?;
    for page in walk(unfinished.path())? {
        let to = directory.join(&page.relative);
        std::fs::rename(&page.path, &to).on("write", &to)?;
    }
    if as_json {
        output::json(&json!({ "path": output::text(directory) }))
    } else {
        output::path(directory)
    }?;
    Ok(ExitCode::SUCCESS)
}

/// The visible commands; `help` of each level is omitted.
fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|subcommand| !subcommand.is_hide_set() && subcommand.get_name() != "help")
}

/// `flavor reference`: the part of `docs/cli.md` that lists commands and options.
pub(super) fn reference(as_json: bool) -> Result<ExitCode, Error> {
    let mut command = Cli::command();
    command.build();
    let mut text = String::from("### Global options\n\n");
    text.push_str(&table(
        command
            .get_arguments()
            .filter(|argument| argument.is_global_set()),
    ));
    for subcommand in shown(&command) {
        describe(subcommand, "flavor", &mut text);
    }
    if as_json {
        output::json(&json!({ "markdown": text }))
    } else {
        output::data(&text)
    }?;
    Ok(ExitCode::SUCCESS)
}

fn describe(command: &Command, above: &str, text: &mut String) {
    let name = format!("{above} {}", command.get_name());
    text.push_str(&format!(
        "\n### {name}\n\n{}\n",
        sentence(command.get_about())
    ));
    let own: Vec<&Arg> = command
        .get_arguments()
        .filter(|argument| {
            !argument.is_global_set()
                && !argument.is_hide_set()
                && argument.get_id() != "help"
                && argument.get_id() != "version"
        })
        .collect();
    if !own.is_empty() {
        text.push_str(&format!("\n{}", table(own.into_iter())));
    }
    shown(command).for_each(|subcommand| describe(subcommand, &name, text));
}

fn table<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let mut text = String::from("| | |\n|---|---|\n");
    for argument in
        arguments.filter(|argument| argument.get_id() != "help" && argument.get_id() != "version")
    {
        let cell = |text: &str| text.replace('|', "\\|");
        // Outside code, a word in angle brackets would be taken for HTML.
        let prose = |text: &str| cell(text).replace('<', "\\<");
        let mut about = sentence(argument.get_help());
        let defaults: Vec<_> = argument
            .get_default_values()
            .iter()
            .map(|value| value.to_string_lossy())
            .collect();
        if argument.get_action().takes_values() && !defaults.is_empty() {
            about.push_str(&format!(" [default: {}]", defaults.join(" ")));
        }
        text.push_str(&format!(
            "| `{}` | {} |\n",
            cell(&usage(argument)),
            prose(&about)
        ));
    }
    text
}

fn usage(argument: &Arg) -> String {
    let names: Vec<String> = [
        argument.get_short().map(|short| format!("-{short}")),
        argument.get_long().map(|long| format!("--{long}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let values: Vec<&str> = argument
        .get_value_names()
        .unwrap_or_default()
        .iter()
        .map(clap::builder::Str::as_str)
        .collect();
    let takes = argument.get_action().takes_values();
    if argument.is_require_equals_set() {
        return format!("{}[={}]", names.join(", "), values.join(" "));
    }
    match (names.is_empty(), takes) {
        (true, _) if argument.is_required_set() => values.join(" "),
        (true, _) => format!("[{}]", values.join(" ")),
        (false, true) => format!("{} {}", names.join(", "), values.join(" ")),
        (false, false) => names.join(", "),
    }
}

fn sentence(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}
