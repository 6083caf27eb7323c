//! What must never be seen: private keys, and passwords in the addresses of indexes.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::scene::{FLAVOR, Test, eventually, start};
use crate::wheel_index::{PASSWORD, Server, serve};
use crate::{flavorpack, wheelhouse};

/// Fails when a file below a directory, or what a package consists of, has the password.
#[track_caller]
fn is_in_no_file(t: &Test, directory: &Path) {
    let run = t.call(
        "grep",
        ["-rlaF".as_ref(), PASSWORD.as_ref(), directory.as_os_str()],
    );
    assert_eq!(run.stdout(), "", "the password is in files");
    assert_eq!(run.code(), Some(1), "{run}");
}

#[test]
fn passwords_of_indexes_are_neither_printed_nor_recorded() {
    let uv = flavorpack::uv_directory();
    for tool in ["pip", "uv"] {
        let mut t = wheelhouse::project();
        let (_server, port) = serve(&t);
        t.unset("PIP_FIND_LINKS");
        t.unset("PIP_NO_INDEX");
        t.set("PIP_CACHE_DIR", t.path("downloads/pip"));
        t.set("UV_CACHE_DIR", t.path("downloads/uv"));
        if tool == "uv" {
            t.prepend_path(&uv);
        }
        t.set("FLAVOR_LOG_LEVEL", "trace");
        let url = format!("http://ali:{PASSWORD}@127.0.0.1:{port}/simple");
        t.set("PIP_INDEX_URL", &url);
        let options = [
            "pack",
            "--key-seed",
            "s",
            "--manifest",
            "app",
            "--explain",
            "--output",
            "a.psp",
        ];
        // The index gives nothing to whoever does not have the password.
        let run = t.flavor(options).success();
        for (bytes, what) in [(&run.stdout, "stdout"), (&run.stderr, "stderr")] {
            assert!(
                !String::from_utf8_lossy(bytes).contains(PASSWORD),
                "{tool}: {what}\n{run}"
            );
        }
        assert_eq!(t.call(t.path("a.psp"), [""; 0]).success().line(), "Ahoy");
        t.flavor(["extract-all", "a.psp", "all", "--as-tree"])
            .success();
        t.flavor(["inspect", "--json", "a.psp"]).success();
        is_in_no_file(&t, &t.path("all"));
        is_in_no_file(&t, &t.path("a.psp"));
        is_in_no_file(&t, &t.path("cache"));
        is_in_no_file(&t, &t.path("home"));

        // What goes wrong is told without it as well.
        let url = format!("http://ali:{PASSWORD}@127.0.0.1:{port}/nowhere");
        let run = t.run(
            t.command(FLAVOR)
                .args(options)
                .arg("--no-cache")
                .env("PIP_INDEX_URL", url),
        );
        assert_ne!(run.code(), Some(0), "{run}");
        assert!(!run.to_string().contains(PASSWORD), "{tool}\n{run}");
        is_in_no_file(&t, &t.path("cache"));
    }
}

#[test]
fn a_process_that_has_a_key_leaves_no_core_file() {
    const SOMEBODY: [&str; 3] = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let mut t = Test::new();
    t.file("big", "all work and no play ".repeat(1 << 20));
    t.manifest(&format!(
        "{}\n[[tool.flavor.slots.entries]]\nname = \"big\"\nsource = \"big\"\noperations = [\"xz:9e\"]\n",
        crate::scene::PROBE
    ));
    t.file("probe.sh", "#!/bin/sh\n");
    t.call("chmod", ["-R", "a+rwX", "."]).success();
    t.unset("FLAVOR_CACHE_DIR");
    let copy = t.copy(FLAVOR.as_ref(), "flavor");
    let limited = |words: &[&str]| {
        let mut command = t.command("setpriv");
        command
            .args(SOMEBODY)
            .args(["sh", "-c", "ulimit -c unlimited; exec \"$@\"", "sh"])
            .args(words);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Server(start(&mut command))
    };
    // The kernel gives what it shows of a process to root as soon as it may not be dumped (proc(5)).
    let owner = |child: &Server| {
        Path::new(&format!("/proc/{}/environ", child.0.id()))
            .metadata()
            .map(|it| it.uid())
    };
    let sleep = limited(&["sleep", "60"]);
    eventually("sleep runs as somebody else", || {
        owner(&sleep).is_ok_and(|owner| owner == 65534)
    });

    let pack = [
        copy.to_str().expect("UTF-8"),
        "pack",
        "--no-cache",
        "--key-seed",
        "s",
        "--output",
        "home/x.psp",
    ];
    let mut child = limited(&pack);
    eventually("a key has been read", || {
        owner(&child).is_ok_and(|owner| owner == 0) && !is_shell(&child)
    });
    Command::new("kill")
        .args(["-ABRT", &child.0.id().to_string()])
        .status()
        .expect("kill");
    assert!(!child.0.wait().expect("its end").success());
    let cores: Vec<String> = t
        .names(".")
        .into_iter()
        .filter(|name| name.contains("core"))
        .collect();
    assert_eq!(cores, [""; 0]);
}

/// Whether the child has not got to the program yet.
fn is_shell(child: &Server) -> bool {
    let name = std::fs::read_to_string(format!("/proc/{}/comm", child.0.id())).unwrap_or_default();
    name.trim() != "flavor"
}

