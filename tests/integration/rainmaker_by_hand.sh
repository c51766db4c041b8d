#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A RainMaker node played by hand, on a real broker: mosquitto_pub says what the
# node says, mosquitto_sub hears what it hears, curl downloads as its client does.
set -eu
cd "$(dirname "$0")/../.."
B=${B:-$PWD/build}
dir=$(mktemp -d)
. tests/lib.sh
for tool in mosquitto mosquitto_pub mosquitto_sub; do
	command -v $tool >/dev/null || PATH=$PATH:/usr/sbin
	command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done

broker_pid=
ear_pid=
finish() {
	otad_stop || true
	for pid in $ear_pid $broker_pid; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$dir"
}
trap finish EXIT

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

answers() {
	mosquitto_pub -h 127.0.0.1 -p "$mqtt" -t test -m x 2>/dev/null
}

mqtt=$(free_port)
cat >"$dir/mosquitto.conf" <<-END
	listener $mqtt 127.0.0.1
	allow_anonymous true
END
mosquitto -c "$dir/mosquitto.conf" >"$dir/mosquitto.log" 2>&1 &
broker_pid=$!
until_true 10 answers || die "the broker does not start: $(tail -n 3 "$dir/mosquitto.log")"

port=$(free_port)
cat >"$dir/otad.conf" <<-END
	[http]
	listen = 127.0.0.1:$port
	[https]
	listen =
	[links]
	base = http://127.0.0.1:$port
	[mqtt]
	url = mqtt://127.0.0.1:$mqtt
END
otad_start "$dir/otad.conf"
connected() {
	grep -q 'mqtt: connected' "$otad_log"
}
until_true 10 connected || die "otad finds no broker: $(tail -n 3 "$otad_log")"

# ---- what a person does ----

version='v1.1.0t23333(a)'
"$B/otafleet" image --kind esp32-app --version "$version" --size 200000 -o "$dir/image"
api_json POST /products '{"ptype":23333,"name":"lamp","dialect":"rainmaker",
    "hardware":{"model":"lamp","type":"Lightbulb"}}' >/dev/null
native=$(api POST /firmware -F "version=$version" -F "image=@$dir/image" |
    jq -r '.native_versions[0] // .version')

# ---- the node ----

