#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh - what otad is for, in a minute: firmware of each device family goes in
# with curl, a fleet of simulated devices of all of them polls over HTTP and HTTPS,
# and one rollout moves every device to its new version while you watch.
#
# Everything is private: free loopback ports, a state folder that goes afterwards.
# B is the build folder. KEEP=1 leaves otad running and says how to end it.
# Exit status 0: every device runs the new version, with its hash verified.
set -eu
cd "$(dirname "$0")/.."
B=${B:-$PWD/build}
. tests/lib.sh

RUNS=${RUNS:-0.9.0}			# the version the fleet comes with
NEW=${NEW:-1.0.1}			# and the one it ends with
INTERVAL_S=0.5				# between two polls of a device
LIMIT_S=120				# a fleet that is not done by then has failed

# What it shows: ptype, name, product's dialect, kind and size of the image, how
# the fleet calls its dialect, how many devices. A row is a product.
products() {
	cat <<'END'
23701 doorbell    arduino esp8266-sketch 300K arduino   90
23702 thermostat  arduino esp32-app      600K arduino32 80
45772 pump        native  raw            150K native    80
END
}

dir=$(mktemp -d "${TMPDIR:-/tmp}/otad-demo.XXXXXX")
fleets=()				# process ids
devices=0

finish() {
	local pid

	for pid in ${fleets[@]+"${fleets[@]}"}; do
		kill "$pid" 2>/dev/null || true
	done
	if [ -n "$otad_pid" ]; then
		otad_stop || true
	fi
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

step() {
	printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi
}

configure() {
	cat >"$dir/otad.conf" <<'END'
[http]
listen = 127.0.0.1:0
[https]
listen = 127.0.0.1:0
[mqtt]
url =
[enrol]
native = open
arduino = open
END
}

# Product and firmware, the way a person would do it.
publish() {
	local ptype=$1 name=$2 dialect=$3 kind=$4 size=$5 version="v${NEW}t$1(a)" said

	"$B/otafleet" image --kind "$kind" --version "$version" --size "$size" \
	    -o "$dir/$ptype.bin" || die "no image for $name"
	api_json POST /products \
	    "{\"ptype\":$ptype,\"name\":\"$name\",\"dialect\":\"$dialect\"}" >/dev/null
	said=$(api POST /firmware -F "version=$version" -F "image=@$dir/$ptype.bin") || exit 1
	jq -r --arg name "$name" \
	    '"  \($name): \(.version), \(.images[0].size) bytes, \(.images[0].kind), " +
	     "md5 \(.images[0].md5)"' <<<"$said"
}

# Its devices enrol themselves with their first poll, and are known from then on.
power_on() {
	local ptype=$1 name=$2 family=$6 count=$7

	"$B/otafleet" run --dialect "$family" --count "$count" --product "$ptype" \
	    --http "$http" --https "$https" --ca "$ca" --seed "$ptype" \
	    --version "v${RUNS}t$ptype(a)" --until "v${NEW}t$ptype(a)" \
	    --interval-s $INTERVAL_S --duration-s $LIMIT_S --json \
	    --behaviour ok=94,slow=3,drop=3 \
	    >"$dir/$ptype.json" 2>"$dir/$ptype.log" &
	fleets+=($!)
	devices=$((devices + count))
	echo "  $count x $name ($family), over HTTP and HTTPS in turn"
}

known() {
	api GET '/devices?limit=1000' | jq '.items | length'
}

all_known() {
	[ "$(known)" -ge "$devices" ]
}

# One line a product: how many are proven on the new version, how many are out
# there unproven, how many failed, and how many wait for their turn.
picture() {
	jq -r --argjson width 40 '
	    def times($n; $c): if $n > 0 then $c * $n else "" end;
	    def bar($n; $total; $c): times($n * $width / ([$total, 1] | max) | floor; $c);
	    .parts[] | ([.counts[]] | add) as $total | .counts.succeeded as $done
	    | ((.counts.failed + .counts.timed_out + .counts.rejected)) as $bad
	    | (bar($done; $total; "#") + bar(.exposed; $total; "+") + bar($bad; $total; "!")) as $bar
	    | "  \(.version)  [\($bar)\(times($width - ($bar | length); "."))]  " +
	      "\($done) of \($total) proven, \(.exposed) exposed, \($bad) failed"' <<<"$1"
}

# follow JOB: until it is over, or the fleets are.
follow() {
	local id=$1 job lines=0 state=running last=-2

	while [ "$state" = running ] || [ "$state" = scheduled ]; do
		job=$(api GET "/jobs/$id") || exit 1
		state=$(jq -r .state <<<"$job")
		if [ -t 1 ]; then
			[ "$lines" -eq 0 ] || printf '\033[%dA' "$lines"
			picture "$job" | sed 's/$/\x1b[K/'
			lines=$(jq '.parts | length' <<<"$job")
		elif [ $((SECONDS - last)) -ge 2 ] || [ "$state" != running ]; then
			last=$SECONDS
			echo "  after $((SECONDS - began)) s"
			picture "$job"
		fi
		[ $((SECONDS - began)) -lt $LIMIT_S ] || die "not done after $LIMIT_S s: $state"
		sleep 0.25
	done
	[ "$state" = completed ] || die "the rollout is $state"
}

# The fleets' own words: what they run, and what they verified.
judge() {
	local pid bad=0 ptype

	for pid in "${fleets[@]}"; do
		wait "$pid" || bad=1
	done
	fleets=()
	if [ $bad -ne 0 ]; then
		while read -r ptype _; do
			tail -n 5 "$dir/$ptype.log" >&2
		done < <(products)
		die "a fleet is not content"
	fi
}

summary() {
	local took=$1

	jq -rs --arg took "$took" '
	    "  \(map(.updated) | add) of \(map(.devices) | add) devices run the new version",
	    "  \(map(.updated) | add) images verified by length, MD5 and SHA-256, " +
		"\(map(.mismatched) | add) mismatched",
	    "  \(map(.bytes) | add / 1e6 | floor) MB of images, \(map(.polls) | add) polls answered, " +
		"\($took) s"' "$dir"/*.json
}

configure
otad_start "$dir/otad.conf"
step "otad serves $http and $https"

step "Firmware of every family"
while read -r -a row; do
	publish "${row[@]}"
done < <(products)

step "A fleet that runs $RUNS is switched on"
while read -r -a row; do
	power_on "${row[@]}"
done < <(products)
until_true 30 all_known || die "only $(known) of $devices devices showed up"
echo "  all $devices are known"

step "One rollout over all of them: a few devices first, more as they prove themselves"
began=$SECONDS
from=$(date +%s%N)
versions=$(products | while read -r ptype _; do echo "v${NEW}t$ptype(a)"; done | jq -Rn '[inputs]')
job=$(api_json POST /jobs \
    "{\"versions\":$versions,\"targets\":{\"all\":true},\"retry_delay_s\":1}" | jq -r .id)
follow "$job"
judge
took=$(awk -v from="$from" -v to="$(date +%s%N)" 'BEGIN { printf "%.1f", (to - from) / 1e9 }')

step "Done"
summary "$took"

if [ -n "${KEEP:-}" ] && [ "$KEEP" != 0 ]; then
	cat <<END

otad is still running:
  API       $http/api/v1/  and  $https/api/v1/
  a look    curl -s -H "Authorization: Bearer \$(cat $dir/state/admin.key)" $http/api/v1/jobs/$job
  its log   $dir/otad.log
  end it    kill $otad_pid && rm -rf $dir
END
	trap - EXIT
	disown "$otad_pid"
else
	otad_stop || die "otad did not stop cleanly"
	echo
	echo "KEEP=1 leaves otad running, to look around: its API was at $http/api/v1/"
fi
