//! `flavor doctor`, `flavor helpers` and `flavor config`: what is here, what is wrong with it, and who has said so.

use std::os::unix::fs::PermissionsExt;

use crate::interpreter::Interpreter;
use crate::scene::Test;

fn finding(value: &serde_json::Value, check: &str) -> serde_json::Value {
    let all = value["findings"].as_array().expect("findings");
    all.iter()
        .find(|one| one["check"] == check)
        .unwrap_or_else(|| panic!("no {check} in {value:#}"))
        .clone()
}

/// Scenery with an interpreter for the doctor to find.
fn scene() -> Test {
    let mut t = Test::new();
    let python = Interpreter::Pyenv(13).executable();
    t.prepend_path(python.parent().expect("its directory"));
    t
}

#[test]
fn a_machine_that_is_well() {
    let t = scene();
    let run = t.flavor(["doctor", "--json"]).success();
    let value = run.json();
    assert_eq!(value["ok"], true, "{run}");
    for check in [
        "interpreter",
        "installer",
        "settings",
        "signing key",
        "trust store",
        "policy",
        "cache",
        "disk",
        "launcher",
    ] {
        assert_ne!(finding(&value, check)["state"], "fail", "{check}\n{run}");
    }
    assert!(
        finding(&value, "interpreter")["text"]
            .as_str()
            .expect("text")
            .starts_with("CPython 3.")
    );
    let glibc = finding(&value, "glibc");
    assert!(
        glibc["text"]
            .as_str()
            .expect("text")
            .starts_with("the interpreter needs glibc 2."),
        "{run}"
    );
    assert!(
        glibc["remedy"]
            .as_str()
            .expect("a remedy")
            .contains("uv python install"),
        "{run}"
    );
    assert_eq!(t.flavor(["doctor"]).success().stderr(), "");
}

#[test]
fn what_is_wrong_is_found_and_has_a_remedy() {
    let mut t = scene();
    t.file(
        "home/.config/flavor/config.toml",
        "[cache]\nretain = \"few\"\n",
    );
    t.file("home/.config/flavor/policy.json", "{}");
    t.file("home/.config/flavor/keys/flavor-private.key", "nonsense");
    t.file("home/.config/flavor/trusted-keys/bad.pub", "nonsense");
    t.set("FLAVOR_CACHE_DIR", "/sys/kernel");
    t.set("PATH", "/usr/bin:/bin");
    t.set("PYENV_ROOT", "/nowhere");
    let run = t.flavor(["doctor", "--json"]).fails_with(1);
    let value = run.json();
    assert_eq!(value["ok"], false);
    for (check, code) in [
        ("settings", "FLV0107"),
        ("signing key", "FLV0501"),
        ("policy", "FLV0705"),
        ("cache", "FLV0802"),
    ] {
        let found = finding(&value, check);
        assert_eq!(
            (found["state"].as_str(), found["code"].as_str()),
            (Some("fail"), Some(code)),
            "{check}\n{run}"
        );
        assert!(found["remedy"].is_string(), "{check}\n{run}");
    }
    assert_eq!(finding(&value, "trust store")["state"], "warn");
    let run = t.flavor(["doctor"]).fails_with(1);
    assert!(run.stdout().contains("fail  signing key"), "{run}");
    // A key that others can read is no secret.
    let keys = t.flavor(["keygen", "--out-dir", "other"]).silent();
    let key = keys.stdout().lines().next().expect("the key");
    std::fs::set_permissions(t.path(key), std::fs::Permissions::from_mode(0o644)).expect("mode");
    t.set("FLAVOR_PRIVATE_KEY", t.path(key));
    let run = t.flavor(["doctor", "--json"]);
    assert_eq!(
        finding(&run.json(), "signing key")["state"],
        "warn",
        "{run}"
    );
    // The first pack could not make one where nothing can be written.
    t.unset("FLAVOR_PRIVATE_KEY");
    t.set("FLAVOR_CONFIG_DIR", "/sys/kernel/settings");
    let run = t.flavor(["doctor", "--json"]);
    assert_eq!(
        finding(&run.json(), "signing key")["state"],
        "warn",
        "{run}"
    );
}

