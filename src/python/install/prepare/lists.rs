use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use toml::{Table, Value};

use super::local::sha256;
use crate::fs::IoContext as _;
use crate::pyproject::MANIFEST;
use crate::python::core_metadata::normalised;
use crate::python::install::address::file_url;
use crate::python::install::error::{Error, Result};
use crate::python::install::failure;
use crate::python::install::index::Index;
use crate::python::install::installer::{Batch, Installer};
use crate::python::install::named::{IndexSource, Source};
use crate::python::install::plan::{Item, brackets};
use crate::python::install::request::InstallRequest;
use crate::python::install::tool::Tool;
use crate::python::install::wheel::wheels_in;

/// Writes the lists.
pub(super) struct Lists<'a> {
    installer: &'a Installer,
    request: &'a InstallRequest<'a>,
    index: &'a Index,
    pub(super) batches: Vec<Batch>,
    pins: usize,
}

impl<'a> Lists<'a> {
    pub(super) fn new(
        installer: &'a Installer,
        request: &'a InstallRequest<'a>,
        index: &'a Index,
    ) -> Self {
        Self {
            installer,
            request,
            index,
            batches: Vec::new(),
            pins: 0,
        }
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.request.work.join(name);
        fs::write(&path, text).on("write", &path)?;
        Ok(path)
    }

    /// Lists that need no resolution: one for each index, and one for entries without a hash.
    pub(super) fn complete(&mut self, items: &[Item]) -> Result<()> {
        let mut groups: BTreeMap<(Option<IndexSource>, bool), String> = BTreeMap::new();
        for item in items {
            let index = match &item.source {
                Some(Source::Index(index)) if !self.index.closed() || index.flat => {
                    Some(self.index.known_as(index))
                }
                _ => None,
            };
            let (line, hashed) = line(item, true)?;
            let list = groups.entry((index, hashed)).or_default();
            list.push_str(&line);
            list.push('\n');
        }
        for (number, ((index, _), text)) in groups.into_iter().enumerate() {
            let path = self.write(&format!("locked-{number}.txt"), &text)?;
            self.batches.push(Batch {
                path,
                complete: true,
                index,
                constraints: None,
            });
        }
        Ok(())
    }

    /// A list to be resolved.
    pub(super) fn open(&mut self, items: &[Item], constraints: Option<PathBuf>) -> Result<()> {
        let hashed = items.iter().any(|item| !item.hashes.is_empty());
        let pinned: Vec<&Item> = items
            .iter()
            .filter(|item| matches!(item.source, Some(Source::Index(_))))
            .collect();
        if pinned.is_empty() || self.index.closed() {
            return self.list(items, hashed, constraints);
        }
        if self.installer.tool() == Tool::Uv && !items.iter().any(Item::is_option) {
            return self.manifest(items, constraints);
        }
        let mut held = Vec::new();
        for item in items {
            match &item.source {
                Some(Source::Index(index)) => held.push(self.fetched(item, index)?),
                _ => held.push(item.clone()),
            }
        }
        self.list(&held, hashed, constraints)
    }

    fn list(&mut self, items: &[Item], hashed: bool, constraints: Option<PathBuf>) -> Result<()> {
        let mut text = String::new();
        for item in items {
            text.push_str(&line(item, hashed)?.0);
            text.push('\n');
        }
        let path = self.write(&format!("requirements-{}.txt", self.batches.len()), &text)?;
        self.batches.push(Batch {
            path,
            complete: false,
            index: None,
            constraints,
        });
        Ok(())
    }

