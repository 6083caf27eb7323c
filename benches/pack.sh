#!/usr/bin/env bash
# Packing: sizes of the examples at several efforts, time and peak memory. Needs the dependencies of the examples from a
# package index or, through PIP_FIND_LINKS and PIP_NO_INDEX, from a local directory.
#
#     TMPDIR=/dev/shm benches/pack.sh [path to flavor]
#
# The first pack of each example fills the build cache and is not shown.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
flavor=$(realpath "${1:-$here/../target/release/flavor}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export FLAVOR_CACHE_DIR=$work/cache FLAVOR_CONFIG_DIR=$work/settings

printf '%-8s %6s %12s %8s %10s\n' example effort bytes seconds 'peak MiB'
for example in hello report; do
    pack=("$flavor" pack -q --key-seed bench --manifest "$here/../examples/$example/pyproject.toml" --output "$work/out.psp")
    pack+=(${PYTHON:+--python "$PYTHON"})
    "${pack[@]}" >/dev/null
    for effort in ${EFFORTS:-1 3 5 7 9}; do
        /usr/bin/time -f '%e %M' -o "$work/time" "${pack[@]}" --compress "$effort" >/dev/null
        read -r seconds peak <"$work/time"
        printf '%-8s %6s %12s %8s %10s\n' "$example" "$effort" "$(stat -c %s "$work/out.psp")" "$seconds" $((peak / 1024))
    done
done
