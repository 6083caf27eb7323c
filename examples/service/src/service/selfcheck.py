"""Asks a running service everything it can answer."""

import json
import threading
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from service.server import address, bind

EXPECTED = {
    "/version": lambda answer: answer["version"] == "1.0.0",
    "/resource": lambda answer: answer["text"].startswith("Greetings"),
    "/work?n=20000": lambda answer: answer["primes"] == 2262 and answer["elsewhere"],
    "/child": lambda answer: answer["same"],
    "/pth": lambda answer: answer.get("text") == "café",
}


def ask(url: str) -> dict[str, Any]:
    # The service is on this machine; a proxy from the environment cannot reach it.
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=60) as response:
            return json.load(response)
    except HTTPError as error:
        return json.load(error)


def selfcheck() -> dict[str, Any]:
    """Every answer, and under `ok` whether all are as they should be."""
    server = bind("127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        answers = {path: ask(address(server) + path) for path in EXPECTED}
    finally:
        server.shutdown()
        server.server_close()
    bad = [path for path, is_good in EXPECTED.items() if "error" in answers[path] or not is_good(answers[path])]
    return {"ok": not bad, "bad": bad, "answers": answers}
