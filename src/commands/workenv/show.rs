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
        let lines = all.iter().map(|environment| {
            let state = if environment.in_use {
                ", in use"
            } else if environment.intact {
                ""
            } else {
                ", damaged"
            };
            format!(
                "{}  {}, {} of its own{state}\n",
                environment.id,
                Bytes(environment.bytes),
                Bytes(environment.own_bytes)
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
        .flat_map(|environment| &environment.slots)
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

pub(super) fn inspect(environment: &Summary, as_json: bool) -> Result<ExitCode, Error> {
    if as_json {
        output::json(&to_json(environment))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = format!(
        "name    {}\npath    {}\nsize    {} in {}, {} of its own\nin use  {}\nintact  {}\n",
        environment.id,
        environment.path.display(),
        Bytes(environment.bytes),
        counted(environment.files, "file", "files"),
        Bytes(environment.own_bytes),
        if environment.in_use { "yes" } else { "no" },
        if environment.intact {
            "yes"
        } else {
            "no: it is recreated at the next start"
        },
    );
    text.push_str(&format!("signer  {}\n", environment.origin.signer));
    text.push_str(&format!(
        "from    {}\n",
        printable(&environment.origin.package.display().to_string())
    ));
    for slot in &environment.slots {
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

fn to_json(environment: &Summary) -> Value {
    let seconds = |time: Option<SystemTime>| {
        time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok())
            .map(|age| age.as_secs())
    };
    json!({
        "name": environment.id.as_str(),
        "path": output::text(&environment.path),
        "package": environment.origin.name,
        "version": environment.origin.version,
        "signer": environment.origin.signer,
        "package_path": output::text(&environment.origin.package),
        "bytes": environment.bytes,
        "own_bytes": environment.own_bytes,
        "files": environment.files,
        "created": seconds(environment.created),
        "last_used": seconds(environment.last_used),
        "in_use": environment.in_use,
        "intact": environment.intact,
        "slots": environment.slots.iter().map(|slot| json!({
            "key": slot.key.as_str(), "path": output::text(&slot.path), "bytes": slot.bytes, "files": slot.files, "shared_by": slot.shared_by,
        })).collect::<Vec<_>>(),
    })
}
