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
    let run = t.call("grep", ["-rlaF".as_ref(), PASSWORD.as_ref(), directory.as_os_str()]);
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
        let options = ["pack", "--key-seed", "s", "--manifest", "app", "--explain", "--output", "a.psp"];
        // The index gives nothing to whoever does not have the password.
        let run = t.flavor(options).success();
        for (bytes, what) in [(&run.stdout, "stdout"), (&run.stderr, "stderr")] {
            assert!(!String::from_utf8_lossy(bytes).contains(PASSWORD), "{tool}: {what}\n{run}");
        }
        assert_eq!(t.call(t.path("a.psp"), [""; 0]).success().line(), "Ahoy");
        t.flavor(["extract-all", "a.psp", "all", "--as-tree"]).success();
        t.flavor(["inspect", "--json", "a.psp"]).success();
        is_in_no_file(&t, &t.path("all"));
        is_in_no_file(&t, &t.path("a.psp"));
        is_in_no_file(&t, &t.path("cache"));
        is_in_no_file(&t, &t.path("home"));

        // What goes wrong is told without it as well.
        let url = format!("http://ali:{PASSWORD}@127.0.0.1:{port}/nowhere");
        let run = t.run(t.command(FLAVOR).args(options).arg("--no-cache").env("PIP_INDEX_URL", url));
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
        command.args(SOMEBODY).args(["sh", "-c", "ulimit -c unlimited; exec \"$@\"", "sh"]).args(words);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Server(start(&mut command))
    };
    // The kernel gives what it shows of a process to root as soon as it may not be dumped (proc(5)).
    let owner = |child: &Server| Path::new(&format!("/proc/{}/environ", child.0.id())).metadata().map(|it| it.uid());
    let sleep = limited(&["sleep", "60"]);
    eventually("sleep runs as somebody else", || owner(&sleep).is_ok_and(|owner| owner == 65534));

    let pack = [copy.to_str().expect("UTF-8"), "pack", "--no-cache", "--key-seed", "s", "--output", "home/x.psp"];
    let mut child = limited(&pack);
    eventually("a key has been read", || owner(&child).is_ok_and(|owner| owner == 0) && !is_shell(&child));
    Command::new("kill").args(["-ABRT", &child.0.id().to_string()]).status().expect("kill");
    assert!(!child.0.wait().expect("its end").success());
    let cores: Vec<String> = t.names(".").into_iter().filter(|name| name.contains("core")).collect();
    assert_eq!(cores, [""; 0]);
}

/// Whether the child has not got to the program yet.
fn is_shell(child: &Server) -> bool {
    let name = std::fs::read_to_string(format!("/proc/{}/comm", child.0.id())).unwrap_or_default();
    name.trim() != "flavor"
}
