#!/usr/bin/env bash
# A large tree: packing it against `tar c | zstd`, unpacking it against `zstd -dc | tar x`, system calls for each file.
# Any tree of some hundred megabytes will do; an installation of CPython is a good one. Run on tmpfs or a journaled file
# system:
#
#     TMPDIR=/dev/shm benches/tree.sh TREE [path to flavor]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(realpath "${1:?usage: benches/tree.sh TREE [path to flavor]}")
flavor=$(realpath "${2:-$here/../target/release/flavor}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export FLAVOR_CACHE_DIR=$work/cache FLAVOR_CONFIG_DIR=$work/settings
pairs=("$here/pairs.py" -n "${RUNS:-9}")

cp -r "$tree" "$work/tree"
chmod -R u+w "$work/tree"
files=$(find "$work/tree" -type f | wc -l)
echo "$tree: $(du -sb "$work/tree" | cut -f1) bytes, $files files, $(nproc) processors"
cat >"$work/pyproject.toml" <<'TOML'
[project]
name = "tree"
version = "1"
[tool.flavor.execution]
command = ["/bin/true"]
[[tool.flavor.slots]]
id = "tree"
source = "tree"
TOML
for level in ${LEVELS:-3 9}; do
    case $level in 3) effort=2 ;; 9) effort=5 ;; 19) effort=9 ;; *) echo "level $level?" >&2 && exit 2 ;; esac
    cat >"$work/theirs" <<SH
#!/bin/sh
tar -C "$work" -cf - tree | zstd -q -f -T0 -$level -o "$work/tree.tar.zst"
SH
    cat >"$work/ours" <<SH
#!/bin/sh
exec "$flavor" pack -q --no-cache --no-verify --compress $effort --key-seed bench --manifest "$work" --output "$work/tree.psp"
SH
    chmod +x "$work/theirs" "$work/ours"
    echo "== packing with level $level (A), against tar c | zstd -T0 -$level (B)"
    "${pairs[@]}" -- "$work/ours" -- "$work/theirs"
    launcher=$("$flavor" inspect --json "$work/tree.psp" | python3 -c 'import json, sys; print(json.load(sys.stdin)["launcher_size"])')
    ours=$(($(stat -c %s "$work/tree.psp") - launcher)) theirs=$(stat -c %s "$work/tree.tar.zst")
    python3 -c "print(f'size without the launcher: {$ours} against {$theirs}, ratio {$ours / $theirs:.4f}')"
    cat >"$work/untar" <<SH
#!/bin/sh
mkdir "$work/out" && zstd -dc "$work/tree.tar.zst" | tar -C "$work/out" -xf -
SH
    chmod +x "$work/untar"
    echo "== first start (A), against zstd -dc | tar x (B)"
    "${pairs[@]}" --before "rm -rf $work/out $work/cache" -- "$work/tree.psp" -- "$work/untar"
done
rm -rf "$work/cache"
strace -qq -f -c -o "$work/calls" "$work/tree.psp"
echo "== system calls of a first start, those made more often than for every fourth file"
awk -v files="$files" '$4 ~ /^[0-9]+$/ && $4 > files / 4 && $NF != "total" { printf "%-16s %8d  %.2f a file\n", $NF, $4, $4 / files }' "$work/calls"
