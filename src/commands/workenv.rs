use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use flavor::report::Bytes;
use flavor::workenv::{Cache, EnvId, Removal, Summary};
use serde_json::{Value, json};

use crate::cli::{Clean, Consent, Workenv};
use crate::error::Error;
use crate::output;

pub(super) fn run(command: &Workenv) -> Result<ExitCode, Error> {
    match command {
        Workenv::List(options) => list(options.json),
        Workenv::Info(options) => info(options.json),
        Workenv::Inspect(options) => inspect(&cache()?.environment(&options.name)?, options.json),
        Workenv::Remove(options) => {
            let cache = cache()?;
            let chosen: Result<Vec<Summary>, _> = options.names.iter().map(|name| cache.environment(name)).collect();
            remove(&cache, &chosen?, &options.consent)
        }
        Workenv::Clean(options) => clean(options),
    }
}

fn cache() -> Result<Cache, Error> {
    Cache::find().ok_or(Error::NoCache)
}

fn environments() -> Result<Vec<Summary>, Error> {
    Ok(Cache::find().map(|cache| cache.environments()).transpose()?.unwrap_or_default())
}

fn list(as_json: bool) -> Result<ExitCode, Error> {
    let all = environments()?;
    if as_json {
        output::json(&all.iter().map(to_json).collect::<Vec<_>>())?;
    } else {
        let lines = all.iter().map(|one| {
            let state = if one.in_use {
                ", in use"
            } else if one.intact {
                ""
            } else {
                ", damaged"
            };
            format!("{}  {}{state}\n", one.id, Bytes(one.bytes))
        });
        output::data(&lines.collect::<String>())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn info(as_json: bool) -> Result<ExitCode, Error> {
    let all = environments()?;
    let root = Cache::find().map(|cache| cache.root().to_path_buf());
    // A slot that several environments share is on the disk once.
    let slots: BTreeMap<_, u64> = all.iter().flat_map(|one| &one.slots).map(|slot| (&slot.key, slot.bytes)).collect();
    let own: u64 = all.iter().map(|one| one.bytes - one.slots.iter().map(|slot| slot.bytes).sum::<u64>()).sum();
    let bytes = own + slots.values().sum::<u64>();
    if as_json {
        output::json(&json!({ "path": root, "environments": all.len(), "slots": slots.len(), "bytes": bytes }))?;
    } else {
        let path = root.map_or("none yet".into(), |root| root.display().to_string());
        output::data(&format!(
            "cache         {path}\nenvironments  {}\nslots         {}\nsize          {}\n",
            all.len(),
            slots.len(),
            Bytes(bytes)
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn inspect(one: &Summary, as_json: bool) -> Result<ExitCode, Error> {
    if as_json {
        output::json(&to_json(one))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = format!(
        "name    {}\npath    {}\nsize    {} in {} files\nin use  {}\nintact  {}\n",
        one.id,
        one.path.display(),
        Bytes(one.bytes),
        one.files,
        if one.in_use { "yes" } else { "no" },
        if one.intact { "yes" } else { "no: it is made again at the next start" },
    );
    for slot in &one.slots {
        text.push_str(&format!("slot    {} {}, used by {}\n", slot.path.display(), Bytes(slot.bytes), slot.shared_by));
    }
    output::data(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn clean(options: &Clean) -> Result<ExitCode, Error> {
    let Some(cache) = Cache::find() else {
        return finish(&Removal::default(), &options.consent);
    };
    let mut all = cache.environments()?;
    if let Some(days) = options.older_than {
        let age = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
        let now = SystemTime::now();
        all.retain(|one| one.created.and_then(|created| now.duration_since(created).ok()).is_some_and(|old| old > age));
    }
    remove(&cache, &all, &options.consent)
}

fn remove(cache: &Cache, chosen: &[Summary], consent: &Consent) -> Result<ExitCode, Error> {
    let ids: Vec<EnvId> = chosen.iter().map(|one| one.id.clone()).collect();
    if consent.dry_run {
        let (in_use, removed) = chosen.iter().partition::<Vec<_>, _>(|one| one.in_use);
        let names = |list: Vec<&Summary>| list.into_iter().map(|one| one.id.clone()).collect();
        return finish(&Removal { removed: names(removed), in_use: names(in_use), ..Removal::default() }, consent);
    }
    if !consent.yes && !agreed(&ids)? {
        return Ok(ExitCode::from(2));
    }
    finish(&cache.remove(&ids)?, consent)
}

/// Asks on a terminal; without one the answer is no.
fn agreed(ids: &[EnvId]) -> Result<bool, Error> {
    if !std::io::stdin().is_terminal() {
        return Err(Error::Usage("nobody to ask: pass -y to remove without asking".into()));
    }
    let mut stderr = std::io::stderr();
    drop(write!(stderr, "remove {} extracted packages? [y/N] ", ids.len()));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(Error::Stdout)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn finish(removal: &Removal, consent: &Consent) -> Result<ExitCode, Error> {
    let names = |ids: &[EnvId]| ids.iter().map(EnvId::to_string).collect::<Vec<_>>();
    if consent.json {
        output::json(&json!({
            "dry_run": consent.dry_run,
            "removed": names(&removal.removed),
            "in_use": names(&removal.in_use),
            "slots": removal.slots,
            "bytes": removal.bytes,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let verb = if consent.dry_run { "would remove" } else { "removed" };
    let mut text = String::new();
    for name in names(&removal.removed) {
        text.push_str(&format!("{verb} {name}\n"));
    }
    for name in names(&removal.in_use) {
        text.push_str(&format!("left {name}: a program runs in it\n"));
    }
    if !consent.dry_run {
        text.push_str(&format!("freed {}\n", Bytes(removal.bytes)));
    }
    output::data(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn to_json(one: &Summary) -> Value {
    let created =
        one.created.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).map(|age| age.as_secs());
    json!({
        "name": one.id.as_str(),
        "path": one.path,
        "bytes": one.bytes,
        "files": one.files,
        "created": created,
        "in_use": one.in_use,
        "intact": one.intact,
        "slots": one.slots.iter().map(|slot| json!({
            "key": slot.key.as_str(), "path": slot.path, "bytes": slot.bytes, "files": slot.files, "shared_by": slot.shared_by,
        })).collect::<Vec<_>>(),
    })
}
