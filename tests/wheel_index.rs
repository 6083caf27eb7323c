//! A package index on this machine, which wants a password.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::scene::{Test, start};

/// What the index wants to hear from `ali`.
pub(crate) const PASSWORD: &str = "open-sesame";

/// An index that asks for a name and the password, and serves the directory that it runs in.
const INDEX: &str = r"
import base64, functools, http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.headers.get('Authorization') == 'Basic ' + base64.b64encode(b'ali:open-sesame').decode():
            return super().do_GET()
        self.send_response(401)
        self.send_header('WWW-Authenticate', 'Basic realm=index')
        self.end_headers()
    do_HEAD = do_GET
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
";

/// Stops the server with the test.
pub(crate) struct Server(pub(crate) Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Serves `simple/NAME/` (PEP 503) for every wheel of the test; returns its port.
pub(crate) fn serve(t: &Test) -> (Server, u16) {
    for wheel in t.names("wheels") {
        let name = wheel.split('-').next().expect("a name");
        let digest = t
            .call("sha256sum", [t.path("wheels").join(&wheel)])
            .success()
            .stdout()[..64]
            .to_owned();
        let link = format!("<a href=\"/wheels/{wheel}#sha256={digest}\">{wheel}</a>");
        t.file(&format!("simple/{name}/index.html"), link);
    }
    let mut command = t.command("python3");
    command.args(["-c", INDEX]).stdout(Stdio::piped());
    started(command)
}

/// Starts a server that says its port on its first line.
pub(crate) fn started(mut command: Command) -> (Server, u16) {
    let mut child = start(&mut command);
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output"))
        .read_line(&mut line)
        .expect("a line");
    (Server(child), line.trim().parse().expect("a port"))
}
