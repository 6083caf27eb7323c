//! The corpora, replayed without the fuzzer.

use std::path::Path;

fn replay(name: &str, target: fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let mut files: Vec<_> = std::fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", directory.display());
    for file in files {
        // Shown when the test fails: the last one is to blame.
        println!("{}", file.display());
        target(&std::fs::read(&file).expect("a readable file"));
    }
}

macro_rules! replays {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            replay(stringify!($name), crate::$name);
        })*
    };
}

replays!(index, slot_table, manifest, metadata, package, policy, tar);
