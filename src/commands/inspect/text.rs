//! The summary that `flavor inspect` prints without options.

use flavor::analysis::{Contents, PackedDistribution, advise};
use flavor::package::{Authenticity, Reader};
use flavor::report::{Bytes, printable};

use super::views::advice_line;
use super::{plain_size, ratio};

/// Advice that saves less than this share of a package is shown only with `--advice`.
const WORTH_SAYING: u64 = 100;

pub(super) fn summary(reader: &Reader, contents: &Contents, trusted: bool) -> String {
    let metadata = reader.metadata();
    let facts = metadata.flavor.as_ref();
    let mut lines = vec![format!(
        "{} {}",
        metadata.package.name, metadata.package.version
    )];
    if let Some(description) = &metadata.package.description {
        lines.push(format!("  {description}"));
    }
    let authenticity = match reader.authenticity() {
        Authenticity::Complete => "all bytes signed",
        Authenticity::Slots => "made by FlavorPack: metadata and slots signed",
    };
    lines.push(format!(
        "package   {} ({}), {authenticity}",
        reader.path().display(),
        Bytes(reader.index().package_size)
    ));
    lines.push(format!(
        "launcher  {} {} ({})",
        metadata.launcher.tool,
        metadata.launcher.tool_version,
        Bytes(reader.index().launcher_size)
    ));
    lines.push(format!(
        "signer    {} ({})",
        reader.signer().fingerprint(),
        if trusted {
            "trusted"
        } else {
            "not among the trusted keys"
        }
    ));
    if let Some(facts) = facts {
        if let Some(python) = &facts.python {
            lines.push(format!(
                "runtime   {} {}",
                python.implementation, python.version
            ));
        }
        let floor = facts.glibc_floor.as_deref().unwrap_or("none");
        lines.push(format!("target    {}, lowest glibc: {floor}", facts.target));
        if !facts.libraries.is_empty() {
            lines.push(format!(
                "          and of its libraries: {}",
                facts.libraries.join(", ")
            ));
        }
        let names: Vec<&str> = facts.program_names().collect();
        lines.push(format!("programs  {}", names.join(", ")));
    } else {
        lines.push(format!("command   {}", metadata.execution.command));
    }
    lines.push(String::new());
    lines.push(format!(
        "{:>4}  {:<16} {:>10} {:>10} {:>6} {:>7}  {:<9} target",
        "slot", "name", "stored", "unpacked", "ratio", "files", "codec"
    ));
    for (slot, slot_contents) in reader.slots().zip(&contents.slots) {
        lines.push(format!(
            "{:>4}  {:<16} {:>10} {:>10} {:>6.2} {:>7}  {:<9} {}",
            slot.index,
            slot.name(),
            Bytes(slot.row.stored_size).to_string(),
            Bytes(plain_size(&slot)).to_string(),
            ratio(slot.row.stored_size, plain_size(&slot)),
            slot_contents
                .files()
                .map_or("?".into(), |files| files.to_string()),
            slot.operations()
                .map_or("?".into(), |chain| chain.to_string()),
            slot.record.target
        ));
    }
    lines.extend(distributions(contents));
    let advice = advise(contents);
    let worth = advice
        .iter()
        .filter(|advice| advice.saving >= contents.size / WORTH_SAYING);
    let advice_lines: Vec<String> = worth.map(advice_line).collect();
    if !advice_lines.is_empty() {
        lines.push(String::new());
        lines.extend(advice_lines);
    }
    lines
        .iter()
        .flat_map(|line| [printable(line), "\n".into()])
        .collect()
}

/// The distributions, largest first.
fn distributions(contents: &Contents) -> Vec<String> {
    if contents.distributions.is_empty() {
        return Vec::new();
    }
    let mut sorted: Vec<_> = contents.distributions.iter().collect();
    sorted.sort_by_key(|distribution| std::cmp::Reverse(distribution.stored));
    let head = format!(
        "{:>10} {:>10} {:>7}  distribution",
        "stored", "unpacked", "files"
    );
    let line = |distribution: &&PackedDistribution| {
        let (stored, size) = (
            Bytes(distribution.stored).to_string(),
            Bytes(distribution.size).to_string(),
        );
        format!(
            "{stored:>10} {size:>10} {:>7}  {} {}",
            distribution.files, distribution.name, distribution.version
        )
    };
    [String::new(), head]
        .into_iter()
        .chain(sorted.iter().map(line))
        .collect()
}