/// A server on this machine that has the wheels, for those who know the password or the token.
const FILES: &str = r"
import base64, http.server, os
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition('?')
        known = self.headers.get('Authorization') == 'Basic ' + base64.b64encode(b'ali:open-sesame').decode()
        if not known and query != 'token=open-sesame':
            self.send_response(401)
            self.send_header('WWW-Authenticate', 'Basic realm=files')
            self.end_headers()
            return
        self.path = path
        super().do_GET()
    do_HEAD = do_GET
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
";

/// A project whose wheel says what it requires, as real back ends have it.
fn requiring(t: &Test, requirement: &str, more: &str) {
    crate::project_sources::application(t, "app", &["greeting"], more);
    let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("read");
    t.file(
        "app/pyproject.toml",
        manifest.replace("\"greeting\"", &format!("\"{requirement}\"")),
    );
}

#[test]
fn credentials_in_addresses_of_distributions_are_used_and_kept_nowhere() {
    let uv = flavorpack::uv_directory();
    for tool in ["pip", "uv"] {
        let mut t = crate::project_sources::scene();
        let mut command = t.command("python3");
        command.args(["-c", FILES]).stdout(Stdio::piped());
        let (_server, port) = crate::wheel_index::started(command);
        t.set("PIP_CACHE_DIR", t.path("downloads/pip"));
        t.set("UV_CACHE_DIR", t.path("downloads/uv"));
        if tool == "uv" {
            t.prepend_path(&uv);
        }
        t.set("FLAVOR_LOG_LEVEL", "trace");
        let file = "wheels/greeting-2.0-py3-none-any.whl";
        let with_user = format!("http://ali:{PASSWORD}@127.0.0.1:{port}/{file}");
        let with_token = format!("http://127.0.0.1:{port}/{file}?token={PASSWORD}");
        let sources = format!("[tool.uv.sources]\ngreeting = {{ url = \"{with_user}\" }}\n");
        for (requirement, more) in [
            (format!("greeting @ {with_user}"), ""),
            (format!("greeting @ {with_token}"), ""),
            ("greeting".into(), &*sources),
        ] {
            requiring(&t, &requirement, more);
            let options = [
                "pack",
                "--key-seed",
                "s",
                "--explain",
                "--output",
                "a.psp",
                "app",
            ];
            // It is said again when everything is there already.
            for _ in 0..2 {
                let run = t.flavor(options).success();
                assert!(
                    !run.to_string().contains(PASSWORD),
                    "{tool} {requirement}\n{run}"
                );
                insta::allow_duplicates! { insta::assert_snapshot!(crate::locks::warnings(&run, &t), @"
                warning[FLV0343]: the URL of `greeting` has credentials, which are left out of the package
                hint: keep them out of the project too: in `~/.netrc`, in a keyring, or in a variable that names the index
                ") };
                let run = t
                    .flavor(
                        options
                            .into_iter()
                            .filter(|one| *one != "--explain")
                            .chain(["--json"]),
                    )
                    .success();
                assert!(
                    !run.to_string().contains(PASSWORD),
                    "{tool} {requirement}\n{run}"
                );
                let warnings = run.json()["warnings"].clone();
                assert_eq!(warnings.as_array().map(Vec::len), Some(1), "{warnings}");
                assert_eq!(warnings[0]["code"], "FLV0343");
                assert_eq!(
                    warnings[0]["message"],
                    "the URL of `greeting` has credentials, which are left out of the package"
                );
            }
            assert_eq!(t.call(t.path("a.psp"), [""; 0]).success().line(), "Ahoy");
            t.flavor(["extract-all", "a.psp", "all", "--as-tree"])
                .success();
            for place in ["all", "a.psp", "cache", "home"] {
                is_in_no_file(&t, &t.path(place));
            }
            t.call("rm", ["-rf", "all"]).success();
        }
        // What goes wrong is told without it as well.
        requiring(
            &t,
            &format!(
                "greeting @ http://ali:{PASSWORD}@127.0.0.1:{port}/nowhere/greeting-2.0-py3-none-any.whl"
            ),
            "",
        );
        let run = t.flavor(["pack", "app", "--no-cache"]).fails_with(4);
        assert!(!run.to_string().contains(PASSWORD), "{tool}\n{run}");
        for wrong in [
            "greeting @ http://ali:open-sesame@host/x y",
            "greeting[ @ http://ali:open-sesame@host/x",
        ] {
            requiring(&t, wrong, "");
            let run = t.flavor(["pack", "app"]);
            assert!(
                run.code() != Some(0) && !run.to_string().contains(PASSWORD),
                "{run}"
            );
        }
        let git = format!(
            "[tool.uv.sources]\ngreeting = {{ git = \"http://ali:{PASSWORD}@127.0.0.1:{port}/greeting.git\" }}\n"
        );
        requiring(&t, "greeting", &git);
        let run = t.flavor(["pack", "app"]).fails_with(4);
        assert!(
            run.stderr().contains("error[FLV0336]") && !run.to_string().contains(PASSWORD),
            "{run}"
        );
        is_in_no_file(&t, &t.path("cache"));
    }
}
