"""What each URL answers: plain functions from the query to something JSON can say."""

import codecs
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib import metadata, resources
from typing import Any

Query = dict[str, str]
WORKERS = 2
MAX_N = 1_000_000

CHILD = """
import json, sys
from importlib.metadata import version
print(json.dumps({"executable": sys.executable, "prefix": sys.prefix, "version": version("service")}))
"""


def count_primes(bounds: tuple[int, int]) -> tuple[int, int]:
    """How many primes lie in [low, high), and the process that counted them."""
    low, high = bounds
    count = sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(max(low, 2), high))
    return count, os.getpid()


def version(_query: Query) -> dict[str, Any]:
    """From the installed metadata, not from a constant."""
    return {
        "version": metadata.version("service"),
        "python": ".".join(map(str, sys.version_info[:3])),
        "name": os.environ.get("SERVICE_NAME", "unnamed"),
    }


def resource(_query: Query) -> dict[str, Any]:
    """A data file that was installed beside the code."""
    return {"text": resources.files("service").joinpath("data/greeting.txt").read_text("utf-8").strip()}


def work(query: Query) -> dict[str, Any]:
    """Counts the primes below `n` in new interpreters, which must find the code again by themselves."""
    n = min(int(query.get("n", "10000")), MAX_N)
    middle = n * 2 // 3
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=spawn) as pool:
        results = list(pool.map(count_primes, [(0, middle), (middle, n)]))
    return {
        "n": n,
        "primes": sum(count for count, _ in results),
        "elsewhere": all(pid != os.getpid() for _, pid in results),
    }


def child(_query: Query) -> dict[str, Any]:
    """An interpreter started the usual way sees the same environment."""
    output = subprocess.run([sys.executable, "-c", CHILD], check=True, capture_output=True, text=True).stdout
    seen = json.loads(output)
    return seen | {"same": seen["executable"] == sys.executable and seen["prefix"] == sys.prefix}


def pth(_query: Query) -> dict[str, Any]:
    """The encoding is known although nothing here imports the package that registers it."""
    try:
        return {"encoding": codecs.lookup("future-fstrings").name, "text": b"caf\xc3\xa9".decode("future-fstrings")}
    except LookupError as error:
        return {"error": str(error)}


ANSWERS: dict[str, Callable[[Query], dict[str, Any]]] = {
    "/version": version,
    "/resource": resource,
    "/work": work,
    "/child": child,
    "/pth": pth,
}
