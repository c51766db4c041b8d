#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# devices_import.sh - a hundred thousand devices from a file, as curl sends it: the
# server's memory stays small, others are served meanwhile, a client that goes away
# leaves whole batches, and what came in is found by filters and taken by a job.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
B=${B:-$PWD/build}
dir=$(mktemp -d "${TMPDIR:-/tmp}/otad-import.XXXXXX")
. tests/lib.sh
trap 'otad_stop || true; rm -rf "$dir"' EXIT

cat >"$dir/otad.conf" <<'END'
[http]
listen = 127.0.0.1:0
[https]
listen =
[mqtt]
url =
END
otad_start "$dir/otad.conf"

n=100000
api_json POST /products '{"ptype":500,"name":"Lamp","dialect":"arduino"}' >/dev/null
awk -v n=$n 'BEGIN { for (i = 0; i < n; i++)
	printf "{\"id\":\"%012X\",\"ptype\":500,\"tags\":{\"site\":\"s%d\",\"rack\":%d}}\n", i, i % 100, i % 7
}' >"$dir/fleet"

# resident: its memory in kB, at its highest.
resident() {
	awk '/^VmHWM/ { print $2 }' "/proc/$otad_pid/status"
}
# import STATUS FILE [QUERY]: the reply is in $dir/reply.
import() {
	local got

	got=$(curl -sS --max-time 200 -o "$dir/reply" -w '%{http_code}' -X POST \
	    -H "Authorization: Bearer $key" -T "$2" "$http/api/v1/devices:import${3-}") || true
	[ "$got" = "$1" ] || die "import of $2: $got instead of $1: $(cat "$dir/reply")"
}
# reply JQ-EXPRESSION: it holds of the reply.
reply() {
	jq -e "$1" "$dir/reply" >/dev/null || die "not $1: $(head -c 2000 "$dir/reply")"
}
# found FILTER: how many devices match.
found() {
	local cursor='' page total=0

	while :; do
		page=$(api GET "/devices?limit=1000$cursor" -G --data-urlencode "filter=$1")
		total=$((total + $(jq '.items | length' <<<"$page")))
		cursor=$(jq -r 'if .next then "&cursor=" + .next else "" end' <<<"$page")
		[ -n "$cursor" ] || break
	done
	echo $total
}
is_found() {
	local got

	got=$(found "$1")
	[ "$got" = "$2" ] || die "$1: $got devices instead of $2"
}

# Whoever goes away in the middle has registered whole batches, and no half ones. What
# had come by then may still be written, in batches that are the same as those below.
head -n 20000 "$dir/fleet" >"$dir/begun"
mkfifo "$dir/pipe"
curl -sS --max-time 200 -o "$dir/ignored" -X POST -H "Authorization: Bearer $key" -T "$dir/pipe" \
    "$http/api/v1/devices:import" 2>"$dir/ignored" &
client=$!
exec 3>"$dir/pipe"
cat "$dir/begun" >&3
some_came() { [ "$(api GET '/devices?limit=1' | jq '.items | length')" = 1 ]; }
until_true 60 some_came || die "nothing was registered while the body came"
kill $client
wait $client 2>/dev/null || true
exec 3>&-

# The whole file, with what came already, while others are served.
before=$(resident)
import 200 "$dir/fleet" '?update=true' &
importing=$!
slowest=0
while kill -0 $importing 2>/dev/null; do
	took=$(curl -sS --max-time 60 -o /dev/null -w '%{time_total}' "$http/healthz")
	slowest=$(awk -v a="$slowest" -v b="$took" 'BEGIN { print (a + 0 > b + 0 ? a : b) }')
done
wait $importing
reply ".created + .updated == $n and .refused == 0 and .failed == []"
reply '.updated % 500 == 0 and .updated > 0 and .updated <= 20000'
grown=$(($(resident) - before))
# A sanitizer keeps what was freed for a while: there, memory says nothing.
grep -q __asan_init "$B/otad" || [ $grown -lt 40000 ] ||
	die "its memory grew by $grown kB for $(wc -c <"$dir/fleet") bytes"
awk -v s="$slowest" 'BEGIN { exit !(s < 3) }' || die "somebody waited $slowest s meanwhile"
echo "memory grew by $grown kB; the slowest other answer took $slowest s"

# Again: every line is refused, and a hundred are told of.
import 200 "$dir/begun"
reply '.created == 0 and .refused == 20000 and (.failed | length) == 100 and
    .failed[99].line == 100 and (.failed[0].message | contains("is there already"))'

# Found, in pages.
is_found 'tag.site==s7' $((n / 100))
is_found 'tag.site==s7;tag.rack==0' "$(awk -v n=$n 'BEGIN { for (i = 7; i < n; i += 100) c += i % 7 == 0; print c }')"
is_found 'id==0000000000*' 256
is_found 'id=in=(000000000001,0000000186A0),tag.site=in=(s98,s99);id!=*3' \
    "$(awk -v n=$n 'BEGIN { for (i = 0; i < n; i++) c += i == 1 || (i % 100 >= 98 && sprintf("%X", i) !~ /3$/); print c }')"
is_found 'last_seen==*' 0

# Taken by a job, by name.
printf 'image' >"$dir/image"
api POST /firmware -F 'version=v1.0.1t500(a)' -F "image=@$dir/image" >/dev/null
api_json POST /filters '{"name":"some","filter":"tag.site==s7,tag.site==s8"}' >/dev/null
job='{"version":"v1.0.1t500(a)","targets":{"filter":"@some"},"mode":"force"}'
api_json POST '/jobs?dry_run=true' "$job" | jq -e ".matched == $((n / 50))" >/dev/null ||
	die "the dry run matches others"
api_json POST /jobs "$job" >"$dir/reply"
reply ".counts.queued == $((n / 50)) and .targets.filter == \"tag.site==s7,tag.site==s8\""

# Not without a key, not as a form, not without a line.
got=$(curl -sS -o "$dir/reply" -w '%{http_code}' -X POST -T "$dir/begun" "$http/api/v1/devices:import")
[ "$got" = 401 ] || die "without a key: $got"
got=$(curl -sS -o "$dir/reply" -w '%{http_code}' -H "Authorization: Bearer $key" \
    -F "x=@$dir/begun" "$http/api/v1/devices:import")
[ "$got" = 415 ] || die "as a form: $got"
: >"$dir/empty"
import 400 "$dir/empty"
otad_stop || die "otad ended with status $?"
