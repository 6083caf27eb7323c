mod json;
mod profile;
mod run_record;
mod summary;
mod timings;
mod trace;

use std::path::Path;
use std::process::ExitCode;

use flavor::config::{Config, process_environment};
use flavor::diagnostics::{Diagnosis, Diagnostic};
use flavor::format::{RotationRecord, from_json};
use flavor::fs::IoContext;
use flavor::manifest::{Choices, Input, Manifest, is_name};
use flavor::pack::{
    Arguments, BuildError, CacheUse, Difference, Finding, ListedSlot, PackReport, ReadInput,
    Settings, check_reproducible, list_files, pack, read_input, run_post_build, run_pre_build,
};
use flavor::report::{Recorder, Talk, TerminalReporter, printable_path};
use flavor::sign::Rotation;

use profile::Profile;
use run_record::Course;
use summary::{explain, key_made, resolved, summary};

use crate::annotation::{self, Level, Place};
use crate::cli::{Globals, Pack};
use crate::error::Error;
use crate::output;

pub(super) fn run(options: &Pack, globals: &Globals) -> Result<ExitCode, Error> {
    let talk = match (globals.quiet, options.progress) {
        (true, _) => Talk::Quiet,
        (false, true) => Talk::Progress,
        (false, false) => Talk::Normal,
    };
    let reporter = TerminalReporter::new(talk);
    let recorder = Recorder::start(&reporter, Profile::is_wanted(options));
    let ReadInput {
        mut manifest,
        mut warnings,
        found_above,
    } = read(options)?;
    if manifest.input == Input::Requirement && options.input.as_deref().is_some_and(is_bare_name) {
        // Reported prominently: the user may have meant a file, and this installs third-party code.
        reporter.say(&format!(
            "no file `{}`: using the distribution of that name",
            manifest.path.display()
        ));
    }
    if let Some(path) = found_above {
        reporter.say(&format!("packing the project of {}", printable_path(&path)));
    }
    let mut settings = settings(options, &manifest)?;
    if run_pre_build(&manifest, &settings, &recorder).map_err(|source| failed(&manifest, source))? {
        // The manifest may be one of the generated files.
        ReadInput {
            manifest,
            warnings,
            ..
        } = read(options)?;
        settings = self::settings(options, &manifest)?;
    }
    let profile = Profile::new(options, &settings.output_path(&manifest))?;
    settings.reports = profile.files();
    for warning in &warnings {
        let (Diagnosis { code, hint }, text) = (warning.diagnosis(), warning.to_string());
        let site = warning.site();
        let place = Place {
            path: &site.path,
            line: site.line,
            column: Some(site.column),
        };
        if !globals.quiet {
            annotation::write(Level::Warning, &place, code, std::slice::from_ref(&text));
        }
        reporter.warn(Some(code), &text, hint.as_deref());
    }
    if options.list_files {
        let listing = list_files(&manifest, &settings, &reporter)
            .map_err(|source| failed(&manifest, source))?;
        warn(&listing.findings, &reporter);
        return list(&listing.slots, globals.json).map(|()| ExitCode::SUCCESS);
    }
    let outcome = pack(&manifest, &settings, &recorder);
    let recording = recorder.finish();
    let course = Course {
        manifest: &manifest,
        settings: &settings,
        recording: &recording,
        outcome: &outcome,
    };
    course.record();
    let profiled = profile.write(&course, &reporter);
    let report = outcome.map_err(|source| {
        if let Some(directory) = settings.key.made_in() {
            reporter.say(&key_made(directory));
        }
        failed(&manifest, source)
    })?;
    profiled?;
    warn(&report.findings, &reporter);
    if let Some(subject) = &report.subject {
        reporter.say(&resolved(subject));
    }
    if options.explain {
        for line in explain(&report) {
            reporter.say(&line);
        }
    }
    for line in summary(&report) {
        reporter.say(&line);
    }
    if !settings.slim.is_empty() && report.slimmed.is_none() {
        reporter.warn(None, "there are no dependencies to slim", None);
    }
    let differences = options
        .check_reproducible
        .then(|| check(&manifest, &settings, &report, &reporter))
        .transpose()?;
    let is_other = differences
        .as_ref()
        .is_some_and(|differences| !differences.is_empty());
    let over_budget = options.check_budget && report.over_budget().next().is_some();
    let exceeds = over_budget || report.beyond_target().next().is_some();
    // A package over budget must not reach later steps.
    if !is_other && !exceeds {
        run_post_build(
            &report.manifest,
            &settings,
            &report.path,
            &report.version,
            &reporter,
        )
        .map_err(|source| failed(&manifest, source))?;
        if !globals.json {
            output::path(&report.path)?;
        }
    }
    if exceeds && globals.quiet {
        // An exceeded budget is an error even with `--quiet`.
        let gates = report
            .over_budget()
            .filter(|_| over_budget)
            .chain(report.beyond_target());
        warn(gates, &TerminalReporter::new(Talk::Normal));
    }
    if globals.json {
        output::json(&json::report(
            &report,
            &recording,
            &warnings,
            differences.as_deref(),
        ))?;
    }
    Ok(if is_other || exceeds {
        ExitCode::from(5)
    } else {
        ExitCode::SUCCESS
    })
}

