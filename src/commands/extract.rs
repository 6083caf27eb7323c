use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use flavor::fs::{IoContext, Modes, room};
use flavor::interrupt::Leftover;
use flavor::package::{PackageError, Reader, Slot, Verified, verify};
use flavor::report::Bytes;
use flavor::slot::{Decoders, Destination, extract};
use serde_json::json;

use crate::cli::{Extract, ExtractAll, Limits};
use crate::error::Error;
use crate::output;

/// `flavor extract`. Only verified bytes are decoded.
pub(super) fn slot(options: &Extract, as_json: bool) -> Result<ExitCode, Error> {
    let path = &options.package;
    let (reader, verified) = open(path, options.limits)?;
    let slot = reader
        .slot(&options.slot)
        .map_err(|source| Error::Package {
            path: path.clone(),
            source,
        })?;
    require_room(
        parent(&options.output),
        &[slot],
        !options.stored,
        options.limits,
    )?;
    let _until_done = claim(&options.output)?;
    if options.stored {
        write_stored(path, &slot, &options.output)?;
    } else {
        decode(path, &slot, &verified, &options.output)?;
    }
    if as_json {
        output::json(&json!({ "path": output::text(&options.output) }))?;
    } else {
        output::path(&options.output)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `flavor extract-all`: `slot_<index>.<ending>` for each slot, and `metadata.json`.
pub(super) fn all(options: &ExtractAll, as_json: bool) -> Result<ExitCode, Error> {
    let path = &options.package;
    let (reader, verified) = open(path, options.limits)?;
    let directory = &options.directory;
    let slots: Vec<Slot<'_>> = reader.slots().collect();
    require_room(directory, &slots, options.as_tree, options.limits)?;
    let mut until_done = Vec::new();
    if !directory.exists() {
        until_done.push(claim(directory)?);
    }
    std::fs::create_dir_all(directory).on("create directory", directory)?;
    let mut written = Vec::new();
    for slot in slots {
        // Numbers, not names: a name comes from the package.
        let place = if options.as_tree {
            directory.join(format!("slot_{}", slot.index))
        } else {
            let ending = slot
                .operations()
                .map_or("bin", flavor::format::Operations::extension);
            directory.join(format!("slot_{}.{ending}", slot.index))
        };
        until_done.push(claim(&place)?);
        if options.as_tree {
            decode(path, &slot, &verified, &place)?;
        } else {
            write_stored(path, &slot, &place)?;
        }
        written.push(place);
    }
    let metadata = directory.join("metadata.json");
    until_done.push(claim(&metadata)?);
    let written_whole = std::fs::write(&metadata, reader.text()).on("write", &metadata);
    // A partial file could be mistaken for a complete one.
    written_whole.inspect_err(|_| drop(std::fs::remove_file(&metadata)))?;
    written.push(metadata);
    if as_json {
        output::json(
            &json!({ "written": written.iter().map(|place| output::text(place)).collect::<Vec<_>>() }),
        )?;
    } else {
        written.iter().try_for_each(|place| output::path(place))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn open(path: &Path, limits: Limits) -> Result<(Reader, Verified), Error> {
    let failed = |source: PackageError| Error::Package {
        path: path.into(),
        source,
    };
    let reader = Reader::open_within(path, limits.into()).map_err(failed)?;
    let verified = verify(&reader).map_err(failed)?;
    Ok((reader, verified))
}

/// Checks for enough free space in a directory, which need not exist yet, before anything is
/// written.
fn require_room(
    directory: &Path,
    slots: &[Slot<'_>],
    decoded: bool,
    limits: Limits,
) -> Result<(), Error> {
    let size = |slot: &Slot<'_>| match slot.facts {
        _ if !decoded => slot.row.stored_size,
        Some(facts) => facts.plain_size,
        None => slot.row.plain_size,
    };
    let needed = slots
        .iter()
        .fold(0_u64, |sum, slot| sum.saturating_add(size(slot)));
    let above = || {
        directory
            .ancestors()
            .filter(|above| above.exists())
            .find(|above| *above != Path::new(""))
    };
    let directory = above().unwrap_or(Path::new("."));
    let available = room(directory)?;
    // With compression in the file system there may be enough nevertheless.
    if needed <= available || matches!(limits, Limits::None) {
        return Ok(());
    }
    Err(Error::NoRoom {
        path: directory.into(),
        needed: Bytes(needed),
        available: Bytes(available),
    })
}

fn parent(place: &Path) -> &Path {
    place
        .parent()
        .filter(|parent| *parent != Path::new(""))
        .unwrap_or(Path::new("."))
}

/// Fails if the path exists. What is created there is removed if a signal ends the process before
/// it is complete.
fn claim(place: &Path) -> Result<Leftover, Error> {
    let is_free = || match place.symlink_metadata() {
        Ok(_) => Err(Error::Exists { path: place.into() }),
        Err(_) => Ok(()),
    };
    Leftover::make(place, is_free).map(|(leftover, ())| leftover)
}

fn write_stored(package: &Path, slot: &Slot<'_>, place: &Path) -> Result<(), Error> {
    let stored = slot.stored().map_err(|error| Error::Package {
        path: package.into(),
        source: error.into(),
    })?;
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(place)
        .on("create", place)?;
    let mut failed = None;
    let take = |bytes: &[u8]| {
        out.write_all(bytes).on("write", place).map_err(|error| {
            failed = Some(error);
            io::ErrorKind::Other.into()
        })
    };
    let copied = stored.copy(take);
    // A partial file could be mistaken for a complete one.
    copied.map_err(|source| {
        drop(std::fs::remove_file(place));
        failed.map_or_else(
            || Error::Extract {
                path: package.into(),
                slot: slot.name().into(),
                declared: slot.facts.is_some(),
                source,
            },
            Error::from,
        )
    })
}

fn decode(package: &Path, slot: &Slot<'_>, verified: &Verified, place: &Path) -> Result<(), Error> {
    if verified
        .unauthenticated
        .iter()
        .any(|name| name == slot.name())
    {
        return Err(Error::NotAuthenticated {
            path: package.into(),
            slot: slot.name().into(),
        });
    }
    let stored = slot.stored().map_err(|error| Error::Package {
        path: package.into(),
        source: error.into(),
    })?;
    let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let name = place.file_name().unwrap_or_default();
    let destination = if stored.operations.tar {
        std::fs::create_dir(place).on("create directory", place)?;
        Destination::Tree(place, Modes::Keep)
    } else {
        Destination::File {
            directory: parent(place),
            name,
            mode: slot.record.mode(),
        }
    };
    extract(&stored, destination, &Decoders::new(jobs)).map_err(|source| {
        // A partial tree could be mistaken for a complete one.
        drop(flavor::fs::remove_tree(place));
        Error::Extract {
            path: package.into(),
            slot: slot.name().into(),
            declared: slot.facts.is_some(),
            source,
        }
    })?;
    Ok(())
}
