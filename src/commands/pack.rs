use std::path::Path;
use std::process::ExitCode;

use flavor::build::{
    BuildError, CacheUse, Difference, KeySource, ListedSlot, PackReport, Settings, Step, check_reproducible,
    list_files, pack, read_input, run_post_build, run_pre_build,
};
use flavor::config::Config;
use flavor::format::{RotationRecord, from_json};
use flavor::fs::IoContext;
use flavor::manifest::{Choices, Manifest, Warning};
use flavor::report::{Bytes, Talk, TerminalReporter, printable};
use flavor::sign::Rotation;
use flavor::stub::Origin;
use serde_json::{Value, json};

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
    let (mut manifest, mut warnings) = read(options)?;
    let mut settings = settings(options, &manifest)?;
    if run_pre_build(&manifest, &settings, &reporter).map_err(|source| failed(&manifest, source))? {
        // It may have been one of the files that were made.
        (manifest, warnings) = read(options)?;
        settings = self::settings(options, &manifest)?;
    }
    for warning in &warnings {
        let (code, text) = (warning.code(), warning.to_string());
        let site = warning.site();
        let place = Place { path: &site.path, line: site.line, column: Some(site.column) };
        if !globals.quiet {
            annotation::write(Level::Warning, &place, code, std::slice::from_ref(&text));
        }
        reporter.warn(Some(code), &text, warning.hint().as_deref());
    }
    if options.list_files {
        let slots = list_files(&manifest, &settings, &reporter).map_err(|source| failed(&manifest, source))?;
        return list(&slots, globals.json).map(|()| ExitCode::SUCCESS);
    }
    let report = pack(&manifest, &settings, &reporter).map_err(|source| failed(&manifest, source))?;
    if options.explain {
        for line in explain(&report) {
            reporter.say(&line);
        }
    }
    for line in summary(&report) {
        reporter.say(&line);
    }
    if !settings.slim.is_empty() && report.slimmed.is_none() {
        reporter.warn(None, "there are no dependencies that something could be left out of", None);
    }
    if !globals.json {
        output::path(&report.path)?;
    }
    let differences =
        options.check_reproducible.then(|| check(&manifest, &settings, &report, &reporter)).transpose()?;
    let is_other = differences.as_ref().is_some_and(|found| !found.is_empty());
    let exceeds = options.check_budget && !report.over_budget.is_empty();
    // A package that does not pass is not for what comes after.
    if !is_other && !exceeds {
        run_post_build(&manifest, &settings, &report.path, &report.version, &reporter)
            .map_err(|source| failed(&manifest, source))?;
    }
    if globals.json {
        output::json(&to_json(&report, &warnings, differences.as_deref()))?;
    }
    Ok(if is_other || exceeds { ExitCode::from(5) } else { ExitCode::SUCCESS })
}

fn failed(manifest: &Manifest, source: BuildError) -> Error {
    Error::Pack { manifest: manifest.path.clone(), source }
}

fn read(options: &Pack) -> Result<(Manifest, Vec<Warning>), Error> {
    let choices = Choices {
        entry_point: options.entry_point.clone(),
        extras: options.extra.clone(),
        groups: options.group.clone(),
        package_name: None,
    };
    Ok(match &options.manifest {
        Some(path) => Manifest::read_with(path, &choices)?,
        None => read_input(options.input.as_deref(), &choices)?,
    })
}