    /// A manifest that tells uv which index each distribution comes from.
    fn manifest(&mut self, items: &[Item], constraints: Option<PathBuf>) -> Result<()> {
        let mut lines = Vec::new();
        let (mut sources, mut indexes) = (Table::new(), Vec::new());
        let mut known: Vec<&IndexSource> = Vec::new();
        for item in items {
            let Some(Source::Index(index)) = &item.source else {
                lines.push(Value::from(line(item, false)?.0));
                continue;
            };
            lines.push(Value::from(item.text.clone()));
            let at = known
                .iter()
                .position(|one| *one == index)
                .unwrap_or_else(|| {
                    known.push(index);
                    known.len() - 1
                });
            let name = index.name.clone().unwrap_or_else(|| format!("flavor-{at}"));
            let mut source = Table::new();
            source.insert("index".into(), name.clone().into());
            sources.insert(item.name.clone().unwrap_or_default(), source.into());
            if indexes.len() < known.len() {
                let mut table = Table::new();
                table.insert("name".into(), name.into());
                table.insert("url".into(), self.index.known_as(index).url.into());
                table.insert("explicit".into(), true.into());
                if index.flat {
                    table.insert("format".into(), "flat".into());
                }
                indexes.push(Value::from(table));
            }
        }
        let mut project = Table::new();
        project.insert("name".into(), "flavor-requirements".into());
        project.insert("version".into(), "0".into());
        project.insert("dependencies".into(), lines.into());
        let mut uv = Table::new();
        uv.insert("sources".into(), sources.into());
        uv.insert("index".into(), indexes.into());
        let mut tool = Table::new();
        tool.insert("uv".into(), uv.into());
        let mut manifest = Table::new();
        manifest.insert("project".into(), project.into());
        manifest.insert("tool".into(), tool.into());
        let directory = self
            .request
            .work
            .join(format!("pinned-{}", self.batches.len()));
        fs::create_dir_all(&directory).on("create directory", &directory)?;
        let path = directory.join(MANIFEST);
        fs::write(&path, manifest.to_string()).on("write", &path)?;
        self.batches.push(Batch {
            path,
            complete: false,
            index: None,
            constraints,
        });
        Ok(())
    }

    /// The wheel of a distribution with an index of its own: pip would search all indexes for all
    /// distributions.
    fn fetched(&mut self, item: &Item, index: &IndexSource) -> Result<Item> {
        self.pins += 1;
        let path = self.write(
            &format!("pinned-{}.txt", self.pins),
            &(item.text.clone() + "\n"),
        )?;
        let wheels = self.request.work.join(format!("pinned-{}", self.pins));
        let batch = Batch {
            path,
            complete: true,
            index: Some(self.index.known_as(index)),
            constraints: None,
        };
        let output = self
            .installer
            .gather(self.request, self.index, &batch, &wheels)?;
        if !output.status.success() {
            return Err(failure::unresolved(
                self.installer.tool(),
                &output,
                self.request,
                self.index,
            ));
        }
        let name = item.name.as_deref().unwrap_or_default();
        let is_it = |wheel: &PathBuf| {
            let file = wheel.file_name().unwrap_or_default().to_string_lossy();
            file.split('-').next().map(normalised).as_deref() == Some(name)
        };
        let found = wheels_in(&wheels)?.into_iter().find(is_it);
        let none = || Error::NoPlace {
            name: name.into(),
            path: wheels.clone(),
        };
        Ok(Item {
            source: Some(Source::Archive(found.ok_or_else(none)?)),
            ..item.clone()
        })
    }

    /// The locked versions as constraints for additional requirements.
    pub(super) fn constraints(&self, pins: &[Item], items: &[Item]) -> Result<PathBuf> {
        let mut text = String::new();
        for item in pins.iter().filter(|item| {
            matches!(item.source, None | Some(Source::Index(_))) && item.name.is_some()
        }) {
            text.push_str(item.text.split('[').next().unwrap_or(&item.text));
            text.push('\n');
        }
        for item in items {
            if let (Some(name), Some(Source::Archive(path))) = (&item.name, &item.source) {
                text.push_str(&format!("{name} @ {}\n", file_url(path)));
            }
        }
        self.write("held.txt", &text)
    }
}

/// A line of a list, and whether it has a hash.
fn line(item: &Item, hashed: bool) -> Result<(String, bool)> {
    if item.is_option() {
        return Ok((item.text.clone(), false));
    }
    let before_url = || {
        let name = item.name.as_ref();
        name.map(|name| format!("{name}{} @ ", brackets(&item.extras)))
            .unwrap_or_default()
    };
    let (text, mut hashes) = match &item.source {
        Some(Source::Archive(path)) => {
            let is_wheel = path.extension().is_some_and(|extension| extension == "whl");
            // A wheel built here has no hash in the lock, and neutralising a wheel changes its
            // hash.
            let hashes = if hashed && (is_wheel || item.hashes.is_empty()) {
                vec![format!("sha256:{}", sha256(path)?)]
            } else {
                item.hashes.clone()
            };
            (format!("{}{}", before_url(), file_url(path)), hashes)
        }
        Some(Source::Url(url)) => (format!("{}{url}", before_url()), item.hashes.clone()),
        _ => (item.text.clone(), item.hashes.clone()),
    };
    hashes.sort();
    hashes.dedup();
    let options: String = hashes.iter().flat_map(|hash| [" --hash=", hash]).collect();
    Ok((text + &options, !hashes.is_empty()))
}
