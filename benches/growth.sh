#!/usr/bin/env bash
# How time and memory grow with the number of files and with bytes. Trees of 6 kB files and of 1 MB files; content that
# compresses to three quarters. Needs room for three times the largest tree in TMPDIR, tmpfs or a journaled file system:
#
#     TMPDIR=/dev/shm benches/growth.sh [path to flavor]
#
# Pack, again (nothing changed) and first start are the median of three, warm start of RUNS (15).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
flavor=$(realpath "${1:-$here/../target/release/flavor}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export FLAVOR_CONFIG_DIR=$work/settings
cat >"$work/measure.py" <<'PY'
import base64, os, pathlib, random, shutil, statistics, subprocess, sys, time

flavor, work, files, size, runs = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
project = work / "project"
rng = random.Random(7)
for number in range(files):
    path = project / "tree" / str(number % 97) / str(number)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64encode(rng.randbytes(size * 3 // 4)))
(project / "pyproject.toml").write_text(
    '[project]\nname = "growth"\nversion = "1"\n[tool.flavor.execution]\ncommand = ["/bin/true"]\n'
    '[[tool.flavor.slots]]\nid = "tree"\nsource = "tree"\n'
)
cache, package = work / "cache", work / "growth.psp"
os.environ["FLAVOR_CACHE_DIR"] = str(cache)
pack = [flavor, "pack", "-q", "--key-seed", "bench", "--manifest", project, "--output", package]


def run(command):
    begin = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{command}: {status}")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def median(command, runs, fresh=False):
    found = []
    for _ in range(runs):
        if fresh:
            shutil.rmtree(cache, ignore_errors=True)
            package.unlink(missing_ok=True) if command is pack else None
        found.append(run(command))
    return statistics.median(one for one, _ in found), max(peak for _, peak in found)


first, peak = median(pack, 3, fresh=True)
time.sleep(0.2)
again, _ = median(pack, 3)
cold, launcher = median([package], 3, fresh=True)
warm, _ = median([package], runs)
print(
    f"{files:>7} {files * size / 1e6:>6.0f} MB {first:8.2f} s {again * 1e3:7.0f} ms {cold * 1e3:7.0f} ms {warm * 1e3:6.2f} ms"
    f" {peak:6.0f} MiB {launcher:6.0f} MiB {package.stat().st_size / 1e6:8.1f} MB",
    flush=True,
)
PY
printf '%7s %9s %10s %10s %10s %9s %10s %10s %11s\n' files tree pack again 'first run' warm 'peak pack' 'peak run' package
for subject in ${SUBJECTS:-1000x6000 10000x6000 100000x6000 10x1000000 100x1000000 1000x1000000 3000x1000000}; do
    python3 "$work/measure.py" "$flavor" "$work" "${subject%x*}" "${subject#*x}" "${RUNS:-15}"
    rm -rf "$work/project" "$work/cache"
done
