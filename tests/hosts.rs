//! Machines that keep certificates, terminals and time zones where their distribution does, or not at all.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::chroot::{bare_root, inside};
use crate::fixture;
use crate::interpreter::Interpreter;
use crate::scene::{Run, Test, start};

/// Says how many authorities are trusted and what a server answers.
const FETCH: &str = r"
import ssl, sys, urllib.request
print(len(ssl.create_default_context().get_ca_certs()))
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())
except OSError as error:
    print(error)
";

const SERVER: &str = r#"
import http.server, ssl
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"served")
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
"#;

/// An authority of its own, and a server that it vouches for.
struct Server {
    child: Child,
    url: String,
    /// The machine's own authorities and that one.
    store: PathBuf,
}

impl Server {
    fn new(t: &Test) -> Self {
        let extensions = "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n";
        t.file("server.ext", extensions);
        let make = "set -e
            new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
            openssl req -x509 $new -keyout ca.key -out ca.pem -subj '/CN=Test authority' -days 2 \
                -addext keyUsage=critical,keyCertSign
            openssl req $new -keyout server.key -out server.csr -subj /CN=server
            openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.pem
            cat /etc/ssl/certs/ca-certificates.crt ca.pem >store.pem";
        t.call("sh", ["-c", make]).success();
        let mut command = t.command("python3");
        command.args(["-c", SERVER]).stdout(Stdio::piped());
        let mut child = start(&mut command);
        let mut port = String::new();
        BufReader::new(child.stdout.take().expect("its output"))
            .read_line(&mut port)
            .expect("a port");
        Self {
            child,
            url: format!("https://127.0.0.1:{}/", port.trim()),
            store: t.path("store.pem"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Where a distribution keeps its authorities: the bundle, links to it, and links to directories.
struct Layout {
    name: &'static str,
    bundle: &'static str,
    links: &'static [(&'static str, &'static str)],
}

const LAYOUTS: &[Layout] = &[
    Layout {
        name: "Debian without the package openssl",
        bundle: "etc/ssl/certs/ca-certificates.crt",
        links: &[("/etc/ssl/certs/server.pem", "etc/ssl/certs/0a1b2c3d.0")],
    },
    Layout {
        name: "Fedora",
        bundle: "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        links: &[
            (
                "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                "etc/pki/tls/certs/ca-bundle.crt",
            ),
            ("../pki/tls/certs", "etc/ssl/certs"),
        ],
    },
    Layout {
        name: "RHEL",
        bundle: "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        links: &[],
    },
    Layout {
        name: "Alpine with glibc",
        bundle: "etc/ssl/certs/ca-certificates.crt",
        links: &[("certs/ca-certificates.crt", "etc/ssl/cert.pem")],
    },
    Layout {
        name: "Alpine without ca-certificates",
        bundle: "etc/ssl/cert.pem",
        links: &[],
    },
    Layout {
        name: "openSUSE",
        bundle: "var/lib/ca-certificates/ca-bundle.pem",
        links: &[
            (
                "/var/lib/ca-certificates/ca-bundle.pem",
                "etc/ssl/ca-bundle.pem",
            ),
            ("/var/lib/ca-certificates/pem", "etc/ssl/certs"),
        ],
    },
    Layout {
        name: "distroless",
        bundle: "etc/ssl/certs/ca-certificates.crt",
        links: &[],
    },
    Layout {
        name: "FreeBSD",
        bundle: "usr/local/etc/ssl/cert.pem",
        links: &[],
    },
];

impl Layout {
    fn make(&self, t: &Test, store: &Path) {
        for place in ["etc", "var", "usr/local", "usr/lib/ssl"] {
            drop(std::fs::remove_dir_all(t.path("root").join(place)));
        }
        t.file(
            &format!("root/{}", self.bundle),
            std::fs::read(store).expect("the store"),
        );
        for (to, from) in self.links {
            let from = t.path("root").join(from);
            std::fs::create_dir_all(from.parent().expect("a parent")).expect("directories");
            symlink(to, from).expect("a link");
        }
    }
}

fn fetch(t: &Test, server: &Server, variables: &[&str]) -> Run {
    let mut words = vec!["FLAVOR_CACHE_DIR=/cache"];
    words.extend(variables);
    words.extend(["/app.psp", FETCH, &server.url]);
    inside(t, &t.path("root"), &words).success()
}

#[track_caller]
fn trusts_what_the_machine_trusts(interpreter: Interpreter) {
    let t = Test::new();
    let server = Server::new(&t);
    let root = bare_root(&t, fixture::probe(interpreter, false));
    std::fs::create_dir(root.join("cache")).expect("a directory");
    for layout in LAYOUTS {
        layout.make(&t, &server.store);
        let run = fetch(&t, &server, &[]);
        let (count, answer) = run.stdout().split_once('\n').expect("two lines");
        assert!(
            count.parse::<u32>().is_ok_and(|count| count > 100),
            "{}: {run}",
            layout.name
        );
        assert_eq!(answer.trim(), "served", "{}: {run}", layout.name);
    }
}

#[test]
fn python_3_11_trusts_what_the_machine_trusts() {
    trusts_what_the_machine_trusts(Interpreter::Pyenv(11));
}

#[test]
fn python_3_12_trusts_what_the_machine_trusts() {
    trusts_what_the_machine_trusts(Interpreter::Pyenv(12));
}

#[test]
fn python_3_13_trusts_what_the_machine_trusts() {
    trusts_what_the_machine_trusts(Interpreter::Pyenv(13));
}

#[test]
fn the_system_python_trusts_what_the_machine_trusts() {
    trusts_what_the_machine_trusts(Interpreter::System);
}

#[test]
fn an_interpreter_of_uv_trusts_what_the_machine_trusts() {
    trusts_what_the_machine_trusts(Interpreter::Managed);
}

#[test]
fn what_the_caller_names_is_trusted_and_nothing_else() {
    let t = Test::new();
    let server = Server::new(&t);
    let root = bare_root(&t, fixture::probe(Interpreter::Pyenv(13), false));
    std::fs::create_dir(root.join("cache")).expect("a directory");
    LAYOUTS[0].make(&t, &server.store);
    t.copy(&t.path("ca.pem"), "root/own.pem");
    assert_eq!(
        fetch(&t, &server, &["SSL_CERT_FILE=/own.pem"]).stdout(),
        "1\nserved\n"
    );
    for none in [
        "SSL_CERT_FILE=/none",
        "SSL_CERT_FILE=",
        "SSL_CERT_DIR=/none",
    ] {
        let run = fetch(&t, &server, &[none]);
        assert!(
            run.stdout().starts_with("0\n") && run.stdout().contains("CERTIFICATE_VERIFY_FAILED"),
            "{none}: {run}"
        );
    }
    // The place that OpenSSL itself knows comes before all others.
    t.copy(&t.path("ca.pem"), "root/usr/lib/ssl/cert.pem");
    assert_eq!(fetch(&t, &server, &[]).stdout(), "1\nserved\n");
}

#[test]
fn a_directory_of_certificates_will_do_and_nothing_is_made_up() {
    let t = Test::new();
    let server = Server::new(&t);
    let root = bare_root(&t, fixture::probe(Interpreter::Pyenv(13), false));
    std::fs::create_dir(root.join("cache")).expect("a directory");
    let run = fetch(&t, &server, &[]);
    assert!(
        run.stdout().starts_with("0\n") && run.stdout().contains("CERTIFICATE_VERIFY_FAILED"),
        "{run}"
    );
    // As Fedora does from 43 on. OpenSSL reads such a directory as it needs it.
    t.copy(&t.path("ca.pem"), "root/etc/pki/tls/certs/authority.pem");
    let hash = t
        .call("openssl", ["x509", "-hash", "-noout", "-in", "ca.pem"])
        .success();
    symlink(
        "authority.pem",
        root.join(format!("etc/pki/tls/certs/{}.0", hash.line())),
    )
    .expect("a link");
    assert_eq!(fetch(&t, &server, &[]).stdout(), "0\nserved\n");
    // A bundle that cannot be read is passed over.
    t.file("root/etc/ssl/certs/ca-certificates.crt", "");
    assert_eq!(fetch(&t, &server, &[]).stdout(), "0\nserved\n");
}

#[test]
fn the_paths_that_programs_ask_for_are_those_that_are_used() {
    let t = Test::new();
    let root = bare_root(&t, fixture::probe(Interpreter::Pyenv(13), false));
    let ask = |code: &str| inside(&t, &root, &["/app.psp", code]).silent();
    let paths = "import ssl; print(*ssl.get_default_verify_paths()[:2])";
    assert_eq!(ask(paths).line(), "None None");
    t.file("root/etc/pki/tls/certs/ca-bundle.crt", "x");
    assert_eq!(ask(paths).line(), "/etc/pki/tls/certs/ca-bundle.crt None");
    // uv's interpreters look in /etc/ssl, where Fedora has a directory without hashes.
    symlink("../pki/tls/certs", {
        std::fs::create_dir(root.join("etc/ssl")).expect("a directory");
        root.join("etc/ssl/certs")
    })
    .expect("a link");
    let of_uv = "import _ssl; _ssl.get_default_verify_paths = lambda: ('SSL_CERT_FILE', '/etc/ssl/cert.pem', 'SSL_CERT_DIR', '/etc/ssl/certs')\n";
    assert_eq!(
        ask(&format!("{of_uv}{paths}")).line(),
        "/etc/pki/tls/certs/ca-bundle.crt /etc/ssl/certs"
    );
    t.file("root/etc/pki/tls/certs/3513523f.0", "x");
    assert_eq!(
        ask(&format!("{of_uv}{paths}")).line(),
        "None /etc/ssl/certs"
    );
}
