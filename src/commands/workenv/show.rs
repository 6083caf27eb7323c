use std::process::ExitCode;
use std::time::SystemTime;

use flavor::config::Config;
use flavor::report::{Bytes, counted, printable};
use flavor::workenv::{Cache, Summary, bytes};
use serde_json::{Value, json};

use super::environments;
use crate::error::Error;
use crate::output;

pub(super) fn list(as_json: bool) -> Result<ExitCode, Error> {
    let all = environments()?;
    if as_json {
        output::json(&json!({ "environments": all.iter().map(to_json).collect::<Vec<_>>() }))?;
    } else {
        let lines = all.iter().map(|one| {
            let state = if one.in_use {
                ", in use"
            } else if one.intact {
                ""
            } else {
                ", damaged"
            };
            format!(
                "{}  {}, {} of its own{state}\n",
                one.id,
                Bytes(one.bytes),
                Bytes(one.own_bytes)
            )
        });
        output::data(&lines.collect::<String>())?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn info(as_json: bool) -> Result<ExitCode, Error> {
    let all = environments()?;
    let limits = Config::read().and_then(|config| config.cache_limits())?;
    let cache = Cache::foresee()?.found.map(|(cache, _)| cache);
    let mut slots: Vec<_> = all
        .iter()
        .flat_map(|one| &one.slots)
        .map(|slot| &slot.key)
        .collect();
    slots.sort();
    slots.dedup();
    let size = bytes(all.iter());
    if as_json {
        output::json(&json!({
            "path": cache.as_ref().map(|cache| output::text(cache.root())),
            "environments": all.len(),
            "slots": slots.len(),
            "bytes": size,
            "max_size": limits.max_size,
            "retain": limits.retain,
        }))?;
    } else {
        let path = match cache {
            Some(cache) if cache.is_there() => cache.root().display().to_string(),
            Some(cache) => format!("{}, not created yet", cache.root().display()),
            None => "none: each start uses a temporary directory".into(),
        };
        let limit = limits
            .max_size
            .map_or("any size".into(), |size| Bytes(size).to_string());
        output::data(&format!(
            "cache         {path}\nenvironments  {}\nslots         {}\nsize          {}\nlimit         {limit}, {} versions of a package\n",
            all.len(),
            slots.len(),
            Bytes(size),
            limits.retain,
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn inspect(one: &Summary, as_json: bool) -> Result<ExitCode, Error> {
    if as_json {
        output::json(&to_json(one))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = format!(
        "name    {}\npath    {}\nsize    {} in {}, {} of its own\nin use  {}\nintact  {}\n",
        one.id,
        one.path.display(),
        Bytes(one.bytes),
        counted(one.files, "file", "files"),
        Bytes(one.own_bytes),
        if one.in_use { "yes" } else { "no" },
        if one.intact {
            "yes"
        } else {
            "no: it is recreated at the next start"
        },
    );
    text.push_str(&format!("signer  {}\n", one.origin.signer));
    text.push_str(&format!(
        "from    {}\n",
        printable(&one.origin.package.display().to_string())
    ));
    for slot in &one.slots {
        text.push_str(&format!(
            "slot    {} {}, used by {}\n",
            slot.path.display(),
            Bytes(slot.bytes),
            slot.shared_by
        ));
    }
    output::data(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn to_json(one: &Summary) -> Value {
    let seconds = |time: Option<SystemTime>| {
        time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok())
            .map(|age| age.as_secs())
    };
    json!({
        "name": one.id.as_str(),
        "path": output::text(&one.path),
        "package": one.origin.name,
        "version": one.origin.version,
        "signer": one.origin.signer,
        "package_path": output::text(&one.origin.package),
        "bytes": one.bytes,
        "own_bytes": one.own_bytes,
        "files": one.files,
        "created": seconds(one.created),
        "last_used": seconds(one.last_used),
        "in_use": one.in_use,
        "intact": one.intact,
        "slots": one.slots.iter().map(|slot| json!({
            "key": slot.key.as_str(), "path": output::text(&slot.path), "bytes": slot.bytes, "files": slot.files, "shared_by": slot.shared_by,
        })).collect::<Vec<_>>(),
    })
}
