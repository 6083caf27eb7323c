//! What an installer makes a distribution of: a requirement, an archive of sources, an address.

use std::path::Path;

use crate::flavorpack;
use crate::inputs::{pack, parameters, runs, wheel};
use crate::scene::Test;
use crate::wheelhouse;

const TOOL: &str =
    "import sys\ndef main():\n    print('tool 1', sys.argv[1:])\ndef aid():\n    print('aid')\n";

/// A place with the distributions `tool` 1.0, which has two scripts and needs `helper`, which has one.
fn tools() -> Test {
    let t = wheelhouse::project();
    add_tool(&t, "1.0", TOOL);
    wheel(
        &t,
        "wheels/helper-3.0-py3-none-any.whl",
        "",
        "helper = helper:main",
        &[("helper.py", "def main():\n    print('helper')\n")],
    );
    wheel(
        &t,
        "wheels/more-1.0-py3-none-any.whl",
        "",
        "",
        &[("more.py", "")],
    );
    t
}

fn add_tool(t: &Test, version: &str, module: &str) {
    let metadata = "Requires-Python: >=3.11\nRequires-Dist: helper\nProvides-Extra: extra\nRequires-Dist: more; extra == 'extra'";
    let commands = "aid = tool:aid\ntool = tool:main";
    wheel(
        t,
        &format!("wheels/tool-{version}-py3-none-any.whl"),
        metadata,
        commands,
        &[("tool.py", module)],
    );
}

fn link(t: &Test, package: &Path, name: &str) -> std::path::PathBuf {
    let path = t.path(name);
    std::os::unix::fs::symlink(package, &path).expect("a link");
    path
}

/// What was said of where it came from.
fn resolved(run: &crate::scene::Run) -> &str {
    run.stderr()
        .lines()
        .find(|line| line.starts_with("resolved "))
        .expect("a line")
}

#[test]
fn a_requirement_is_packed_with_what_it_needs() {
    for uv in [false, true] {
        let mut t = tools();
        if uv {
            t.prepend_path(&flavorpack::uv_directory());
        }
        let run = t.flavor(["pack", "tool==1.0"]).success();
        assert_eq!(resolved(&run), "resolved tool 1.0 from find-links");
        let package = t.path("dist/tool.psp");
        assert_eq!(runs(&t, &package, &["a b"]), "tool 1 ['a b']");
        assert_eq!(runs(&t, &link(&t, &package, "aid"), &[]), "aid");
        assert_eq!(runs(&t, &link(&t, &package, "helper"), &[]), "helper");
        let json = t
            .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
            .silent()
            .json();
        assert_eq!(json["package_metadata"]["version"], "1.0");
        let names: Vec<_> = json["entry_points"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| &one["name"])
            .collect();
        assert_eq!(names, ["tool", "aid", "helper"]);
        let made = parameters(&t, &package);
        assert_eq!(made["externalParameters"]["requirement"], "tool==1.0");
        assert_eq!(made["externalParameters"]["input"], "requirement");
        let materials = made["resolvedDependencies"]
            .as_array()
            .expect("a list")
            .clone();
        let archive = materials
            .iter()
            .find(|one| one["name"] == "requirement")
            .expect("the archive");
        assert_eq!(archive["uri"], "pkg:pypi/tool@1.0");
        // Once more: nothing is resolved and nothing written.
        let again = t.flavor(["pack", "--json", "tool==1.0"]).success().json();
        assert_eq!(
            (&again["fresh"], &again["resolved"]["version"]),
            (&true.into(), &"1.0".into())
        );
        assert!(
            again["steps"]
                .as_array()
                .expect("a list")
                .iter()
                .all(|step| step["reused"] == true),
            "{again}"
        );
        t.flavor(["pack", "--quiet", "tool==1.0", "--offline"])
            .success();
        t.flavor(["pack", "--quiet", "tool==1.0", "--check-reproducible"])
            .success();
        t.flavor(["verify", "dist/tool.psp", "--rebuild", "tool==1.0"])
            .success();
    }
}