/// A line for each file: the slot, a tab, and the path in it.
fn list(slots: &[ListedSlot], json: bool) -> Result<(), Error> {
    if json {
        return output::json(&json!({
            "schema": JSON_SCHEMA,
            "slots": slots.iter().map(|slot| json!({
                "name": slot.name,
                "target": slot.target,
                "files": slot.files.iter().map(|file| json!({ "path": file.path, "size": file.size })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        }));
    }
    let mut text = String::new();
    for slot in slots {
        for file in &slot.files {
            // A line end in a name would pass for another file.
            let path = file.path.to_string_lossy().replace('\n', "\u{fffd}");
            text.push_str(&format!("{}\t{}\n", slot.name, printable(&path)));
        }
    }
    output::data(&text)
}

/// Revision of the JSON; a change that breaks readers raises it.
const JSON_SCHEMA: u32 = 1;

fn to_json(report: &PackReport, warnings: &[Warning], differences: Option<&[Difference]>) -> Value {
    json!({
        "schema": JSON_SCHEMA,
        "path": report.path,
        "name": report.name,
        "version": report.version,
        "size": report.size,
        "blake3": report.digest.hex(),
        "fresh": report.fresh,
        "verified": report.verified,
        "signer": report.signer.as_str(),
        "glibc_floor": report.glibc_floor,
        "took_ms": u64::try_from(report.took.0.as_millis()).unwrap_or(u64::MAX),
        "launcher": {
            "size": report.launcher_size,
            "file": match &report.launcher {
                Origin::Embedded => None,
                Origin::File(path) => Some(path),
            },
        },
        "slots": report.slots.iter().map(|slot| json!({
            "name": slot.name,
            "operations": slot.operations,
            "size": slot.stored_size,
            "uncompressed_size": slot.plain_size,
            "files": slot.files,
        })).collect::<Vec<_>>(),
        "steps": report.steps.iter().map(|step| json!({
            "name": step.name,
            "layer": step.layer,
            "reused": step.because.is_none(),
            "because": step.because,
            "bytes": step.bytes,
        })).collect::<Vec<_>>(),
        "over_budget": report.over_budget,
        "warnings": warnings.iter().map(|warning| json!({
            "code": warning.code().to_string(),
            "message": warning.to_string(),
            "hint": warning.hint(),
            "file": warning.site().path,
            "line": warning.site().line,
            "column": warning.site().column,
        })).collect::<Vec<_>>(),
        "differences": differences.map(|found| {
            found.iter().map(|one| json!({ "part": one.part, "details": one.details })).collect::<Vec<_>>()
        }),
    })
}

/// Where a second pack gives other bytes.
fn check(
    manifest: &Manifest,
    settings: &Settings,
    report: &PackReport,
    reporter: &TerminalReporter,
) -> Result<Vec<Difference>, Error> {
    let differences =
        check_reproducible(manifest, settings, &report.path, reporter).map_err(|source| failed(manifest, source))?;
    if differences.is_empty() {
        reporter.say("reproducible: a second pack, elsewhere and without caches, gave the same bytes");
    }
    for Difference { part, details } in &differences {
        let which = if details.is_empty() { String::new() } else { format!(": {}", details.join(", ")) };
        reporter.say(&format!("not reproducible: {part}{which}"));
    }
    Ok(differences)
}

fn settings(options: &Pack, manifest: &Manifest) -> Result<Settings, Error> {
    let key = match (&options.key_seed, &options.private_key) {
        (Some(seed), _) => KeySource::Seed(seed.clone().into()),
        (None, Some(private)) => KeySource::File { private: private.clone(), public: options.public_key.clone() },
        (None, None) => match std::env::var_os("FLAVOR_PRIVATE_KEY").filter(|path| !path.is_empty()) {
            Some(private) => KeySource::File { private: private.into(), public: None },
            None => KeySource::Own,
        },
    };
    let epoch = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => {
            text.parse().map_err(|_| Error::BadVariable { variable: "SOURCE_DATE_EPOCH", value: text.clone() })?
        }
        Err(_) => 0,
    };
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(Settings {
        output: options.output.clone(),
        launcher_bin: options.launcher_bin.clone(),
        strip: options.strip || manifest.build.strip.unwrap_or(false),
        slim: options.slim.as_ref().map_or_else(|| manifest.build.slim.clone(), |kinds| kinds.0.clone()),
        effort: options.compress.or(manifest.build.compress).unwrap_or(flavor::slot::Compression::DEFAULT_EFFORT),
        jobs: options.jobs.map_or(processors, usize::from),
        memory_limit: options.memory_limit,
        rotations: options.rotation.iter().map(|path| rotation(path)).collect::<Result<_, _>>()?,
        python: options.python.clone(),
        key,
        find_links: options.find_links.clone(),
        index_url: options.index_url.clone(),
        hooks: !options.no_hooks,
        offline: options.offline || manifest.build.offline.unwrap_or(false),
        verify: !options.no_verify,
        cache: match (options.no_cache, options.refresh) {
            (true, _) => CacheUse::Off,
            (false, true) => CacheUse::Refresh,
            (false, false) => CacheUse::Full,
        },
        cache_max_size: Config::read()?.cache_limits()?.max_size.unwrap_or(u64::MAX),
        epoch,
    })
}

/// Of every step whether it was reused, else why not.
fn explain(report: &PackReport) -> Vec<String> {
    let mut lines = Vec::new();
    let mut steps: Vec<&Step> = report.steps.iter().collect();
    // Steps run side by side; what is read has an order of its own.
    steps.sort_by_key(|step| step.layer);
    for step in steps {
        match &step.because {
            None => lines.push(format!("explain: {} reused, {}", step.name, Bytes(step.bytes))),
            Some(because) => {
                lines.push(format!("explain: {} made, {}", step.name, Bytes(step.bytes)));
                lines.extend(because.iter().map(|line| format!("explain:     {line}")));
            }
        }
    }
    let package = if report.fresh { "nothing to write" } else { "written" };
    lines.push(format!("explain: package {package}, {}", Bytes(report.size)));
    lines
}

/// What a user wants to know at the end, a line each.
fn summary(report: &PackReport) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(directory) = &report.key_made_in {
        lines.push(format!(
            "made your signing key in {}: keep it, it is the identity of your packages",
            directory.display()
        ));
    }
    for slot in &report.slots {
        let (plain, stored) = (Bytes(slot.plain_size), Bytes(slot.stored_size));
        let files = if slot.files == 1 { "file" } else { "files" };
        lines.push(format!("{:>12}  {plain} → {stored}, {} {files}, {}", slot.name, slot.files, slot.operations));
    }
    if let Some((before, after)) = report.launcher_stripped {
        lines.push(format!("    stripped  launcher {} → {}", Bytes(before), Bytes(after)));
        let files = report.stripped;
        lines.push(format!(
            "    stripped  {} native files {} → {}",
            files.files,
            Bytes(files.before),
            Bytes(files.after)
        ));
    }
    if let Some(slimmed) = &report.slimmed {
        for one in &slimmed.kinds {
            let files = if one.files == 1 { "file" } else { "files" };
            lines.push(format!(
                "    left out  {}: {} {files}, {}, which saves {}",
                one.kind,
                one.files,
                Bytes(one.size),
                Bytes(one.stored)
            ));
        }
        if slimmed.kinds.is_empty() {
            lines.push("    left out  nothing: the dependencies have no such files".into());
        }
        lines.push(format!("    imported  {} modules, as with everything in place", slimmed.imported));
    }
    if let Origin::File(path) = &report.launcher {
        lines.push(format!("    launcher  {}", path.display()));
    }
    lines.extend(report.over_budget.iter().map(|line| format!("warning: {line}")));
    let floor = report
        .glibc_floor
        .as_deref()
        .map_or("runs on any Linux".into(), |floor| format!("needs glibc {floor} or later"));
    lines.push(format!(
        "packed {} {}: {}, {floor}, signed by {}, in {}",
        report.name,
        report.version,
        Bytes(report.size),
        report.signer.short(),
        report.took
    ));
    lines.push(format!("{}, digest {}", reuse(&report.steps), report.digest.hex()));
    lines.push(format!("next: {} --help", report.path.display()));
    lines
}

/// How much of a pack came from the build cache.
fn reuse(steps: &[Step]) -> String {
    let reused: Vec<&Step> = steps.iter().filter(|step| step.because.is_none()).collect();
    let bytes: u64 = reused.iter().map(|step| step.bytes).sum();
    let percent = (reused.len() * 100).checked_div(steps.len()).unwrap_or(0);
    format!("build cache: {} of {} steps reused ({percent} %), {}", reused.len(), steps.len(), Bytes(bytes))
}

fn rotation(path: &Path) -> Result<RotationRecord, Error> {
    let bytes = std::fs::read(path).on("read", path)?;
    let record: Option<RotationRecord> = from_json(&bytes).ok();
    let signed = |record: &RotationRecord| Rotation::read(record).is_some_and(|rotation| rotation.is_signed());
    record.filter(signed).ok_or_else(|| Error::BadRotation { path: path.into() })
}
