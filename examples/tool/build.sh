#!/bin/sh
# Builds bin/tool, static where the system has a static C library.
set -eu
cd "$(dirname "$0")"
mkdir -p bin
${CC:-cc} -O2 -Wall -Wextra -static -o bin/tool tool.c 2>/dev/null || ${CC:-cc} -O2 -Wall -Wextra -o bin/tool tool.c