#[test]
fn launchers_are_listed_described_and_tried() {
    let mut t = Test::new();
    assert_eq!(
        t.flavor(["helpers", "list", "--json"]).silent().json()["helpers"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    // Where FlavorPack has them.
    t.set("VIRTUAL_ENV", crate::flavorpack::environment());
    let listed = t.flavor(["helpers", "list", "--json"]).silent().json();
    let tools: Vec<&str> = listed["helpers"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["tool"].as_str())
        .collect();
    assert_eq!(tools, ["flavor", "FlavorPack", "FlavorPack"]);
    let theirs = listed["helpers"][2]["name"].as_str().expect("a name");
    assert!(theirs.contains("rs-launcher"), "{listed:#}");
    for name in ["flavor", theirs] {
        let value = t
            .flavor(["helpers", "info", name, "--json"])
            .silent()
            .json();
        assert_eq!(
            (&value["runs"], &value["target"]),
            (&true.into(), &"linux-x86_64".into()),
            "{value:#}"
        );
        t.flavor(["helpers", "test", name]).silent();
    }
    assert_eq!(
        t.flavor(["helpers", "info", theirs, "--json"])
            .silent()
            .json()["version"],
        "0.5.4"
    );
    // One that is a launcher by its texts, and does not run.
    t.executable("broken", broken_launcher());
    let run = t.flavor(["helpers", "test", "broken"]).fails_with(1);
    assert!(
        run.stdout()
            .starts_with("broken: a test package with it failed"),
        "{run}"
    );
    snapshot!(t.flavor(["helpers", "info", "nothing"]), @"
    exit: 2
    --- stderr
    error[FLV0103]: `nothing` is neither an available launcher nor a file
    hint: `flavor helpers list` lists the available ones
    ");
}

/// An executable with the mark of a launcher that does nothing.
fn broken_launcher() -> Vec<u8> {
    let mut bytes = std::fs::read("/bin/true").expect("a program");
    bytes.extend_from_slice(b"FLAVOR_WORKENV_CACHE");
    bytes
}

#[test]
fn every_setting_says_where_it_comes_from() {
    let mut t = Test::new();
    t.file(
        "home/.config/flavor/config.toml",
        "# mine\n[cache]\nretain = 5\nmax-sise = \"1GB\"\n",
    );
    t.set("FLAVOR_JOBS", "3");
    t.set("PIP_INDEX_URL", "https://me:secret@index.example/simple");
    let run = t
        .flavor(["config", "--show-origin", "--color", "never"])
        .success();
    let lines: Vec<String> = run
        .stdout()
        .lines()
        .map(|line| line.replace(&*t.root().to_string_lossy(), "[ROOT]"))
        .collect();
    for line in [
        "file:[ROOT]/home/.config/flavor/config.toml:3\tcache.retain=5",
        "default\tcache.max-size=10.7 GB",
        "environment:FLAVOR_CACHE_DIR\tcache.directory=[ROOT]/cache",
        "environment:FLAVOR_JOBS\tpack.jobs=3",
        "environment:HOME\tconfig.directory=[ROOT]/home/.config/flavor",
        "environment:PIP_INDEX_URL\tinstaller.PIP_INDEX_URL=https://****@index.example/simple",
        "command line:--color\toutput.color=never",
        "default\tpack.source-date-epoch=0",
    ] {
        assert!(lines.contains(&line.into()), "{line}\n{lines:#?}");
    }
    assert!(
        run.stderr()
            .contains("config.toml:4: `cache.max-sise` is not a known setting"),
        "{run}"
    );
    assert!(
        run.stderr().contains("did you mean `cache.max-size`?"),
        "{run}"
    );
    assert_eq!(
        t.flavor(["-q", "config", "cache.retain"]).silent().line(),
        "cache.retain=5"
    );
    snapshot!(t.flavor(["-q", "config", "pack.jbos"]), @"
    exit: 2
    --- stderr
    error[FLV0103]: no setting begins with `pack.jbos`
    hint: did you mean `pack.jobs`?
    ");
    snapshot!(t.flavor(["-q", "config", "nonsense"]), @"
    exit: 2
    --- stderr
    error[FLV0103]: no setting begins with `nonsense`
    hint: `flavor config` lists all settings
    ");
    // Known, and not set.
    assert_eq!(
        t.flavor(["-q", "config", "installer.UV_INDEX"])
            .silent()
            .stdout(),
        ""
    );
    let value = t
        .flavor(["-q", "config", "pack.jobs", "--json"])
        .silent()
        .json();
    assert_eq!(value["settings"][0]["origin"], "environment:FLAVOR_JOBS");
}

#[test]
fn the_project_an_option_and_a_variable_set_the_same_thing() {
    let mut t = Test::new();
    t.file(
        "pyproject.toml",
        "[project]\nname = \"app\"\nversion = \"1\"\n[tool.flavor.execution]\ncommand = [\"/bin/true\"]\n\
         [tool.flavor.build]\ncompress = 7\noffline = true\nslim = [\"tests\"]\nindex_url = \"https://me:secret@index.example\"\n\
         [tool.flavor.python]\nversion = \"3.12\"\n",
    );
    let shown = |t: &Test, name: &str| {
        let run = t.flavor(["-q", "config", "--show-origin", name]).silent();
        run.stdout().trim_end().to_owned()
    };
    for (name, row) in [
        ("pack.compress", "manifest:pyproject.toml\tpack.compress=7"),
        ("pack.offline", "manifest:pyproject.toml\tpack.offline=true"),
        ("pack.slim", "manifest:pyproject.toml\tpack.slim=tests"),
        ("pack.python", "manifest:pyproject.toml\tpack.python=3.12"),
        (
            "pack.index-url",
            "manifest:pyproject.toml\tpack.index-url=https://****@index.example",
        ),
        ("pack.strip", "default\tpack.strip=false"),
        ("output.json", "default\toutput.json=false"),
    ] {
        assert_eq!(shown(&t, name), row);
    }
    t.set("FLAVOR_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----");
    assert_eq!(
        shown(&t, "pack.private-key"),
        "environment:FLAVOR_PRIVATE_KEY\tpack.private-key=****"
    );
    for value in ["0", "many", "-1"] {
        t.set("FLAVOR_JOBS", value);
        for command in ["config", "pack"] {
            let failed = t.flavor([command]).fails_with(2);
            let said = format!("error[FLV0105]: FLAVOR_JOBS is not a positive number: {value}");
            assert!(failed.stderr().contains(&said), "{failed}");
        }
    }
    t.flavor(["pack", "--jobs", "1"])
        .fails_with(1)
        .stderr()
        .contains("not a valid key");
}

#[test]
fn settings_that_cannot_be_read_stop_no_start() {
    let t = Test::new();
    let package = t.script("echo started").pack();
    let path = "home/.config/flavor/config.toml";
    t.file(path, "# mine\n[cache\nretain = 5\n");
    assert_eq!(t.call(&package, [""; 0]).silent().line(), "started");
    let run = t.flavor(["config"]);
    snapshot!(run, @r#"
    exit: 1
    --- stderr
    error[FLV0111]: cannot read the settings
      [ROOT]/home/.config/flavor/config.toml:2:7: unclosed table, expected `]`
        |
      2 | [cache
        |       ^
    hint: correct the line, as in `max-size = "20GB"` below `[cache]`
    "#);
    assert_eq!(
        t.flavor(["workenv", "info"]).fails_with(1).stderr(),
        run.stderr()
    );
    t.file(
        path,
        "\u{feff}cache = { retain = 5, \"max-size\" = '1GB' } # mine\r\n",
    );
    let run = t.flavor(["config", "--show-origin", "cache"]).silent();
    let origin = format!("file:{}:1\t", t.path(path).display());
    assert!(
        run.stdout().contains(&format!(
            "{origin}cache.max-size=1.0 GB\n{origin}cache.retain=5\n"
        )),
        "{run}"
    );
}
