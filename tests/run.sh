#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [--scenarios] [NAME…] - every test, as many at a time as there are cores.
#
# B is the build folder (absolute; default build). Unit tests count as many checks
# as their last line says ("N passed, N failed"); a scenario, an integration script
# (exit 77: cannot run here, skipped) and the layers count one each. NAMEs choose
# tests whose path contains one of them. The output of what failed is shown, and
# the last line is the sum: "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
export B=${B:-$PWD/build}
only_scenarios=
[ "${1-}" = --scenarios ] && { only_scenarios=1; shift; }

unit_s=120			# seconds a test of each kind may take
scenario_s=120
integration_s=300
jobs=${JOBS:-$(nproc)}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT

wanted() {
	[ $# -gt 1 ] || return 0
	local path=$1 n
	shift
	for n; do
		[[ $path == *"$n"* ]] && return 0
	done
	return 1
}

# The tests, a line each: seconds, kind, and the command.
list() {
	local t
	if [ -z "$only_scenarios" ]; then
		wanted tests/layers.sh "$@" && echo "60 layers tests/layers.sh"
		for t in tests/unit/*_test.c; do
			t=${t#tests/unit/}
			wanted "tests/unit/$t" "$@" && echo "$unit_s unit $B/unit/${t%.c}"
		done
	fi
	while IFS= read -r t; do
		wanted "$t" "$@" && echo "$scenario_s scenario $B/otafleet play $t"
	done < <(find tests/scenario -name '*.ota' 2>/dev/null | sort)
	[ -z "$only_scenarios" ] || return 0
	for t in tests/integration/*.sh; do
		[ -x "$t" ] && wanted "$t" "$@" && echo "$integration_s integration $t"
	done
}

# one NUMBER SECONDS KIND COMMAND…: run it; leave "passed failed skipped" in
# NUMBER.result and what it said in NUMBER.out.
one() {
	local n=$1 limit=$2 kind=$3 name rc passed=0 failed=0 skipped=0 begin=$SECONDS
	shift 3
	name=${*: -1}
	timeout --kill-after=10 "$limit" "$@" >"$out/$n.out" 2>&1 </dev/null
	rc=$?
	case $kind:$rc in
	integration:77) skipped=1 ;;
	unit:*)
		if [[ $(tail -n 1 "$out/$n.out") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
			passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]}
		fi
		[ $rc -eq 0 ] && [ "$passed" -eq 0 ] && rc=1
		[ $rc -ne 0 ] && [ "$failed" -eq 0 ] && failed=1
		;;
	*:0) passed=1 ;;
	*) failed=1 ;;
	esac
	echo "$passed $failed $skipped" >"$out/$n.result"
	if [ "$failed" -ne 0 ]; then
		[ "$rc" -ge 124 ] && echo "ended by exit status $rc (124, 137: after $limit s)" >>"$out/$n.out"
		printf '  FAIL   %s\n%s\n' "$name" "$(sed 's/^/         /' "$out/$n.out" | tail -n 60)"
	elif [ "$skipped" -ne 0 ]; then
		printf '  SKIP   %s: %s\n' "$name" "$(tail -n 1 "$out/$n.out")"
	else
		printf '  ok     %s%s\n' "$name" "$([ $((SECONDS - begin)) -gt 9 ] && echo " ($((SECONDS - begin)) s)")"
	fi
}

n=0
while read -r line; do
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
		wait -n
	done
	n=$((n + 1))
	read -ra words <<<"$line"
	one "$n" "${words[@]}" &
done < <(list "$@")
wait

passed=0 failed=0
for ((i = 1; i <= n; i++)); do
	if read -r p f _ <"$out/$i.result"; then
		passed=$((passed + p)) failed=$((failed + f))
	else
		failed=$((failed + 1))
	fi
done
[ $n -gt 0 ] || { echo "run.sh: no test is called that" >&2; failed=1; }
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
