//! The cache does not grow for ever, and looking after it is in nobody's way.

use std::path::PathBuf;

use crate::scene::{Test, eventually};

/// A version of a program, with a slot that all share and one of its own.
fn version(t: &Test, name: &str, version: &str, size: usize) -> PathBuf {
    t.file("probe.sh", format!("#!/bin/sh\necho {name} {version}\n"));
    t.file("own", format!("{name}{version}").repeat(size / 8));
    t.file("shared", "s".repeat(1 << 20));
    let manifest = crate::scene::PROBE
        .replace("\"probe\"", &format!("\"{name}\""))
        .replace("1.0.0", version);
    let slots = ["own", "shared"].map(|slot| {
        format!("[[tool.flavor.slots.entries]]\nname = \"{slot}\"\nsource = \"{slot}\"\noperations = [\"raw\"]\n")
    });
    t.manifest(&format!("{manifest}\n{}", slots.concat()));
    let output = format!("{name}-{version}.psp");
    let package = t.pack_with(&["--key-seed", "s", "--output", &output]);
    t.call(&package, [""; 0]).silent();
    package
}

/// Lets environments grow old; the name may end in `*`.
fn age(t: &Test, name: &str, days: u32) {
    let script =
        format!("touch -d '{days} days ago' cache/v2/workenv/{name} cache/v2/locks/{name}");
    t.call("sh", ["-c", &script]).success();
}

fn names(t: &Test) -> Vec<String> {
    let listed = t.flavor(["workenv", "list", "--json"]).silent().json();
    let listed = listed["environments"].as_array().expect("a list");
    listed
        .iter()
        .map(|one| {
            format!(
                "{} {}",
                one["package"].as_str().unwrap_or(""),
                one["version"].as_str().unwrap_or("")
            )
        })
        .collect()
}

#[test]
fn superseded_versions_go_by_themselves() {
    let mut t = Test::new();
    let packages = ["1", "2", "3", "4"].map(|number| version(&t, "tool", number, 1000));
    for (at, days) in [("1", 30), ("2", 20), ("3", 10), ("4", 5)] {
        age(&t, &format!("tool-{at}-*"), days);
    }
    assert_eq!(names(&t).len(), 4);
    t.call(&packages[3], [""; 0]).silent();
    eventually("two versions are left", || {
        names(&t) == ["tool 3", "tool 4"]
    });
    // Once a day is enough.
    t.set("FLAVOR_CACHE_MAX_SIZE", "1kB");
    age(&t, "tool-*", 3);
    t.call(&packages[3], [""; 0]).silent();
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(names(&t), ["tool 3", "tool 4"]);
    age(&t, "tool-*", 3);
    t.call("touch", ["-d", "2 days ago", "cache/v2/looked-after"])
        .success();
    t.call(&packages[3], [""; 0]).silent();
    eventually("what was not used lately is gone", || {
        names(&t) == ["tool 4"]
    });
}

#[test]
fn the_settings_say_how_much_is_kept() {
    let mut t = Test::new();
    t.file(
        "home/.config/flavor/config.toml",
        "# mine\n[cache]\nretain = 1 # the latest\nmax-size = \"none\"\n",
    );
    let one = version(&t, "tool", "1", 1000);
    version(&t, "tool", "2", 1000);
    version(&t, "other", "1", 1000);
    assert_eq!(
        t.flavor(["workenv", "info", "--json"]).silent().json()["retain"],
        1
    );
    for (name, days) in [("tool-2-*", 9), ("tool-1-*", 8), ("other-*", 10)] {
        age(&t, name, days);
    }
    t.call(&one, [""; 0]).silent();
    eventually("one version of each is left", || {
        names(&t) == ["other 1", "tool 1"]
    });
    // Changed, and not yet read by flavor: other limits may be meant, so nothing is removed.
    t.file(
        "home/.config/flavor/config.toml",
        "[cache]\nretain = 2\nmax-size = \"1kB\"\n",
    );
    let again = || {
        t.call("touch", ["-d", "2 days ago", "cache/v2/looked-after"])
            .success();
        for name in ["tool-1-*", "other-*"] {
            age(&t, name, 9);
        }
        t.call(&one, [""; 0]).silent();
    };
    again();
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(names(&t), ["other 1", "tool 1"]);
    t.flavor(["config"]).success();
    again();
    eventually("the new limits are known", || names(&t) == ["tool 1"]);
    t.set("FLAVOR_CACHE_MAX_SIZE", "huge");
    snapshot!(t.flavor(["workenv", "info"]), @r#"
    exit: 1
    --- stderr
    error[FLV0107]: the environment: `FLAVOR_CACHE_MAX_SIZE` must be a size such as "20GB", or "none": huge
    "#);
}

#[test]
fn clean_takes_what_its_options_name() {
    let t = Test::new();
    for number in ["1", "2", "3"] {
        version(&t, "tool", number, 2 << 20);
    }
    version(&t, "other", "1", 2 << 20);
    for (name, days) in [
        ("tool-1-*", 4),
        ("tool-2-*", 2),
        ("tool-3-*", 1),
        ("other-*", 10),
    ] {
        age(&t, name, days);
    }
    let clean = |options: &[&str]| {
        let run = t
            .flavor([&["workenv", "clean", "--dry-run", "--json"], options].concat())
            .silent()
            .json();
        let removed = run["removed"].as_array().expect("a list").iter();
        (
            removed
                .map(|name| name.as_str().unwrap_or("")[..7].to_owned())
                .collect::<Vec<_>>(),
            run["bytes"].as_u64(),
        )
    };
    assert_eq!(clean(&["--keep-latest", "2"]).0, ["tool-1-"]);
    assert_eq!(clean(&["--older-than", "3"]).0, ["other-1", "tool-1-"]);
    let (removed, bytes) = clean(&["--max-size", "4500kB"]);
    assert_eq!(
        removed,
        ["other-1", "tool-1-"],
        "{}",
        t.flavor(["workenv", "list", "--json"])
    );
    // What the others share is not freed.
    let own: u64 = (6 + 5) * (2 << 20) / 8;
    assert!(
        bytes.is_some_and(|bytes| bytes > own && bytes < own + (1 << 19)),
        "{bytes:?}"
    );
    assert_eq!(clean(&["--max-size", "1GB"]).0, [""; 0]);
    t.flavor([
        "workenv",
        "clean",
        "-y",
        "--max-size",
        "4500kB",
        "--keep-latest",
        "1",
    ])
    .silent();
    assert_eq!(names(&t), ["other 1", "tool 3"]);
    t.flavor(["workenv", "clean", "--max-size", "lots"])
        .fails_with(2);
}

#[test]
fn sizes_count_what_is_shared_once() {
    let t = Test::new();
    version(&t, "tool", "1", 1000);
    let first = t.flavor(["workenv", "info", "--json"]).silent().json()["bytes"]
        .as_u64()
        .expect("a size");
    version(&t, "tool", "2", 1000);
    let second = t.flavor(["workenv", "info", "--json"]).silent().json()["bytes"]
        .as_u64()
        .expect("a size");
    assert!(second - first < 1 << 19, "{first} {second}");
    let listed = t.flavor(["workenv", "list", "--json"]).silent().json();
    let (bytes, own) = (
        listed["environments"][0]["bytes"].as_u64(),
        listed["environments"][0]["own_bytes"].as_u64(),
    );
    assert!(
        bytes.is_some_and(|bytes| bytes > 1 << 20) && own.is_some_and(|own| own < 1 << 19),
        "{listed}"
    );
}
