//! The size of the cache, its hit rate, and eviction.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::local::{LocalStore, description};
use super::{Counters, Layer, Step, place};
use crate::fs::{self, IoContext, Lock, LockKind, is_at, remove_tree, replace_file};

/// Records about sources and projects that were not packed for this long are removed.
const FORGOTTEN: Duration = Duration::from_hours(90 * 24);

/// The build cache as a whole.
#[derive(Clone, Debug, Default)]
pub struct CacheStats {
    /// `None` if no candidate is writable: each pack uses a temporary directory then.
    pub path: Option<PathBuf>,
    /// Unreadable directories, which are not counted.
    pub unread: Vec<PathBuf>,
    pub layers: Vec<LayerStats>,
    pub entries: usize,
    pub bytes: u64,
}

/// One layer of the build cache.
#[derive(Clone, Debug, Serialize)]
pub struct LayerStats {
    pub layer: Layer,
    pub entries: usize,
    pub bytes: u64,
    /// Since the counters began.
    pub hits: u64,
    pub misses: u64,
    /// Percentage of hits; `None` before the first use.
    pub rate: Option<f64>,
    /// Age in seconds of the least recent use of an entry.
    pub oldest: Option<u64>,
}

/// What [`clean_cache`] removed, or would remove.
#[derive(Clone, Debug, Default)]
pub struct Cleaned {
    pub removed: usize,
    pub bytes: u64,
    /// Entries in use by a running pack, which are kept.
    pub in_use: usize,
    /// Unreadable entries, which are kept.
    pub unread: Vec<PathBuf>,
}

/// An entry in a listing.
struct Listed {
    path: PathBuf,
    layer: Layer,
    bytes: u64,
    last_used: SystemTime,
}

/// Scans the build cache.
pub fn cache_stats() -> CacheStats {
    let Some(root) = place() else {
        return CacheStats::default();
    };
    let (entries, unread) = list(&root);
    let counters = counters(&root);
    let layers = Layer::ALL.iter().map(|layer| {
        let own = || entries.iter().filter(|entry| entry.layer == *layer);
        let (hits, misses) = counters.get(layer).copied().unwrap_or_default();
        let uses = hits + misses;
        LayerStats {
            layer: *layer,
            entries: own().count(),
            bytes: own().map(|entry| entry.bytes).sum(),
            hits,
            misses,
            rate: (uses > 0).then(|| percent(hits, uses)),
            oldest: own().map(|entry| age(entry.last_used).as_secs()).max(),
        }
    });
    CacheStats {
        layers: layers.collect(),
        entries: entries.len(),
        bytes: entries.iter().map(|entry| entry.bytes).sum(),
        path: Some(root),
        unread,
    }
}

/// Removes the entries of the given layers (all, if none is given) that were not used for
/// `older_than`.
pub fn clean_cache(
    layers: &[Layer],
    older_than: Option<Duration>,
    dry_run: bool,
) -> fs::Result<Cleaned> {
    let mut cleaned = Cleaned::default();
    let Some(root) = place() else {
        return Ok(cleaned);
    };
    let (entries, unread) = list(&root);
    cleaned.unread = unread;
    for entry in entries {
        let wanted = (layers.is_empty() || layers.contains(&entry.layer))
            && older_than.is_none_or(|limit| age(entry.last_used) >= limit);
        if !wanted {
            continue;
        }
        if dry_run || remove(&root, &entry)? {
            cleaned.removed += 1;
            cleaned.bytes += entry.bytes;
        } else {
            cleaned.in_use += 1;
        }
    }
    if !dry_run {
        sweep(&root);
        if layers.is_empty() && older_than.is_none() {
            for name in ["stat", "projects", "interpreters.json", "usage.json"] {
                remove_tree(&root.join(name))?;
            }
        }
    }
    Ok(cleaned)
}

/// Adds one pack's hits and misses to the counters.
pub(super) fn count(root: &Path, steps: &[Step]) {
    let Ok(_lock) = Lock::acquire(&root.join("locks/usage"), LockKind::Exclusive) else {
        return;
    };
    let mut counters = counters(root);
    for step in steps {
        let (hits, misses) = counters.entry(step.layer).or_default();
        *if step.reused { hits } else { misses } += 1;
    }
    // Counters are a convenience and may be lost.
    if let Ok(bytes) = serde_json::to_vec(&counters) {
        drop(replace_file(&root.join("usage.json"), &bytes));
    }
}

/// Reduces the cache to `max_size` bytes, least recently used first, and removes what killed packs
/// left.
pub(super) fn evict(root: &Path, max_size: u64) {
    sweep(root);
    let (mut entries, _) = list(root);
    let mut total: u64 = entries.iter().map(|entry| entry.bytes).sum();
    entries.sort_by_key(|entry| entry.last_used);
    for entry in entries {
        if total <= max_size {
            return;
        }
        match remove(root, &entry) {
            Ok(true) => {
                tracing::info!(path = %entry.path.display(), bytes = entry.bytes, "evicted from the build cache");
                total -= entry.bytes;
            }
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "not evicted"),
        }
    }
}

/// Removes an entry; `false` if it is in use.
fn remove(root: &Path, entry: &Listed) -> fs::Result<bool> {
    let directory = match File::open(&entry.path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        other => other.on("open", &entry.path)?,
    };
    if directory.try_lock().is_err() {
        return Ok(false);
    }
    if !is_at(&directory, &entry.path) {
        return Ok(true);
    }
    LocalStore::at(root).discard(&entry.path)?;
    Ok(true)
}

/// Removes what killed packs left, and outdated records.
fn sweep(root: &Path) {
    LocalStore::at(root).sweep();
    for path in ["stat", "projects"]
        .iter()
        .flat_map(|name| children(&root.join(name)))
    {
        let modified = path.metadata().and_then(|metadata| metadata.modified());
        if modified.is_ok_and(|modified| age(modified) > FORGOTTEN) {
            drop(remove_tree(&path));
        }
    }
}

/// Every entry, and the directories that cannot be read.
fn list(root: &Path) -> (Vec<Listed>, Vec<PathBuf>) {
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for layer in Layer::ALL {
        let directory = root.join(layer.name());
        match directory.read_dir() {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(_) => unread.push(directory.clone()),
            Ok(_) => {}
        }
        for path in children(&directory) {
            let Ok(last_used) = path.metadata().and_then(|metadata| metadata.modified()) else {
                continue;
            };
            if path
                .read_dir()
                .is_err_and(|error| error.kind() != ErrorKind::NotFound)
            {
                unread.push(path);
                continue;
            }
            found.push(Listed {
                bytes: description(&path).map_or(0, |description| description.bytes),
                path,
                layer,
                last_used,
            });
        }
    }
    (found, unread)
}

fn children(directory: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect()
}

fn counters(root: &Path) -> Counters {
    let bytes = std::fs::read(root.join("usage.json")).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_else(|_| BTreeMap::new())
}

fn age(then: SystemTime) -> Duration {
    SystemTime::now().duration_since(then).unwrap_or_default()
}

/// `part` of `whole` with one decimal.
fn percent(part: u64, whole: u64) -> f64 {
    let tenths = (part * 1000 + whole / 2) / whole;
    f64::from(u32::try_from(tenths).unwrap_or(1000)) / 10.0
}
