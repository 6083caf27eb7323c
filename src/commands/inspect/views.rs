//! The views of `flavor inspect`: `--tree`, `--files`, `--largest`, `--modules`, `--duplicates`,
//! `--native`, `--advice`.

use flavor::analysis::{
    Advice, Contents, Node, PackedEntry, SlotContents, advise, duplicates, modules, tree,
};
use flavor::report::{Bytes, printable};

use crate::cli::Inspect;

/// The requested view; `None` if only the summary is requested.
pub(super) fn chosen(options: &Inspect, contents: &Contents) -> Option<String> {
    let lines = if options.tree {
        as_tree(contents, options)
    } else if options.files {
        files(contents.entries())
    } else if let Some(count) = options.largest {
        files(contents.largest(count).into_iter())
    } else if options.modules {
        as_modules(contents)
    } else if options.duplicates {
        as_duplicates(contents)
    } else if options.native {
        as_native(contents)
    } else if options.advice {
        as_advice(contents)
    } else if options.slot.is_some() {
        files(contents.entries())
    } else {
        return None;
    };
    Some(
        lines
            .iter()
            .map(|line| printable(line).into_owned() + "\n")
            .collect(),
    )
}

/// `FLA012 tests shipped in wheels: 6.1 MB → add "deps:**/tests/**" …`
pub(super) fn advice_line(advice: &Advice) -> String {
    format!(
        "{} {}: {} → {}",
        advice.code,
        advice.title,
        Bytes(advice.saving),
        advice.remedy
    )
}

fn columns(stored: u64, size: u64) -> String {
    format!(
        "{:>10} {:>10}",
        Bytes(stored).to_string(),
        Bytes(size).to_string()
    )
}

fn as_tree(contents: &Contents, options: &Inspect) -> Vec<String> {
    let mut root = tree(contents);
    if options.slot.is_some() {
        root.children
            .retain(|child| contents.slots.iter().any(|slot| slot.name == child.name));
    }
    let mut lines = vec![format!(
        "{:>10} {:>10} {:>7}",
        "stored", "unpacked", "files"
    )];
    if options.slot.is_none() {
        lines.push(node_line(&root, 0));
    }
    let indent = usize::from(options.slot.is_none());
    for child in &root.children {
        branch(child, indent, options.depth, &mut lines);
    }
    lines
}

/// Further children of a directory are summed up.
const BRANCHES: usize = 20;

fn branch(node: &Node, indent: usize, depth: usize, lines: &mut Vec<String>) {
    lines.push(node_line(node, indent));
    if depth == 0 {
        return;
    }
    for child in node.children.iter().take(BRANCHES) {
        branch(child, indent + 1, depth - 1, lines);
    }
    if let Some(rest) = node
        .children
        .get(BRANCHES..)
        .filter(|rest| !rest.is_empty())
    {
        let sum = |of: fn(&Node) -> u64| rest.iter().map(of).sum();
        let name = format!("… {} more", rest.len());
        let rest = Node {
            name,
            size: sum(|node| node.size),
            stored: sum(|node| node.stored),
            files: sum(|node| node.files),
            ..Node::default()
        };
        lines.push(node_line(&rest, indent + 1));
    }
}

fn node_line(node: &Node, indent: usize) -> String {
    let slash = if node.children.is_empty() { "" } else { "/" };
    format!(
        "{} {:>7}  {:width$}{}{slash}",
        columns(node.stored, node.size),
        node.files,
        "",
        node.name,
        width = 2 * indent
    )
}

fn files<'a>(entries: impl Iterator<Item = (&'a SlotContents, &'a PackedEntry)>) -> Vec<String> {
    let head = format!("{:>10} {:>10}  {:<4}  path", "stored", "unpacked", "mode");
    let line = |(slot, entry): (&SlotContents, &PackedEntry)| {
        let link = entry
            .link
            .as_ref()
            .map(|link| format!(" → {link}"))
            .unwrap_or_default();
        format!(
            "{}  {:04o}  {}/{}{link}",
            columns(entry.stored, entry.size),
            entry.mode,
            slot.name,
            entry.path
        )
    };
    std::iter::once(head).chain(entries.map(line)).collect()
}

fn as_modules(contents: &Contents) -> Vec<String> {
    let head = format!(
        "{:>10} {:>10} {:>7}  {:<10} module",
        "stored", "unpacked", "files", "slot"
    );
    let modules = modules(contents);
    let lines = modules.iter().map(|module| {
        format!(
            "{} {:>7}  {:<10} {}",
            columns(module.stored, module.size),
            module.files,
            module.slot,
            module.name
        )
    });
    std::iter::once(head).chain(lines).collect()
}

fn as_duplicates(contents: &Contents) -> Vec<String> {
    let duplicates = duplicates(contents);
    if duplicates.is_empty() {
        return vec!["no duplicates".into()];
    }
    let mut lines = vec![format!("{:>10} {:>10}  copies", "wasted", "unpacked")];
    for duplicate in &duplicates {
        let mut first = Some(columns(duplicate.wasted, duplicate.size));
        for copy in &duplicate.copies {
            let numbers = first.take().unwrap_or_else(|| format!("{:21}", ""));
            lines.push(format!("{numbers}  {}/{}", copy.slot, copy.path));
        }
    }
    lines
}

fn as_native(contents: &Contents) -> Vec<String> {
    let files = contents.native_files();
    if files.is_empty() {
        return vec!["no native files".into()];
    }
    let head = format!(
        "{:>10} {:>10}  {:<6} {:>10}  path, needed libraries",
        "stored", "unpacked", "glibc", "symbols"
    );
    let line =
        |(slot, entry, native): &(&SlotContents, &PackedEntry, &flavor::analysis::NativeFile)| {
            let floor = native
                .glibc_floor
                .map_or("-".into(), |floor| floor.to_string());
            let symbols = Bytes(native.strippable).to_string();
            let needed = native.needed.join(" ");
            format!(
                "{}  {floor:<6} {symbols:>10}  {}/{}: {needed}",
                columns(entry.stored, entry.size),
                slot.name,
                entry.path
            )
        };
    std::iter::once(head)
        .chain(files.iter().map(line))
        .collect()
}

fn as_advice(contents: &Contents) -> Vec<String> {
    let advice = advise(contents);
    if advice.is_empty() {
        return vec!["no advice".into()];
    }
    let mut lines = Vec::new();
    for item in &advice {
        lines.push(advice_line(item));
        let files = if item.files == 1 { "file" } else { "files" };
        lines.push(format!(
            "       {} {files}, {} unpacked: {}",
            item.files,
            Bytes(item.size),
            item.examples.join(", ")
        ));
    }
    lines
}
