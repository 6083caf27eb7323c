//! The examples pack and run.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use crate::fixture::{self, Package};
use crate::interpreter::Interpreter;
use crate::scene::{Test, eventually, start};

#[track_caller]
fn greets(package: &Package, interpreter: Interpreter) {
    let t = Test::new();
    let greeting = "╭──── hello ────╮\n│ Hello, world! │\n╰───────────────╯\n";
    for _ in ["cold", "warm"] {
        assert_eq!(t.call(&package.path, ["world"]).silent().stdout(), greeting);
    }
    assert_eq!(
        t.call(&package.path, ["--version"]).silent().line(),
        "hello, version 1.0.0"
    );
    let inspected = t
        .flavor([
            "inspect".as_ref(),
            "--json".as_ref(),
            package.path.as_os_str(),
        ])
        .success()
        .json();
    assert_eq!(inspected["runtime"]["version"], interpreter.version());
    // The interpreter in the package, not the one it was made from: that one's libraries are out of reach.
    let traced = t.call(
        "sh",
        [
            "-c".to_owned(),
            format!(
                "exec strace -f -e trace=openat,execve -o trace {} world",
                package.path.display()
            ),
        ],
    );
    traced.success();
    let trace = std::fs::read_to_string(t.path("trace")).expect("a trace");
    let opened = trace.lines().filter(|line| !line.contains("ENOENT"));
    let foreign: Vec<_> = opened
        .filter(|line| line.contains(".pyenv/") || line.contains("/lib/python3"))
        .filter(|line| !line.contains("/cache/v2/slots/") && !line.contains("/cache/v2/workenv/"))
        .collect();
    assert!(
        foreign.is_empty(),
        "the program reads from another Python: {foreign:#?}"
    );
}

#[test]
fn hello_by_cpython_3_11() {
    greets(
        fixture::hello_by(Interpreter::Pyenv(11)),
        Interpreter::Pyenv(11),
    );
}

#[test]
fn hello_by_cpython_3_12() {
    greets(
        fixture::hello_by(Interpreter::Pyenv(12)),
        Interpreter::Pyenv(12),
    );
}

#[test]
fn hello_by_cpython_3_13() {
    greets(
        fixture::hello_by(Interpreter::Pyenv(13)),
        Interpreter::Pyenv(13),
    );
}

#[test]
fn hello_by_the_system_python() {
    greets(fixture::hello_by(Interpreter::System), Interpreter::System);
}

#[test]
fn hello_by_an_interpreter_of_uv() {
    greets(
        fixture::hello_by(Interpreter::Managed),
        Interpreter::Managed,
    );
    let said = fixture::hello_by(Interpreter::Managed).run.stderr();
    assert!(said.contains("/uv/python/cpython-3.13."), "{said}");
    assert!(said.contains("by uv"), "{said}");
}