#[test]
fn a_name_extras_and_a_choice_of_scripts() {
    let t = tools();
    let package = pack(&t, &["tool", "--script", "helper", "-o", "h.psp"]);
    assert_eq!(runs(&t, &package, &[]), "helper");
    assert_eq!(
        parameters(&t, &package)["externalParameters"]["options"]["script"],
        "helper"
    );
    t.flavor(["verify", "h.psp", "--rebuild", "tool"]).success();
    // The file by the package's name is the package; a link by a script's name is that script.
    let package = pack(&t, &["tool", "--script", "helper"]);
    assert_eq!(runs(&t, &package, &[]), "helper");
    assert_eq!(runs(&t, &link(&t, &package, "home/tool"), &[]), "tool 1 []");
    let run = t
        .flavor(["pack", "tool", "--entry-point", "tool:aid", "-o", "e.psp"])
        .success();
    assert!(
        run.stderr()
            .contains("no file `tool`: using the distribution of that name"),
        "{run}"
    );
    assert_eq!(runs(&t, &t.path("e.psp"), &[]), "aid");
    for words in [
        &["Tool[extra]>=1,<2"][..],
        &["tool >= 1", "--extra", "extra"],
    ] {
        let listed = t
            .flavor(["pack", "--list-files", "--quiet"].iter().chain(words))
            .success();
        assert!(
            listed.stdout().contains("site-packages/more.py"),
            "{words:?}\n{listed}"
        );
    }
    // A newer one is taken when it is asked for, or when the directory of wheels has changed.
    add_tool(&t, "2.0", &TOOL.replace("tool 1", "tool 2"));
    let run = t.flavor(["pack", "tool"]).success();
    assert_eq!(resolved(&run), "resolved tool 2.0 from find-links");
    assert_eq!(runs(&t, &t.path("dist/tool.psp"), &[]), "tool 2 []");
}

