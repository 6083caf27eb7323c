//! What of a directory or a project goes into a package, what does not, and what is said of it.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use crate::scene::Test;
use crate::wheelhouse;

/// What the slot `app` would hold of the directory `site`.
fn listed(t: &Test) -> Vec<String> {
    let run = t.flavor(["pack", "site", "--list-files", "-q"]).silent();
    let own = run
        .stdout()
        .lines()
        .filter_map(|line| line.strip_prefix("app\tapp/site/"));
    own.filter(|path| !path.contains("__pycache__"))
        .map(str::to_owned)
        .collect()
}

fn site() -> Test {
    let t = wheelhouse::project();
    t.file("site/__main__.py", "print('started')\n");
    t
}

#[test]
fn hidden_files_of_a_directory_are_not_taken_unless_they_are_named() {
    let t = site();
    t.file("site/.env", "TOKEN=1\n");
    t.file("site/.ssh/id_rsa", "");
    t.file("site/.config/settings.toml", "");
    t.file("site/pkg/.hidden.py", "");
    t.file("site/pkg/__init__.py", "");
    assert_eq!(listed(&t), ["__main__.py", "pkg/__init__.py"]);
    let odd = t
        .path("site")
        .join(std::ffi::OsStr::from_bytes(b"a\n\xff.txt"));
    std::fs::write(&odd, "").expect("a file");
    assert_eq!(
        listed(&t),
        ["__main__.py", r"a\u{a}\xff.txt", "pkg/__init__.py"]
    );
    std::fs::remove_file(odd).expect("removed");
    t.file("site/.flavorignore", "!.config\n");
    assert_eq!(
        listed(&t),
        [".config/settings.toml", "__main__.py", "pkg/__init__.py"]
    );
    t.file("site/.gitignore", "pkg/\n");
    t.file("site/.flavorignore", "!.env\n");
    assert_eq!(listed(&t), [".env", "__main__.py"]);
}

#[test]
fn what_looks_like_a_secret_is_named() {
    let t = site();
    t.file("site/id_rsa", "");
    t.file(
        "site/deploy.pem",
        "a comment\n-----BEGIN EC PRIVATE KEY-----\n",
    );
    t.file("site/roots.pem", "-----BEGIN CERTIFICATE-----\n");
    let run = t.flavor(["pack", "site", "--list-files"]).success();
    snapshot!(said(&run.stderr().lines().filter(|line| !line.starts_with(' ')).collect::<Vec<_>>()), @"
    warning[FLV0440]: slot `app` has what looks like secrets: app/site/deploy.pem, app/site/id_rsa
    hint: anyone with the package can read it; exclude it with a line `deploy.pem` in `.flavorignore`
    ");
    t.file("site/.flavorignore", "id_rsa\ndeploy.pem\n");
    let run = t.flavor(["pack", "site"]).success();
    assert!(!run.stderr().contains("warning"), "{run}");
    // A slot is looked through as well.
    t.script("true");
    t.file("data/.netrc", "");
    t.manifest(&format!(
        "{}\n[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\n",
        crate::scene::PROBE
    ));
    let run = t.flavor(["pack", "--json"]).success();
    assert_eq!(
        run.json()["warnings"][0]["message"],
        "slot `data` has what looks like a secret: .netrc"
    );
    let hint = run.json()["warnings"][0]["hint"].to_string();
    assert!(
        hint.contains("`exclude = [\\\".netrc\\\"]` under [tool.flavor.build]"),
        "{hint}"
    );
}

fn said(lines: &[&str]) -> String {
    lines.join("\n")
}

#[test]
fn links_of_a_directory_are_followed_inside_it_and_refused_elsewhere() {
    let t = site();
    t.file("outside/secret.txt", "");
    t.file("site/real/word.txt", "");
    symlink("real", t.path("site/again")).expect("a link");
    symlink("real/word.txt", t.path("site/word.txt")).expect("a link");
    assert_eq!(
        listed(&t),
        ["__main__.py", "again/word.txt", "real/word.txt", "word.txt"]
    );
    let refused = |target: &str, name: &str| {
        let link = t.path("site").join(name);
        symlink(target, &link).expect("a link");
        let run = t.flavor(["pack", "site", "-q"]);
        // Whoever leaves it out need not hear of it.
        t.file("site/.flavorignore", format!("/{name}\n"));
        t.flavor(["pack", "site", "-q"]).success();
        std::fs::remove_file(link).expect("removed");
        std::fs::remove_file(t.path("site/.flavorignore")).expect("removed");
        run
    };
    snapshot!(refused("../outside/secret.txt", "notes.txt"), @"
    exit: 1
    --- stderr
    error[FLV0422]: cannot pack `site`
      the link `site/notes.txt` leads to `../outside/secret.txt`, outside `site`
    hint: replace the link by a copy, or leave it out with a line in `.flavorignore`
    ");
    assert!(
        refused("../outside", "dir")
            .stderr()
            .contains("leads to `../outside`, outside `site`")
    );
    // Not looked through: that would take minutes, and name what is wrong with the machine.
    assert!(
        refused("/", "all")
            .stderr()
            .contains("the link `site/all` leads to `/`, outside `site`")
    );
    snapshot!(refused("nowhere", "gone"), @"
    exit: 1
    --- stderr
    error[FLV0426]: cannot pack `site`
      the link `site/gone` is broken: `nowhere`
    hint: remove the link, or leave it out with a line in `.flavorignore`
    ");
    assert!(
        refused("round", "round")
            .stderr()
            .contains("the link `site/round` is a loop")
    );
    assert!(
        refused(".", "up")
            .stderr()
            .contains("the link `site/up` is a loop")
    );
    t.call("mkfifo", [t.path("site/pipe")]).success();
    snapshot!(t.flavor(["pack", "site", "-q"]), @"
    exit: 1
    --- stderr
    error[FLV0421]: cannot pack `site`
      `site/pipe` is a device, socket or pipe
    hint: leave it out with a line in `.flavorignore`
    ");
}

#[test]
fn a_project_is_told_what_its_build_brings_from_outside_and_what_it_does_not_see() {
    let t = wheelhouse::project();
    t.file("elsewhere/more.py", "MORE = 1\n");
    t.file("elsewhere/README.md", "");
    symlink("../elsewhere/README.md", t.path("app/README.md")).expect("a link");
    symlink("nowhere", t.path("app/.#lock")).expect("a link");
    let run = t.flavor(["pack", "app"]).success();
    assert!(!run.stderr().contains("warning"), "{run}");
    symlink("../elsewhere/more.py", t.path("app/more.py")).expect("a link");
    symlink("nowhere", t.path("app/gone")).expect("a link");
    let run = t.flavor(["pack", "app"]).success();
    let lines: Vec<&str> = run
        .stderr()
        .lines()
        .filter(|line| !line.starts_with(' '))
        .take(4)
        .collect();
    snapshot!(said(&lines), @"
    warning[FLV0441]: what a link leads to, outside the project, is in the package: more.py
    hint: replace the link by a copy if that is intended, or list it in `.flavorignore`
    warning[FLV0442]: the build does not see unreadable files and dangling links: gone
    hint: remove it, or list it in `.flavorignore`
    ");
}