#[test]
fn a_python_program_finds_itself_in_an_ordinary_virtual_environment() {
    let mut t = Test::new();
    t.file("project/demo/__init__.py", "");
    t.file("project/demo/__main__.py", r#"
import json, os, subprocess, sys, sysconfig
from importlib.metadata import version
child = subprocess.run([sys.executable, "-c", "import click, sys; print(sys.prefix)"], capture_output=True, text=True)
def main():
    print(json.dumps({
        "prefix": sys.prefix, "base": sys.base_prefix, "executable": sys.executable, "argv": sys.argv, "pid": os.getpid(),
        "isolated": sys.flags.isolated, "version": version("demo"), "child": child.stdout.strip(), "site": sysconfig.get_path("purelib"),
        "listed": sorted(os.listdir(os.path.dirname(sys.executable))),
    }))
"#);
    t.file(
        "project/pyproject.toml",
        r#"
[build-system]
requires = ["setuptools>=69"]
build-backend = "setuptools.build_meta"
[project]
name = "demo"
version = "0.3.0"
requires-python = ">=3.11"
dependencies = ["click"]
[project.scripts]
demo = "demo.__main__:main"
"#,
    );
    t.set("FLAVOR_CACHE_DIR", fixture::directory().join("cache"));
    let package = t.pack_with(&["--manifest", "project"]);
    t.set("FLAVOR_CACHE_DIR", t.path("cache"));
    let run = t.call(&package, ["one"]).silent();
    let facts = run.json();
    let prefix = Path::new(facts["prefix"].as_str().expect("text"));
    assert_eq!(prefix.parent(), Some(&*t.path("cache/v2/workenv")));
    assert_ne!(facts["base"], facts["prefix"]);
    assert_eq!(facts["child"], facts["prefix"]);
    assert_eq!(
        facts["executable"].as_str(),
        prefix.join("bin/python").to_str()
    );
    assert_eq!(
        facts["site"].as_str(),
        prefix.join("lib/python3.13/site-packages").to_str()
    );
    assert_eq!(
        facts["argv"],
        serde_json::json!([prefix.join("bin/demo"), "one"])
    );
    assert_eq!(facts["pid"], run.pid);
    assert_eq!(facts["version"], "0.3.0");
    let listed = facts["listed"].as_array().expect("names");
    for name in ["demo", "python", "python3", "python3.13"] {
        assert!(listed.contains(&name.into()), "{name} in {listed:?}");
    }
}

#[test]
fn several_names_start_several_scripts() {
    let t = Test::new();
    let package = &fixture::httpie().path;
    let link = |name: &str| {
        std::os::unix::fs::symlink(package, t.path(name)).expect("a link");
        t.path(name)
    };
    let http = t.call(package, ["--version"]).silent();
    assert_eq!(
        t.call(t.copy(package, "any-other-name"), ["--version"])
            .silent()
            .stdout(),
        http.stdout()
    );
    assert!(
        t.call(link("unknown"), ["--version"])
            .fails_with(105)
            .stderr()
            .contains("http, httpie, https")
    );
    let https = t.call(link("https"), ["--offline", "example.org"]).silent();
    assert!(https.stdout().contains("Host: example.org"), "{https}");
    let manager = t.call(link("httpie"), ["--help"]).success();
    assert!(manager.stdout().contains("cli"), "{manager}");
    assert!(manager.stdout().starts_with("usage: httpie "), "{manager}");
}

#[test]
fn httpie_tells_its_version_and_talks_to_a_server() {
    let t = Test::new();
    let package = &fixture::httpie().path;
    let version = t.call(package, ["--version"]).silent().line().to_owned();
    assert!(version.starts_with("3."), "{version}");

    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !request.ends_with(b"{\"name\": \"value\"}") {
            let count = stream.read(&mut buffer).expect("a request");
            assert!(count > 0, "the request is cut short");
            request.extend_from_slice(&buffer[..count]);
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nyes")
            .expect("an answer");
        String::from_utf8(request).expect("UTF-8")
    });
    let url = format!("http://127.0.0.1:{port}/path");
    let run = t
        .call(
            package,
            ["--ignore-stdin", "--body", "POST", &url, "name=value"],
        )
        .silent();
    assert_eq!(run.line(), "yes");
    let request = server.join().expect("the server");
    assert!(request.starts_with("POST /path HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("HTTPie/{version}")), "{request}");
}

#[test]
fn report_prints_a_table_from_its_own_slot() {
    let t = Test::new();
    let package = &fixture::report().path;
    let run = t.call(package, ["--by", "region"]).silent();
    insta::assert_snapshot!(run.stdout(), @"
    quarter        Q1        Q2        Q3        Q4      total    spread
    region                                                              
    east     8,190.90  8,429.70  7,140.40 14,578.90  38,339.90  7,438.50
    north   12,080.50 11,666.10  7,230.50  5,904.80  36,881.90  6,175.70
    south    8,854.90  8,749.40  9,265.80  8,048.30  34,918.40  1,217.50
    west     7,510.20  9,658.40  8,804.50 11,858.70  37,831.80  4,348.50
    all     36,636.50 38,503.60 32,441.20 40,390.70 147,972.00 19,180.20
    ");
    assert_eq!(
        t.call(package, ["--version"]).silent().line(),
        "report 1.0.0"
    );
}

#[test]
fn report_names_the_slot_with_its_table() {
    let t = Test::new();
    let inspected = t
        .flavor([
            "inspect".as_ref(),
            "--json".as_ref(),
            fixture::report().path.as_os_str(),
        ])
        .success()
        .json();
    let names: Vec<_> = inspected["slots"]
        .as_array()
        .expect("slots")
        .iter()
        .map(|slot| &slot["name"])
        .collect();
    assert_eq!(names, ["runtime", "deps", "app", "data", "_attestation"]);
}

#[test]
fn tool_needs_no_python() {
    let t = Test::new();
    let package = &fixture::tool().path;
    snapshot!(t.call(package, ["count"]).silent(), @"
    exit: 0
    --- stdout
    colours 6
    fruits 8
    total 14
    ");
    assert_eq!(t.call(package, ["--version"]).silent().line(), "tool 1.0.0");
    let motd =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tool/motd"))
            .expect("motd");
    assert_eq!(t.call(package, ["motd"]).silent().stdout(), motd);
    snapshot!(t.call(package, [""; 0]), @"
    exit: 2
    --- stderr
    usage: tool count | motd | cat NAME | --version
    ");
}

#[test]
fn packing_tool_says_what_it_did() {
    snapshot!(fixture::tool().run, @"
    exit: 0
    --- stdout
    [ROOT]/tool/dist/tool.psp
    --- stderr
           slots  4 encoded with [N] jobs ([TIME])
            sign  [DIGEST] ([TIME])
           write  [ROOT]/tool/dist/tool.psp ([TIME])
          verify  [SIZE], every byte ([TIME])
        clean up  working files removed ([TIME])
             bin  [SIZE] → [SIZE], 1 file, raw
           words  [SIZE] → [SIZE], 2 files, tar.xz
           texts  [SIZE] → [SIZE], 2 files, tar.gz
            motd  [SIZE] → [SIZE], 1 file, raw
    runs on any Linux
    packed tool 1.0.0: [SIZE], signed by [DIGEST], in [TIME]
    build cache: 0 of 4 steps reused (0 %), [SIZE], digest [DIGEST]
    next: [ROOT]/tool/dist/tool.psp --help
    ");
}

#[test]
fn packing_hello_says_what_it_did() {
    let run = &fixture::hello().run;
    let said = run.stderr();
    for part in [
        "interpreter  CPython 3.13.",
        "runtime  ",
        "deps  ",
        "app  hello 1.0.0",
        "bytecode  ",
        "packed hello 1.0.0: ",
        "needs glibc 2.",
    ] {
        assert!(said.contains(part), "`{part}` in\n{said}");
    }
}

#[test]
fn service_passes_its_own_check() {
    let t = Test::new();
    let run = t.call(&fixture::service().path, ["selfcheck"]).success();
    let answers = run.json();
    assert_eq!(answers["ok"], true, "{run}");
}

#[test]
fn service_answers_on_a_port() {
    let t = Test::new();
    let package = &fixture::service().path;
    let mut command = t.command(package);
    command
        .args(["--port", "0", "--once"])
        .stdout(std::fs::File::create(t.path("out")).expect("a file"))
        .stderr(Stdio::piped());
    let child = start(&mut command);
    let said = || std::fs::read_to_string(t.path("out")).unwrap_or_default();
    eventually("the service listens", || said().ends_with('\n'));
    let text = said();
    let address = text
        .trim()
        .strip_prefix("listening on http://")
        .expect("an address");
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    stream
        .write_all(
            format!("GET /version HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
                .as_bytes(),
        )
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("\"version\": \"1.0.0\""), "{answer}");
    assert!(child.wait_with_output().expect("its end").status.success());
}

#[test]
fn a_python_program_writes_nothing_into_the_cache() {
    let t = Test::new();
    let package = &fixture::service().path;
    t.call(package, ["selfcheck"]).success();
    let before = (t.listing("cache/v2/slots"), t.listing("cache/v2/workenv"));
    assert!(
        before.0.contains(".pyc"),
        "the bytecode comes with the package"
    );
    t.call(package, ["selfcheck"]).success();
    assert!(
        (t.listing("cache/v2/slots"), t.listing("cache/v2/workenv")) == before,
        "something was written"
    );
}

#[test]
fn every_module_comes_with_bytecode_that_is_not_checked() {
    let t = Test::new();
    t.call(&fixture::hello().path, ["--version"]).silent();
    let names = t.names("cache/v2/slots");
    let modules = names.iter().filter(|name| {
        Path::new(name)
            .extension()
            .is_some_and(|ending| ending == "py")
            && !name.contains("/bin/")
    });
    let without: Vec<_> = modules
        .filter(|name| {
            let path = Path::new(name);
            let stem = path.file_stem().expect("a stem").to_string_lossy();
            let cached = path
                .with_file_name("__pycache__")
                .join(format!("{stem}.cpython-313.pyc"));
            !names.contains(&cached.to_string_lossy().into_owned())
        })
        .collect();
    assert!(without.is_empty(), "{without:?}");
    let pyc = names
        .iter()
        .find(|name| name.ends_with("/click/__pycache__/core.cpython-313.pyc"))
        .expect("click");
    let bytes = std::fs::read(t.path("cache/v2/slots").join(pyc)).expect("bytecode");
    assert_eq!(bytes[4..8], [1, 0, 0, 0], "hash-based, unchecked");
}

#[test]
fn the_packages_stay_within_their_sizes() {
    let t = Test::new();
    let package = &fixture::hello().path;
    let inspected = t
        .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
        .success()
        .json();
    let size = |value: &serde_json::Value| value.as_u64().expect("a number");
    assert!(
        size(&inspected["launcher"]["size"]) < 1_600_000,
        "launcher: {}",
        inspected["launcher"]["size"]
    );
    // The goal is 14 MB; docs/adr/0010 says what stands in the way. Raising this is a decision with a commit of its own.
    assert!(
        size(&inspected["size"]) < 15_600_000,
        "hello: {}",
        inspected["size"]
    );
}
