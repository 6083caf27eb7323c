use std::path::{Path, PathBuf};

use super::cache::LastOutput;
use super::contents::Contents;
use super::context::{Pack, Resources};
use super::encoded::Encoded;
use super::languages;
use super::output::{self, Output};
use super::report::{self, PackReport};
use super::seal::Sealed;
use super::{BuildError, Settings};
use crate::manifest::Manifest;
use crate::report::{Reporter, Stopwatch};
use crate::sign::{PublicKey, Rotation, stray_rotation};

/// Makes a package. The output is published by one rename, or not at all.
///
/// # Errors
/// See [`BuildError`]; an existing output file is kept then.
pub fn pack(
    manifest: &Manifest,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<PackReport, BuildError> {
    run(manifest, settings, reporter, |signer| {
        refuse_stray_rotations(settings, signer)
    })
}

/// The same with the rotations of another key, to compare the result with a package of that key.
///
/// # Errors
/// As [`pack`].
pub(super) fn pack_again(
    manifest: &Manifest,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<PackReport, BuildError> {
    run(manifest, settings, reporter, |_| Ok(()))
}

/// The cheap checks, before the expensive work and before a key is generated.
fn check(manifest: &Manifest, settings: &Settings) -> Result<(), BuildError> {
    if manifest.policy.max_age_days.is_some() && *settings.epoch == 0 {
        return Err(BuildError::NoBuildTime);
    }
    if settings.output.is_some() || !manifest.package_name.is_empty() {
        destination(manifest, settings)?;
    }
    Ok(())
}

/// All stages. `check_signer` judges the key before the expensive work.
fn run(
    manifest: &Manifest,
    settings: &Settings,
    reporter: &dyn Reporter,
    check_signer: impl FnOnce(&PublicKey) -> Result<(), BuildError>,
) -> Result<PackReport, BuildError> {
    let total = Stopwatch::start();
    check(manifest, settings)?;
    let signing = settings.key.load()?;
    check_signer(&signing.key.public())?;
    let resources = Resources::open(manifest, settings)?;
    let pack = resources.pack(manifest, settings, reporter);
    let contents = Contents::build(pack, languages::plan(pack)?)?;
    // The name may be known only now.
    let output = destination(&contents.manifest, settings)?;
    let encoded = Encoded::new(pack, contents)?;
    let sealed = Sealed::new(pack, &encoded, &signing.key)?;
    let (last, fresh) = publish(pack, &encoded, &sealed, &output)?;
    let digest = last.digest;
    let clock = Stopwatch::start();
    let Resources {
        stub,
        launcher_stripped,
        cache,
    } = resources;
    let steps = cache.finish(Some(last), *settings.cache_max_size);
    reporter.phase("clean up", "working files removed", clock.took());
    let slots = report::slots(&encoded);
    let Encoded {
        contents,
        stored,
        needs,
        slimmed,
    } = encoded;
    let launcher_size = stub.bytes.len() as u64;
    let size = sealed.signed.size();
    let over = report::over_budget(&contents.manifest, &output, size, launcher_size, &slots);
    let mut findings = contents.findings;
    findings.extend(over);
    Ok(PackReport {
        findings,
        subject: contents.application.subject,
        path: output,
        name: contents.manifest.package_name.clone(),
        manifest: contents.manifest,
        version: sealed.version,
        size,
        digest,
        fresh,
        steps,
        launcher_size,
        launcher: stub.origin,
        slots,
        signer: signing.key.public().fingerprint(),
        key_made_in: signing.made_in.clone(),
        carried: report::carried(&contents.plans, &stored),
        stripped: report::stripped(&stored),
        needs,
        launcher_stripped,
        slimmed,
        verified: settings.verify,
        took: total.took(),
    })
}

/// Fails if a rotation statement is not about the signing key.
fn refuse_stray_rotations(settings: &Settings, signer: &PublicKey) -> Result<(), BuildError> {
    let records = settings.rotations.iter();
    let rotations: Vec<Rotation> = records.filter_map(Rotation::read).collect();
    let Some(stray) = stray_rotation(&rotations, signer) else {
        return Ok(());
    };
    let text = |key: &PublicKey| key.fingerprint().short().to_owned();
    Err(BuildError::StrayRotation {
        found: text(&stray.new),
        signer: text(signer),
    })
}

/// Writes the file, unless it is there already.
fn publish(
    pack: Pack,
    encoded: &Encoded,
    sealed: &Sealed,
    output: &Path,
) -> Result<(LastOutput, bool), BuildError> {
    let slots = encoded.stored.iter().map(|stored| &stored.slot);
    let files: Vec<_> = slots
        .chain([&sealed.attestation])
        .map(|slot| &slot.file)
        .collect();
    Output {
        path: output,
        signed: &sealed.signed,
        launcher: &pack.stub.bytes,
        slots: &files,
    }
    .publish(pack)
}

/// The output path, if it is writable.
fn destination(manifest: &Manifest, settings: &Settings) -> Result<PathBuf, BuildError> {
    let output = settings.output_path(manifest);
    if output.canonicalize().is_ok_and(|output| {
        manifest
            .path
            .canonicalize()
            .is_ok_and(|manifest| manifest == output)
    }) {
        return Err(BuildError::OutputInTheWay { path: output });
    }
    output::prepare_directory(&output)?;
    Ok(output)
}
