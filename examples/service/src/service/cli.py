"""The command line."""

import argparse
import json
from importlib.metadata import version

from service.selfcheck import selfcheck
from service.server import address, bind


def serve(host: str, port: int, once: bool) -> int:
    with bind(host, port) as server:
        print(f"listening on {address(server)}", flush=True)
        try:
            if once:
                server.handle_request()
            else:
                server.serve_forever()
        except KeyboardInterrupt:
            return 130
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="service", description="A small web service.")
    parser.add_argument("command", nargs="?", choices=["serve", "selfcheck"], default="serve")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 lets the system choose (default: 8000)")
    parser.add_argument("--once", action="store_true", help="stop after one request")
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('service')}")
    options = parser.parse_args()
    if options.command == "selfcheck":
        result = selfcheck()
        print(json.dumps(result, indent=2, ensure_ascii=True))
        return 0 if result["ok"] else 1
    return serve(options.host, options.port, options.once)
