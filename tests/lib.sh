# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# lib.sh - a private otad for a script: on free loopback ports, with a state
# folder of its own in $dir, which goes with the script. Source it, after B is
# set, from bash with `set -eu`.
#
# The caller's trap must call otad_stop; nothing else than what was started here
# is ended, and by its process id.

# shellcheck disable=SC2034,SC2154 # for the script that sources this; $dir is its own

otad_pid=
otad_log=			# where it logs
http=				# the four are set by otad_start
https=
ca=				# the certificate it made for itself
key=				# of its administrator

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# until_true SECONDS COMMAND…: what is waited for is a condition, not a time.
until_true() {
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# A server that ended early is not waited for.
otad_ready() {
	kill -0 "$otad_pid" 2>/dev/null || return 0
	[ -s "$dir/state/listeners.json" ]
}

# otad_start CONFIG [COMMAND…]: COMMAND runs it, such as taskset -c 0.
otad_start() {
	local config=$1 file

	shift
	otad_log=$dir/otad.log
	rm -f "$dir/state/listeners.json"
	"$@" "$B/otad" --config "$config" --state "$dir/state" >>"$otad_log" 2>&1 &
	otad_pid=$!
	until_true 20 otad_ready || die "otad does not get ready: see $otad_log"
	if ! kill -0 "$otad_pid" 2>/dev/null; then
		tail -n 20 "$otad_log" >&2
		die "otad ended at its start"
	fi
	http=$(jq -r '.http // empty | "http://" + .' "$dir/state/listeners.json")
	https=$(jq -r '.https // empty | "https://" + .' "$dir/state/listeners.json")
	key=$(cat "$dir/state/admin.key")
	for file in "$dir"/state/tls/*; do
		if grep -qs 'BEGIN CERTIFICATE' "$file"; then
			ca=$file
		fi
	done
}

# Its exit status is the caller's to judge; it is 0 after a clean stop.
otad_stop() {
	local status=0

	[ -n "$otad_pid" ] || return 0
	kill -TERM "$otad_pid" 2>/dev/null || true
	wait "$otad_pid" || status=$?
	otad_pid=
	return $status
}

# api METHOD PATH [CURL-OPTION…]: the reply's body; refusals end the script.
api() {
	local method=$1 path=$2 reply

	shift 2
	reply=$(curl -sS --max-time 60 --fail-with-body -X "$method" \
	    -H "Authorization: Bearer $key" "$@" "$http/api/v1$path") ||
		die "$method $path: $reply"
	printf '%s\n' "$reply"
}

# api_json METHOD PATH DOCUMENT
api_json() {
	api "$1" "$2" -H 'Content-Type: application/json' --data-binary "$3"
}
