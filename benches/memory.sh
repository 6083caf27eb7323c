#!/usr/bin/env bash
# Memory of an encoding thread, by level: peak with five threads less peak with one, over four. Any tree of 100 MB and
# more will do.
#
#     TMPDIR=/dev/shm benches/memory.sh TREE [path to flavor]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(realpath "${1:?usage: benches/memory.sh TREE [path to flavor]}")
flavor=$(realpath "${2:-$here/../target/release/flavor}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$tree" "$work/tree"
export FLAVOR_CACHE_DIR=$work/cache FLAVOR_CONFIG_DIR=$work/settings
printf '%-10s %12s %12s %12s\n' operations 'one, MiB' 'five, MiB' 'each, MiB'
for operation in ${OPERATIONS:-zstd:1 zstd:5 zstd:9 zstd:12 zstd:15 zstd:17 gzip:6 xz:6}; do
    cat >"$work/pyproject.toml" <<TOML
[project]
name = "memory"
version = "1"
[tool.flavor.execution]
command = ["/bin/true"]
[[tool.flavor.slots]]
id = "tree"
source = "tree"
operations = ["tar", "$operation"]
TOML
    peaks=()
    for jobs in 1 5; do
        /usr/bin/time -f %M -o "$work/peak" "$flavor" pack -q --no-cache --no-verify --key-seed bench --jobs "$jobs" \
            --manifest "$work" --output "$work/out.psp" >/dev/null
        peaks+=($(($(cat "$work/peak") / 1024)))
    done
    printf '%-10s %12s %12s %12s\n' "$operation" "${peaks[0]}" "${peaks[1]}" $(((peaks[1] - peaks[0]) / 4))
done
