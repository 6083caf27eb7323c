#!/usr/bin/env bash
# Warm start of a package with 50,000 files of 6 kB (300 MB) in its environment, against one with a single megabyte:
#
#     TMPDIR=/dev/shm benches/many_files.sh [path to flavor]
#
# The same as the row `warm` of tests/torture/run, which holds the difference to half a millisecond.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../tests/torture/run" --full --flavor "${1:-$here/../target/release/flavor}" warm
