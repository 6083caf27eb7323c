use std::path::Path;
use std::process::ExitCode;

use flavor::build::{CacheUse, Difference, KeySource, PackReport, Settings, Step, check_reproducible, pack};
use flavor::config::Config;
use flavor::format::{RotationRecord, from_json};
use flavor::fs::IoContext;
use flavor::manifest::Manifest;
use flavor::report::{Bytes, Talk, TerminalReporter};
use flavor::sign::Rotation;
use flavor::stub::Origin;

use crate::cli::Pack;
use crate::error::Error;
use crate::output;

pub(super) fn run(options: &Pack) -> Result<ExitCode, Error> {
    let talk = match (options.quiet, options.progress) {
        (true, _) => Talk::Quiet,
        (false, true) => Talk::Progress,
        (false, false) => Talk::Normal,
    };
    let reporter = TerminalReporter::new(talk);
    let (manifest, warnings) = Manifest::read(&options.manifest)?;
    for warning in warnings {
        reporter.say(&format!("warning: {warning}"));
        if let Some(hint) = warning.hint() {
            reporter.say(&format!("hint: {hint}"));
        }
    }
    let settings = settings(options, &manifest)?;
    let report = pack(&manifest, &settings, &reporter)
        .map_err(|source| Error::Pack { manifest: manifest.path.clone(), source })?;
    if options.explain {
        for line in explain(&report) {
            reporter.say(&line);
        }
    }
    for line in summary(&report) {
        reporter.say(&line);
    }
    if !settings.slim.is_empty() && report.slimmed.is_none() {
        reporter.say("warning: there are no dependencies that something could be left out of");
    }
    output::data(&format!("{}\n", report.path.display()))?;
    if options.check_reproducible {
        let reproducible = check(&manifest, &settings, &report, &reporter)?;
        if reproducible != ExitCode::SUCCESS {
            return Ok(reproducible);
        }
    }
    let exceeded = options.check_budget && !report.over_budget.is_empty();
    Ok(if exceeded { ExitCode::from(5) } else { ExitCode::SUCCESS })
}

/// Exits with 5 when a second pack gives other bytes.
fn check(
    manifest: &Manifest,
    settings: &Settings,
    report: &PackReport,
    reporter: &TerminalReporter,
) -> Result<ExitCode, Error> {
    let differences = check_reproducible(manifest, settings, &report.path, reporter)
        .map_err(|source| Error::Pack { manifest: manifest.path.clone(), source })?;
    if differences.is_empty() {
        reporter.say("reproducible: a second pack, elsewhere and without caches, gave the same bytes");
        return Ok(ExitCode::SUCCESS);
    }
    for Difference { part, details } in &differences {
        let which = if details.is_empty() { String::new() } else { format!(": {}", details.join(", ")) };
        reporter.say(&format!("not reproducible: {part}{which}"));
    }
    Ok(ExitCode::from(5))
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
        Ok(text) => text.parse().map_err(|_| Error::Usage(format!("SOURCE_DATE_EPOCH is not a number: {text}")))?,
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
