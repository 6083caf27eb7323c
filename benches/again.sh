#!/usr/bin/env bash
# Packing again: nothing changed, one source line changed, one dependency added, nothing kept but the runtime. Medians of
# RUNS packs (9). Needs the dependencies of the examples from a package index or, through PIP_FIND_LINKS and
# PIP_NO_INDEX, from a local directory.
#
#     TMPDIR=/dev/shm benches/again.sh [path to flavor]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
flavor=$(realpath "${1:-$here/../target/release/flavor}")
runs=${RUNS:-9}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export FLAVOR_CACHE_DIR=$work/cache FLAVOR_CONFIG_DIR=$work/settings

# Times a command given as arguments, `runs` times, each after the shell command in $before; prints median and range.
measure() {
    local label=$1
    shift
    for _ in $(seq "$runs"); do
        eval "$before"
        sleep 0.1
        /usr/bin/time -f %e -o "$work/time" "$@" >/dev/null 2>"$work/log"
        awk 'NR == 1' "$work/time"
    done | sort -n | awk -v label="$label" '{ t[NR] = $1 } END { printf "%-34s %6.3f s  (%.3f to %.3f)\n", label, t[int((NR + 1) / 2)], t[1], t[NR] }'
}
# The same, with milliseconds from hyperfine.
fine() {
    local label=$1
    shift
    hyperfine -N -w 2 -r $((runs * 3)) --export-json "$work/fine.json" "$*" >/dev/null 2>&1
    python3 - "$label" "$work/fine.json" <<'PY'
import json, sys
r = json.load(open(sys.argv[2]))["results"][0]
print(f"{sys.argv[1]:<34} {r['median']:6.3f} s  ({r['min']:.3f} to {r['max']:.3f})")
PY
}

for example in hello report; do
    project=$work/$example
    cp -r "$here/../examples/$example" "$project"
    rm -rf "$project/dist"
    source=$(find "$project/src" -name '*.py' -size +0 | sort | head -1)
    pack=("$flavor" pack --key-seed bench --manifest "$project" --output "$work/$example.psp" ${PYTHON:+--python "$PYTHON"})
    "${pack[@]}" >/dev/null 2>&1
    sleep 1
    fine "$example, nothing changed" "${pack[@]}"
    line=0
    before='line=$((line + 1)); echo "# line $line" >>"$source"'
    line=$RANDOM
    before='line=$RANDOM$RANDOM; echo "# line $line" >>"$source"'
    measure "$example, one source line changed" "${pack[@]}"
    grep -E '^ *(app|slots) ' "$work/log" | sed 's/^/    /'
    before='"$flavor" cache clean deps app bytecode build-env slots >/dev/null; rm -f "$work/$example.psp"'
    measure "$example, only the runtime kept" "${pack[@]}"
done

sed -i 's/^dependencies = \[/&"six",/' "$work/report/pyproject.toml"
before=:
echo "report, a dependency added (six): what is made"
"${pack[@]}" --explain 2>&1 >/dev/null | grep -E '^explain: .*(made|reused|written)' | sed 's/^explain: /    /'