#[test]
fn what_cannot_be_meant_is_said() {
    let t = tools();
    wheel(
        &t,
        "wheels/tools-1.0-py3-none-any.whl",
        "",
        "one = x:y\ntwo = x:y",
        &[("x.py", "def y(): pass\n")],
    );
    wheel(
        &t,
        "wheels/none-1.0-py3-none-any.whl",
        "",
        "",
        &[("none.py", "")],
    );
    snapshot!(t.flavor(["pack", "-q", "tools"]), @"
    exit: 1
    --- stderr
    error[FLV0272]: cannot pack `tools`
      `tools` has 2 scripts, and none of its own name
    hint: choose one with `--script`: one, two
    ");
    snapshot!(t.flavor(["pack", "-q", "tools", "--script", "oen"]), @"
    exit: 1
    --- stderr
    error[FLV0271]: cannot pack `tools`
      `--script` is not a script in the package: oen
    hint: did you mean `one`?
    ");
    snapshot!(t.flavor(["pack", "-q", "tools==1.0", "--script", "nothing-like-it"]), @"
    exit: 1
    --- stderr
    error[FLV0271]: cannot pack `tools==1.0`
      `--script` is not a script in the package: nothing-like-it
    hint: the scripts are: one, two
    ");
    snapshot!(t.flavor(["pack", "-q", "none"]), @"
    exit: 1
    --- stderr
    error[FLV0272]: cannot pack `none`
      `none` has no scripts
    hint: name a module or a function: `--entry-point pkg.cli:main`
    ");
    snapshot!(t.flavor(["pack", "-q", "tools; python_version < '3'"]), @"
    exit: 1
    --- stderr
    error[FLV0360]: cannot pack `tools; python_version < '3'`
      `tools; python_version < '3'` does not apply to this interpreter
    hint: its marker is false: remove it, or choose another Python with `--python`
    ");
    snapshot!(t.flavor(["pack", "-q", "rich=>13"]), @r#"
    exit: 2
    --- stderr
    error[FLV0274]: `rich=>13` does not exist and is not a valid requirement: no such comparison operator "=>", must be one of ~= == != <= >= < > ===
    hint: a requirement looks like `NAME==VERSION`, `NAME[EXTRA]>=VERSION` or `NAME @ URL`
    "#);
    snapshot!(t.flavor(["pack", "-q", "./tools"]), @"
    exit: 2
    --- stderr
    error[FLV0234]: `./tools` does not exist
    hint: name a project, a script, a wheel, an archive of sources, a directory of modules, or a requirement such as `NAME==VERSION`
    ");
    t.file("hello.py", "print(1)\n");
    snapshot!(t.flavor(["pack", "-q", "helo"]), @"
    exit: 2
    --- stderr
    error[FLV0273]: `helo` does not exist, but `hello.py` does
    hint: did you mean `hello.py`? A distribution from the index is named with a version: `helo==VERSION`
    ");
    snapshot!(t.flavor(["pack", "-q", "https://user:secret@localhost:1/x.tar.gz", "--extra", "y"]), @"
    exit: 2
    --- stderr
    error[FLV0274]: `https://****@localhost:1/x.tar.gz` does not exist and is not a valid requirement: extras need a name: `NAME[y] @ https://****@localhost:1/x.tar.gz`
    hint: a requirement looks like `NAME==VERSION`, `NAME[EXTRA]>=VERSION` or `NAME @ URL`
    ");
    // A file that is there is meant, whatever the index has.
    t.file("tools/__main__.py", "print('mine')\n");
    assert_eq!(runs(&t, &pack(&t, &["tools"]), &[]), "mine");
}

/// An archive of the project `offline`'s sources, and a repository of it with the tag `v1`.
fn sources(t: &Test) {
    t.call("cp", ["-r", "app", "offline-1.0"]).success();
    t.file(
        "offline-1.0/PKG-INFO",
        "Metadata-Version: 2.1\nName: offline\nVersion: 1.0\n",
    );
    t.call("tar", ["czf", "a dir/offline-1.0.tar.gz", "offline-1.0"])
        .success();
    t.call("tar", ["czf", "v1.0.tar.gz", "offline-1.0"])
        .success();
    let script = "mkdir repo && cp -r app repo/sub && cd repo && git init -q && git add . && \
        git -c user.name=a -c user.email=a@b commit -qm one && git -c user.name=a -c user.email=a@b tag -am one v1";
    t.call("sh", ["-c", script]).success();
}

#[test]
fn sources_become_a_package_wherever_they_are() {
    for uv in [false, true] {
        let mut t = wheelhouse::project();
        if uv {
            t.prepend_path(&flavorpack::uv_directory());
        }
        std::fs::create_dir(t.path("a dir")).expect("a directory");
        sources(&t);
        let package = pack(&t, &["a dir/offline-1.0.tar.gz"]);
        assert_eq!(
            package,
            t.path("a dir/dist/offline.psp")
                .canonicalize()
                .expect("a package")
        );
        assert_eq!(runs(&t, &package, &[]), "Ahoy");
        let made = parameters(&t, &package);
        assert_eq!(
            made["externalParameters"]["requirement"],
            "offline-1.0.tar.gz"
        );
        // The name is the metadata's, not the file's.
        let root = t.root().display().to_string();
        for input in [
            "v1.0.tar.gz".to_owned(),
            format!("file://{root}/v1.0.tar.gz"),
            format!("offline @ file://{root}/v1.0.tar.gz"),
        ] {
            let run = t.flavor(["pack", &input]).success();
            assert_eq!(
                resolved(&run),
                format!("resolved offline 1.0 from {root}/v1.0.tar.gz")
            );
            assert_eq!(run.line(), "./dist/offline.psp");
        }
        let commit = t
            .call("git", ["-C", "repo", "rev-parse", "v1^{commit}"])
            .success()
            .line()
            .to_owned();
        let input = format!("git+file://{root}/repo@v1#subdirectory=sub");
        let json = t.flavor(["pack", "--json", &input]).success().json();
        assert_eq!(json["resolved"]["commit"], commit.as_str());
        let package = t.path("dist/offline.psp");
        assert_eq!(runs(&t, &package, &[]), "Ahoy");
        let text = parameters(&t, &package).to_string();
        assert!(text.contains(&commit) && !text.contains(&root), "{text}");
        t.flavor(["pack", "--quiet", &input, "--check-reproducible"])
            .success();
        // What is installed says nothing of where it was built.
        t.flavor(["extract-all", "dist/offline.psp", "out"])
            .success();
        let found = t.call("grep", ["-rlF", &root, "out"]);
        assert_eq!(found.stdout(), "", "{found}");
    }
}
