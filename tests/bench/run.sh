#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh - otad beside nginx and bare SQLite on this machine, in one run: a table
# on standard error, the same as JSON on standard output. BENCH_QUICK=1 takes a
# minute instead of four and fewer rounds.
#
# B is the build folder. What is measured, and how, stands in bench.py.
set -eu
cd "$(dirname "$0")/../.."
B=${B:-$PWD/build}
for program in nginx wrk python3 openssl; do
	[ -n "$(PATH=$PATH:/usr/sbin:/sbin command -v $program)" ] || {
		echo "bench: $program is missing (./bootstrap bench installs it)" >&2
		exit 1
	}
done
mkdir -p "$B/bench"
${CC:-cc} -O2 -std=c11 -D_GNU_SOURCE -Wall -Wextra -o "$B/bench/raw" tests/bench/raw.c -lsqlite3
PATH=$PATH:/usr/sbin:/sbin B=$B PYTHONDONTWRITEBYTECODE=1 exec python3 tests/bench/bench.py
