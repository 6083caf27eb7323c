"""HTTP around the answers."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from service.answers import ANSWERS


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # the name that http.server looks for
        url = urlsplit(self.path)
        answer = ANSWERS.get(url.path)
        if answer is None:
            self.reply(404, {"error": f"no such page: {url.path}", "pages": sorted(ANSWERS)})
            return
        try:
            self.reply(200, answer(dict(parse_qsl(url.query))))
        except ValueError as error:
            self.reply(400, {"error": str(error)})
        except Exception as error:  # an answer that fails is an answer, too
            self.reply(500, {"error": f"{type(error).__name__}: {error}"})

    def reply(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Silent: standard output belongs to the line that names the port."""


class Server(ThreadingHTTPServer):
    # Closing waits for the answers being given, so that a server told to stop after one request still gives it.
    daemon_threads = False


def bind(host: str, port: int) -> Server:
    """A server that is not answering yet; with port 0 the system chooses one."""
    return Server((host, port), Handler)


def address(server: Server) -> str:
    host, port = server.server_address[:2]
    return f"http://{host}:{port}"
