use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use flavor::report::Bytes;
use flavor::workenv::{COPIES_KEPT, Cache, EnvId, Removal, Selection, Summary, bytes};
use serde_json::json;

use crate::cli::{Clean, Consent};
use crate::error::Error;
use crate::output;

pub(super) fn clean(options: &Clean, as_json: bool) -> Result<ExitCode, Error> {
    let Some(cache) = Cache::find()? else {
        return finish(&Removal::default(), &options.consent, as_json);
    };
    let max_size = options.max_size.as_deref().map(|text| {
        flavor::report::Bytes::parse(text)
            .map(|size| size.0)
            .ok_or_else(|| Error::NotASize(text.into()))
    });
    let selection = Selection {
        older_than: options
            .older_than
            .map(|days| Duration::from_hours(24 * u64::from(days))),
        max_size: max_size.transpose()?,
        keep_latest: options.keep_latest,
        spare: Duration::ZERO,
    };
    // Without any criterion everything is removed.
    let is_all = selection.max_size.is_none() && selection.keep_latest.is_none();
    let copies = selection
        .older_than
        .unwrap_or(if is_all { Duration::ZERO } else { COPIES_KEPT });
    let all = super::all(&cache)?;
    clear(
        &cache,
        &all,
        &selection.choose(&all, SystemTime::now()),
        copies,
        &options.consent,
        as_json,
    )
}

pub(super) fn remove(
    cache: &Cache,
    all: &[Summary],
    chosen: &[&Summary],
    consent: &Consent,
    as_json: bool,
) -> Result<ExitCode, Error> {
    clear(cache, all, chosen, COPIES_KEPT, consent, as_json)
}

/// `copies` is the idle time after which copies of other tools' packages are removed.
fn clear(
    cache: &Cache,
    all: &[Summary],
    chosen: &[&Summary],
    copies: Duration,
    consent: &Consent,
    as_json: bool,
) -> Result<ExitCode, Error> {
    let ids: Vec<EnvId> = chosen
        .iter()
        .map(|environment| environment.id.clone())
        .collect();
    if consent.dry_run {
        let (in_use, removed): (Vec<&Summary>, Vec<&Summary>) =
            chosen.iter().partition(|environment| environment.in_use);
        let names = |list: &[&Summary]| {
            list.iter()
                .map(|environment| environment.id.clone())
                .collect::<Vec<_>>()
        };
        let (removed, in_use) = (names(&removed), names(&in_use));
        let stays = all
            .iter()
            .filter(|environment| !removed.contains(&environment.id));
        let keys = |list: &mut dyn Iterator<Item = &Summary>| {
            list.flat_map(|environment| &environment.slots)
                .map(|slot| slot.key.clone())
                .collect::<std::collections::BTreeSet<_>>()
        };
        let copied: u64 = cache
            .idle_copies(copies)?
            .iter()
            .map(|(_, bytes)| bytes)
            .sum();
        let removal = Removal {
            slots: keys(&mut all.iter()).len() - keys(&mut stays.clone()).len(),
            bytes: bytes(all.iter()) - bytes(stays) + copied,
            removed,
            in_use,
        };
        return finish(&removal, consent, as_json);
    }
    if !consent.yes && !agreed(&ids)? {
        return Ok(ExitCode::from(2));
    }
    finish(&cache.remove(&ids, copies)?, consent, as_json)
}

/// Asks on a terminal; otherwise the answer is no.
fn agreed(ids: &[EnvId]) -> Result<bool, Error> {
    if !std::io::stdin().is_terminal() {
        return Err(Error::NobodyToAsk);
    }
    let mut stderr = std::io::stderr();
    drop(write!(
        stderr,
        "remove {} extracted packages? [y/N] ",
        ids.len()
    ));
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(Error::Stdout)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn finish(removal: &Removal, consent: &Consent, as_json: bool) -> Result<ExitCode, Error> {
    let names = |ids: &[EnvId]| ids.iter().map(EnvId::to_string).collect::<Vec<_>>();
    if as_json {
        output::json(&json!({
            "dry_run": consent.dry_run,
            "removed": names(&removal.removed),
            "in_use": names(&removal.in_use),
            "slots": removal.slots,
            "bytes": removal.bytes,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (verb, freed) = if consent.dry_run {
        ("would remove", "would free")
    } else {
        ("removed", "freed")
    };
    let mut text = String::new();
    for name in names(&removal.removed) {
        text.push_str(&format!("{verb} {name}\n"));
    }
    for name in names(&removal.in_use) {
        text.push_str(&format!("kept {name}: a program runs in it\n"));
    }
    text.push_str(&format!("{freed} {}\n", Bytes(removal.bytes)));
    output::data(&text)?;
    Ok(ExitCode::SUCCESS)
}
