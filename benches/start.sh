#!/usr/bin/env bash
# Starts: what a package costs over the bare program, warm and cold. Run on tmpfs or a journaled file system:
#
#     TMPDIR=/dev/shm benches/start.sh [path to flavor]
#
# Builds its subjects itself. Prints one block for each comparison; docs/benchmarks.md has the table made from them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
flavor=$(realpath "${1:-$here/../target/release/flavor}")
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
export FLAVOR_CACHE_DIR=$work/cache FLAVOR_CONFIG_DIR=$work/settings
pairs=("$here/pairs.py")

# A program that does nothing, with a payload of one and of 300 MB.
echo 'int main(void) { return 0; }' >"$work/nothing.c"
cc -O2 -static -o "$work/nothing" "$work/nothing.c"
for size in 1 300; do
    project=$work/payload$size
    mkdir -p "$project/data"
    cp "$work/nothing" "$project/nothing"
    for part in $(seq "$size"); do head -c 1000000 /dev/urandom >"$project/data/$part"; done
    cat >"$project/pyproject.toml" <<TOML
[project]
name = "payload$size"
version = "1"
[tool.flavor.execution]
command = ["{workenv}/nothing"]
[[tool.flavor.slots]]
id = "program"
source = "nothing"
operations = ["raw"]
target = "nothing"
permissions = "0755"
[[tool.flavor.slots]]
id = "data"
source = "data"
operations = ["tar", "zstd:1"]
TOML
    "$flavor" pack -q --key-seed bench --manifest "$project/pyproject.toml" --output "$work/payload$size.psp" >/dev/null
    echo "== warm start, $size MB payload, against the program itself"
    "${pairs[@]}" -n 200 -- "$work/payload$size.psp" -- "$work/nothing"
done

"$flavor" pack -q --key-seed bench --manifest "$here/../examples/hello/pyproject.toml" --output "$work/hello.psp" \
    ${PYTHON:+--python "$PYTHON"} >/dev/null
"$work/hello.psp" --version >/dev/null
environment=$(echo "$work"/cache/v2/workenv/hello-*)
cached=$(realpath "$environment/bin/python")
runtime=$work/python
cp -r "$(dirname "$(dirname "$cached")")" "$runtime"
base=$runtime/bin/$(basename "$cached")

# The same application in a plain virtual environment around the same interpreter, bytecode compiled.
cp -rL "$environment" "$work/app"
mkdir "$work/venv"
"$base" -m venv --without-pip "$work/venv"
site=$(echo "$work"/venv/lib/python3.*/site-packages)
cp -r "$work"/app/lib/python3.*/site-packages/. "$site"
chmod -R u+w "$site"
find "$site" -name __pycache__ -prune -exec rm -rf {} +
"$base" -m compileall -q "$site"
sed "1,3c #!$work/venv/bin/python" "$work/app/bin/hello" >"$work/venv/bin/hello"
chmod +x "$work/venv/bin/hello"
echo "== warm start of hello, against the same application in a plain venv"
"${pairs[@]}" -n 60 -- "$work/hello.psp" --version -- "$work/venv/bin/hello" --version
echo "== the same, with work to do"
"${pairs[@]}" -n 60 -- "$work/hello.psp" world -- "$work/venv/bin/hello" world

# Cold: extraction of the same tree by tar, then a run of the program in it.
mkdir "$work/tree"
cp -r "$runtime" "$work/tree/runtime"
cp -r "$site" "$work/tree/site-packages"
tar -C "$work/tree" -I 'zstd -9' -cf "$work/tree.tar.zst" .
cat >"$work/floor" <<SH
#!/bin/sh
mkdir "$work/floor.d" && tar -C "$work/floor.d" -I zstd -xf "$work/tree.tar.zst" && exec "$work/venv/bin/hello" --version
SH
chmod +x "$work/floor"
echo "== cold start of hello, against tar -I zstd -xf of the same tree and a run"
"${pairs[@]}" -n 15 --before "rm -rf $work/floor.d; rm -rf $work/cache" \
    -- "$work/hello.psp" --version -- "$work/floor"
echo "== peak memory of a cold start, MiB: hello, 300 MB payload"
for package in hello payload300; do
    rm -rf "$work/cache"
    /usr/bin/time -f %M -o "$work/peak" "$work/$package.psp" --version >/dev/null
    echo "$package $(($(cat "$work/peak") / 1024))"
done

# Another package with the same interpreter and dependencies extracts what is its own.
cp -r "$here/../examples/hello" "$work/other"
sed -i 's/^package_name = .*/package_name = "other"/' "$work/other/pyproject.toml"
"$flavor" pack -q --key-seed bench --manifest "$work/other/pyproject.toml" --output "$work/other.psp" \
    ${PYTHON:+--python "$PYTHON"} >/dev/null
echo "== extraction of hello, then of another package with the same runtime and dependencies"
rm -rf "$work/cache/v2"
for package in hello other; do
    FLAVOR_LOG_LEVEL=info "$work/$package.psp" --version 2>&1 >/dev/null | sed -n 's/^INFO \(extract\|prepare\) /\1 /p'
done
"$flavor" workenv list