fn failed(manifest: &Manifest, source: BuildError) -> Error {
    Error::Pack {
        manifest: manifest.path.clone(),
        source,
    }
}

fn read(options: &Pack) -> Result<ReadInput, Error> {
    let choices = Choices {
        entry_point: options.entry_point.clone(),
        script: options.script.clone(),
        extras: options.extra.clone(),
        groups: options.group.clone(),
        package_name: None,
    };
    Ok(match &options.manifest {
        Some(path) => {
            let (manifest, warnings) = Manifest::read_with(path, &choices)?;
            ReadInput {
                manifest,
                warnings,
                found_above: None,
            }
        }
        None => read_input(options.input.as_deref(), &choices)?,
    })
}

/// Whether a requirement could also be a file name.
fn is_bare_name(input: &Path) -> bool {
    input.to_str().is_some_and(is_name)
}

fn warn<'a>(findings: impl IntoIterator<Item = &'a Finding>, reporter: &TerminalReporter) {
    for finding in findings {
        let Diagnosis { code, hint } = finding.diagnosis();
        reporter.warn(Some(code), &finding.to_string(), hint.as_deref());
    }
}

/// One line per file: the slot, a tab, and the path in it.
fn list(slots: &[ListedSlot], json: bool) -> Result<(), Error> {
    if json {
        return output::json(&serde_json::json!({
            "schema": json::SCHEMA,
            "slots": slots.iter().map(|slot| serde_json::json!({
                "name": slot.name,
                "target": slot.target,
                "files": slot.files.iter().map(|file| serde_json::json!({ "path": output::text(&file.path), "size": file.size })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        }));
    }
    let mut text = String::new();
    for slot in slots {
        for file in &slot.files {
            text.push_str(&format!("{}\t{}\n", slot.name, printable_path(&file.path)));
        }
    }
    output::data(&text)
}

/// The differences of a second pack.
fn check(
    manifest: &Manifest,
    settings: &Settings,
    report: &PackReport,
    reporter: &TerminalReporter,
) -> Result<Vec<Difference>, Error> {
    let differences = check_reproducible(manifest, settings, &report.path, reporter)
        .map_err(|source| failed(manifest, source))?;
    if differences.is_empty() {
        reporter
            .say("reproducible: a second pack, elsewhere and without caches, gave the same bytes");
    }
    for Difference { part, details } in &differences {
        let which = if details.is_empty() {
            String::new()
        } else {
            format!(": {}", details.join(", "))
        };
        reporter.say(&format!("not reproducible: {part}{which}"));
    }
    Ok(differences)
}

fn settings(options: &Pack, manifest: &Manifest) -> Result<Settings, Error> {
    let arguments = Arguments {
        jobs: options.jobs.map(usize::from),
        private_key: options.private_key.clone(),
        public_key: options.public_key.clone(),
        key_seed: options.key_seed.clone(),
        strip: options.strip,
        slim: options.slim.as_ref().map(|kinds| kinds.0.clone()),
        compress: options.compress,
        offline: options.offline,
        python: options.python.clone(),
        index_url: options.index_url.clone(),
    };
    let rotations = options.rotation.iter().map(|path| rotation(path));
    Ok(Settings {
        output: options.output.clone(),
        launcher_bin: options.launcher_bin.clone(),
        memory_limit: options.memory_limit,
        rotations: rotations.collect::<Result<_, _>>()?,
        find_links: options.find_links.clone(),
        hooks: !options.no_hooks,
        verify: !options.no_verify,
        cache: match (options.no_cache, options.refresh) {
            (true, _) => CacheUse::Off,
            (false, true) => CacheUse::Refresh,
            (false, false) => CacheUse::Full,
        },
        ..Settings::resolve(
            arguments,
            &process_environment,
            Some(manifest),
            &Config::read()?,
        )?
    })
}

fn rotation(path: &Path) -> Result<RotationRecord, Error> {
    let bytes = std::fs::read(path).on("read", path)?;
    let record: Option<RotationRecord> = from_json(&bytes).ok();
    let signed = |record: &RotationRecord| {
        Rotation::read(record).is_some_and(|rotation| rotation.is_signed())
    };
    record
        .filter(signed)
        .ok_or_else(|| Error::BadRotation { path: path.into() })
}
