"""Faults at the n-th call of one system call, by `strace -e inject`.

strace counts for each thread and each system call. On one processor the launcher has one thread, so that n means the same
each time; on all of them every thread has its n-th call tampered with, which is harder on the launcher, not easier. Tracing
ends when the launcher execs the program: no fault meets the program.
"""

import os
import re
import subprocess
from collections import Counter

ONE_PROCESSOR = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]

# Makes every thread see sixty-four processors: strace changes the kernel's answer.
MANY_PROCESSORS = ["strace", "-f", "-b", "execve", "-e", "trace=sched_getaffinity,clone,clone3"]
MANY_PROCESSORS += ["-e", "inject=sched_getaffinity:poke_exit=@arg3=" + "ff" * 8]

# Calls that change files, or that open, lock or close what is changed.
CHANGING = """open openat creat mkdir mkdirat rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat rmdir
    write pwrite64 writev pwritev copy_file_range sendfile ftruncate fallocate chmod fchmod fchmodat chown fchown utimensat
    flock fsync fdatasync syncfs close umask fcntl""".split()


def calls(place, package, prefix=ONE_PROCESSOR, is_right=True):
    """What a first start calls before it execs, or is refused: system call → how often, by the thread that calls it most."""
    trace = place.root / "trace"
    command = [*prefix, "strace", "-f", "-b", "execve", "-o", trace, package.path]
    environment = place.environment()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if (done.returncode == 0) != is_right:
        raise RuntimeError(f"strace does not work here: {done.stderr.decode()}")
    counts = Counter(re.findall(r"^(\d+) +(\w+)\(", trace.read_text(), re.MULTILINE))
    most = {}
    for (_, call), count in counts.items():
        most[call] = max(count, most.get(call, 0))
    # The first execve is strace's own, of the package.
    most.pop("execve", None)
    return most


def start_with(place, package, call, fault, when, prefix=ONE_PROCESSOR, inner=(), patience=20):
    """Starts a package with a fault at the n-th `call`, and tells whether the fault has happened."""
    trace = place.root / "trace"
    inject = f"inject={call}:{fault}:when={when}"
    words = [*prefix, "strace", "-f", "-b", "execve", "-e", f"trace={call}", "-e", inject]
    if inner:
        # The program behind `inner` is reached by an exec that is not to end the tracing.
        words = [word for word in words if word not in ("-b", "execve")]
    start = place.start(package, prefix=[*words, "-o", trace, *inner], patience=patience)
    text = trace.read_text()
    return start, "(INJECTED)" in text or "killed by SIGKILL" in text
