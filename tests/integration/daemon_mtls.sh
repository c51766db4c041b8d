#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Devices known by their certificates: one of our authority's is who its common
# name says, all others are nobody.
set -eu
cd "$(dirname "$0")/../.."
B=${B:-$PWD/build}
dir=$(mktemp -d)
. tests/lib.sh
trap 'otad_stop || true; rm -rf "$dir"' EXIT

# authority NAME; client AUTHORITY NAME COMMON-NAME [DAYS]
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
		-keyout "$dir/$1.key" -out "$dir/$1.pem" 2>/dev/null
}
client() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" \
		-keyout "$dir/$2.key" -out "$dir/$2.csr" 2>/dev/null
	openssl x509 -req -in "$dir/$2.csr" -CA "$dir/$1.pem" -CAkey "$dir/$1.key" -CAcreateserial \
		-days "${4:-2}" -out "$dir/$2.pem" 2>/dev/null
}
# poll STATUS CURL-OPTION…
poll() {
	local expect=$1 got

	shift
	got=$(curl -sS -o "$dir/body" -w '%{http_code}' --max-time 10 --cacert "$ca" \
	    -H 'X-Device-Version: v1.0.0t23701(a)' -H 'X-Device-Product: 23701' "$@" \
	    "https://localhost:${https##*:}/device/update")
	[ "$got" = "$expect" ] || die "$*: $got, not $expect: $(cat "$dir/body")"
}

authority ours
authority theirs
client ours good lamp-1
client ours other lamp-2
client theirs foreign lamp-1
client ours late lamp-1 -1
printf '%s\n' '[http]' 'listen = 127.0.0.1:0' '[https]' 'listen = 127.0.0.1:0' \
	"client_ca = $dir/ours.pem" '[enrol]' 'native = open' >"$dir/otad.conf"
otad_start "$dir/otad.conf"
api_json POST /products '{"ptype":23701,"name":"lamp","dialect":"native","slots":["image"]}' >/dev/null

for newest in 1.2 1.3; do
	tls=(--tls-max "$newest")
	poll 304 "${tls[@]}" --cert "$dir/good.pem" --key "$dir/good.key" -H 'X-Device-Id: lamp-1'
	poll 401 "${tls[@]}" -H 'X-Device-Id: lamp-1'
	poll 401 "${tls[@]}" --cert "$dir/foreign.pem" --key "$dir/foreign.key" -H 'X-Device-Id: lamp-1'
	poll 401 "${tls[@]}" --cert "$dir/late.pem" --key "$dir/late.key" -H 'X-Device-Id: lamp-1'
done
poll 401 --cert "$dir/foreign.pem" --key "$dir/foreign.key" -H 'X-Device-Id: lamp-9'
# Who has no certificate is served all the same: people have keys.
curl -sS --fail --cacert "$ca" -H "Authorization: Bearer $key" \
	"https://localhost:${https##*:}/api/v1/devices" | jq -e '.items | length == 1' >/dev/null ||
	die "devices that proved nothing were enrolled"
otad_stop || die "exit status $?"
