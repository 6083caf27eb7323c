//! An environment in a cache of its own, made of a package that is accepted.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use flavor::package::Reader;
use flavor::trust::judge;
use flavor::workenv::{Cache, Check, Progress, Provision, SetUp, WorkenvError, shared};

use crate::scratch::Enclosure;
use crate::tree;

/// The environment: only where it is said that notes of signers may be made, because accepting a package makes one.
pub(crate) fn compose(reader: Reader) {
    if std::env::var_os("FLAVOR_CONFIG_DIR").is_none() {
        return;
    }
    let Ok(accepted) = judge(reader) else { return };
    let enclosure = Enclosure::new();
    let inside = enclosure.inside();
    let root = inside.join("cache");
    let Ok(cache) = Cache::portable(&root) else {
        panic!("there is no cache")
    };
    let how = Provision {
        check: Check::Seal,
        progress: &Silent,
        set_up: &Silent,
    };
    let first = shared(&accepted, &cache, how).map(|workenv| workenv.root);
    enclosure.check();
    assert_eq!(
        tree::names(&inside),
        ["cache"],
        "something appeared outside the cache"
    );
    let Ok(workenv) = first else { return };
    assert!(
        workenv.starts_with(cache.root()),
        "the environment lies outside the cache"
    );
    for (path, node) in tree::list(&root) {
        if let tree::Node::Symlink { target } = node
            && target.is_absolute()
        {
            assert!(
                target.starts_with(cache.root()),
                "{} leads to {}",
                path.display(),
                target.display()
            );
            assert!(
                !target.components().any(|part| part.as_os_str() == ".."),
                "{}",
                target.display()
            );
        }
    }
    let again = shared(&accepted, &cache, how)
        .expect("what is there is there again")
        .root;
    assert_eq!(again, workenv);
}

/// Runs no command and tells nobody.
struct Silent;

impl Progress for Silent {
    fn begin(&self, _: u64, _: &Arc<AtomicU64>) {}
    fn setting_up(&self) {}
    fn waiting(&self, what: &str) {
        panic!("there is nobody to wait for: {what}");
    }
    fn end(&self) {}
}

impl SetUp for Silent {
    fn run(&self, _: &Path) -> Result<(), WorkenvError> {
        Ok(())
    }
}
