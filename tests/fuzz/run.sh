#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh SECONDS PROGRAM… - each fuzz target for so long, from its corpus in
# tests/fuzz/corpus/<name>. What it finds on the way stays in the build folder;
# an input that breaks it is shown, and belongs into the corpus once repaired.
set -u
seconds=$1
shift
passed=0 failed=0
for program; do
	name=$(basename "$program")
	seeds=()
	for d in "$(dirname "$0")/corpus/$name" "$(dirname "$0")/corpus/${name%_fuzz}"; do
		[ -d "$d" ] && seeds+=("$d")
	done
	found=$program.corpus
	mkdir -p "$found"
	if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
	    -max_len=65536 -print_final_stats=1 -artifact_prefix="$program." \
	    "$found" "${seeds[@]}" >"$program.log" 2>&1 </dev/null; then
		passed=$((passed + 1))
		printf '  ok     %s: %s inputs\n' "$name" \
		    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$program.log")"
	else
		failed=$((failed + 1))
		printf '  FAIL   %s\n' "$name"
		tail -n 40 "$program.log"
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
