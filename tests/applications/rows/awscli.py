"""awscli, from the index by its requirement: its data files, its TLS stack, and a request to a server of ours."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from root import said

BUCKETS = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListAllMyBucketsResult><Owner><ID>one</ID></Owner><Buckets><Bucket><Name>crate</Name>
<CreationDate>2024-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>"""
VARIABLES = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "eu-central-1"}


class Storage(BaseHTTPRequestHandler):
    """Lists one bucket."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(BUCKETS)))
        self.end_headers()
        self.wfile.write(BUCKETS)

    def log_message(self, *_):
        pass


def run(workshop, full, outcome):
    root = workshop.pack(outcome, "awscli", "awscli==1.46.3", "--script", "aws")
    if root is None:
        return
    server = HTTPServer(("127.0.0.1", 0), Storage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    done = root.run("/app.psp", "s3api", "list-buckets", "--endpoint-url", endpoint, env=VARIABLES)
    outcome.expect('"Name": "crate"' in done.stdout, lambda: f"list-buckets: {said(done)}")
    done = root.run("/app.psp", "configure", "set", "region", "eu-west-1")
    done = root.run("/app.psp", "configure", "get", "region")
    outcome.expect(done.stdout == "eu-west-1\n", lambda: f"configure: {said(done)}")
    done = root.run(root.named("aws_completer"), env={"COMP_LINE": "aws s3 l", "COMP_POINT": "8"})
    outcome.expect("ls" in done.stdout.split(), lambda: f"aws_completer: {said(done)}")
    server.shutdown()