node=246F28A1B2C3
publish() {
	mosquitto_pub -h 127.0.0.1 -p "$mqtt" -q 1 "$@"
}
# says SUFFIX TEXT: as SDKs of today do it, on the topics of basic ingest
says() {
	publish -t "\$aws/rules/esp_node_$1/node/$node/$1" -m "$2"
}
config() {
	says config "{\"node_id\":\"$node\",\"config_version\":\"2020-03-20\",\"info\":{
	    \"name\":\"Lamp\",\"fw_version\":\"$1\",\"type\":\"Lightbulb\",\"model\":\"lamp\",
	    \"project_name\":\"lamp\",\"platform\":\"esp32\"},\"devices\":[],\"services\":[]}"
}
fetch() {
	says otafetch "{\"node_id\":\"$node\",\"fw_version\":\"$1\"}"
}
# reports STATUS TEXT
reports() {
	says otastatus "{\"ota_job_id\":\"$job\",\"status\":\"$1\",\"additional_info\":\"$2\",
	    \"ts\":1790000000}"
}
device_is() {
	[ "$(curl -s -H "Authorization: Bearer $key" "$http/api/v1/devices/$node" | jq -r "$1")" = "$2" ]
}
part_is() {
	[ "$(api GET "/jobs/$job/executions" | jq -r ".items[] | select(.device == \"$node\") | $1")" = "$2" ]
}

mosquitto_sub -h 127.0.0.1 -p "$mqtt" -q 1 -t "node/$node/otaurl" >"$dir/heard" &
ear_pid=$!
heard() {
	[ "$(wc -l <"$dir/heard")" -eq "$1" ]
}

config 1.0.0
until_true 10 device_is '"\(.ptype) \(.status)"' '23333 pending' ||
	die "its config does not enrol it: $(tail -n 3 "$otad_log")"
api POST "/devices/$node:accept" >/dev/null
job=$(api_json POST /jobs "{\"version\":\"$version\",\"targets\":{\"all\":true}}" | jq -r .id)
until_true 10 heard 1 || die "no offer was pushed: $(tail -n 5 "$otad_log")"

# Asking again does not repeat it, nor does what must not be understood.
fetch 1.0.0
says otastatus 'garbage'
publish -t "node/$node/otastatus" -n
publish -t "node/$node/otastatus" \
    -m '{"ota_job_id":"0123456789abcdefghijkl","status":"success"}'
publish -r -t "node/$node/otafetch" -m '{"fw_version":"0"}'
# It restarts while otad is away, too: told before, it is told again, since it asks.
# The broker keeps both messages, and they come in one batch.
otad_stop || die "it did not end cleanly: $(tail -n 5 "$otad_log")"
config 1.0.0
fetch 1.0.0
otad_start "$dir/otad.conf"
until_true 10 heard 2 || die "asking after a restart is not answered: $(tail -n 5 "$otad_log")"
offer=$(tail -n 1 "$dir/heard")
[ "$offer" = "${offer//\\/}" ] || die "an escape: $offer"
[ "$(jq -r .ota_job_id <<<"$offer")" = "$job" ] || die "the job: $offer"
[ "$(jq -r .file_size <<<"$offer")" = 200000 ] || die "the size: $offer"
[ "$(jq -r .file_md5 <<<"$offer")" = "$(md5sum <"$dir/image" | cut -d' ' -f1)" ] || die "MD5: $offer"
[ "$(jq -r .fw_version <<<"$offer")" = "$native" ] || die "the version: $offer"
url=$(jq -r .url <<<"$offer")

reports in-progress 'Starting OTA Upgrade (HTTPS attempt 1/3)'
curl -sS -D "$dir/head" -o "$dir/part" -r 0-65535 "$url"
grep -q '^HTTP/1.1 206' "$dir/head" || die "not 206: $(cat "$dir/head")"
reports failed 'OTA Attempt 1/3 failed: OTA failed: ESP_FAIL (errno=104: Connection reset by peer)'
curl -sS -D "$dir/head" -r 65536- "$url" >>"$dir/part"
grep -qi '^content-range: bytes 65536-199999/200000' "$dir/head" || die "$(cat "$dir/head")"
grep -qi '^transfer-encoding' "$dir/head" && die "chunked"
cmp "$dir/part" "$dir/image" || die "other bytes"
[ "$(curl -sS -o /dev/null -w '%{http_code}' -r 200000- "$url")" = 416 ] || die "not 416"
[ "$(curl -sSI -w '%{http_code}' -o /dev/null "$url")" = 200 ] || die "no HEAD"
[ "$(curl -sS -o /dev/null -w '%{http_code}' "${url/\/d\//\/d\/1}")" = 403 ] || die "forged, and served"
reports in-progress 'Firmware Image download complete'
reports in-progress 'Rebooting into new firmware (after 2 HTTPS attempts)'
reports success 'OTA Upgrade finished and verified successfully'
until_true 10 part_is .state verifying || die "$(api GET "/jobs/$job/executions")"
config "$native"
until_true 10 part_is '"\(.state) \(.sure) \(.attempt)"' 'succeeded true 1' ||
	die "$(api GET "/jobs/$job/executions")"
[ "$(curl -sS -o /dev/null -w '%{http_code}' "$url")" = 410 ] || die "its link still works"
device_is .firmware "$version" || die "$(api GET "/devices/$node")"
heard 2 || die "said too much: $(cat "$dir/heard")"
otad_stop || die "it did not end cleanly: $(tail -n 5 "$otad_log")"
