#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# api_jobs.sh - a rollout over a list of a thousand devices: made in slices and
# shown whole, walked through by cursor, kept over a kill -9, ended.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
B=${B:-$PWD/build}
dir=$(mktemp -d "${TMPDIR:-/tmp}/otad-jobs.XXXXXX")
. tests/lib.sh
trap 'otad_stop || true; rm -rf "$dir"' EXIT
n=1000

cat >"$dir/otad.conf" <<'END'
[http]
listen = 127.0.0.1:0
[https]
listen =
END
otad_start "$dir/otad.conf"

api_json POST /products '{"ptype":7,"name":"Lamp","dialect":"native"}' >/dev/null
echo hello >"$dir/image"
api POST /firmware -F 'version=v1.0.1t7(a)' -F "image=@$dir/image" >/dev/null

# One curl, one connection, a request for each device.
for ((i = 0; i < n; i++)); do
	[ $i = 0 ] || echo next
	printf 'url = "%s/api/v1/devices"\nheader = "Authorization: Bearer %s"\n' "$http" "$key"
	printf 'data = "{\\"id\\":\\"lamp-%d\\",\\"ptype\\":7,\\"tags\\":{\\"even\\":\\"%d\\"}}"\n' \
	    $i $((i % 2))
	printf 'output = "/dev/null"\nfail\n'
done >"$dir/devices"
curl -sS -K "$dir/devices" || die 'devices'

# walk PATH: all items of a list, piece by piece.
walk() {
	local cursor='' piece sep='?'

	case $1 in *\?*) sep='&' ;; esac
	while :; do
		piece=$(api GET "$1${sep}limit=300${cursor:+&cursor=$cursor}")
		jq -c '.items[]' <<<"$piece"
		cursor=$(jq -r '.next // empty' <<<"$piece")
		[ -n "$cursor" ] || return 0
	done
}
[ "$(walk /devices | jq -r .id | sort -u | wc -l)" = $n ] || die 'not all devices are listed'
[ "$(walk '/devices?filter=tag.even==0;status==accepted' | wc -l)" = $((n / 2)) ] || die 'filter'

# A dry run makes nothing; a job over the list, each device named twice.
jq -n --argjson n $n '{version: "v1.0.1t7(a)", targets: {devices:
    [range($n), range($n) | "lamp-\(.)"]}}' >"$dir/job"
api POST '/jobs?dry_run=true' --data-binary "@$dir/job" |
	jq -e --argjson n $n '.matched == $n and .already_there == 0' >/dev/null || die 'dry run'
[ "$(walk /jobs | wc -l)" = 0 ] || die 'a dry run made a job'
id=$(api POST /jobs --data-binary "@$dir/job" | jq -r --argjson n $n \
    'select(.counts.queued == $n and .state == "running").id')
[ -n "$id" ] || die 'the job is not whole'
[ "$(walk "/jobs/$id/executions?state=queued" | jq -r .device | sort -u | wc -l)" = $n ] ||
	die 'not all executions are listed'

# Long lists are read, too long ones refused; one unknown device refuses the job.
jq -nc '{version: "v1.0.1t7(a)", targets: {devices: [range(150000) | "nobody-\(.)"]}}' >"$dir/long"
status() {
	curl -sS --max-time 60 -o "$dir/reply" -w '%{http_code}' -H "Authorization: Bearer $key" "$@"
}
[ "$(status --data-binary "@$dir/long" "$http/api/v1/jobs")" = 422 ] ||
	die "150,000 unknown devices: $(cat "$dir/reply")"
jq -nc '{version: "v1.0.1t7(a)", targets: {devices: [range(400000) | "nobody-\(.)"]}}' >"$dir/long"
[ "$(status --data-binary "@$dir/long" "$http/api/v1/jobs")" = 413 ] || die 'no limit'
[ "$(walk /jobs | wc -l)" = 1 ] || die 'a refusal made a job'

# Killed, everything that was acknowledged is there.
kill -KILL "$otad_pid"
wait "$otad_pid" 2>/dev/null || true
otad_start "$dir/otad.conf"
[ "$(sqlite3 "$dir/state/otad.db" 'PRAGMA integrity_check')" = ok ] || die 'integrity'
api GET "/jobs/$id" | jq -e --argjson n $n '.counts.queued == $n and .state == "running"' \
    >/dev/null || die 'the job is not what it was'

# Ended, at once for all of them.
api POST "/jobs/$id:cancel" | jq -e --argjson n $n \
    '.state == "canceled" and .counts.canceled == $n and .counts.queued == 0' >/dev/null ||
	die 'not canceled'
[ "$(status -X POST "$http/api/v1/jobs/$id:cancel")" = 409 ] || die 'canceled twice'
otad_stop || die 'no clean stop'
