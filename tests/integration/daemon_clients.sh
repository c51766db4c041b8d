#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Hostile, slow and old-fashioned clients, over HTTP and HTTPS: others are served
# meanwhile, and transfers count when the last byte was acknowledged.
set -eu
cd "$(dirname "$0")/../.."
B=${B:-$PWD/build}
dir=$(mktemp -d)
. tests/lib.sh
trap 'otad_stop || true; rm -rf "$dir"' EXIT

cat >"$dir/otad.conf" <<-END
	[http]
	listen = 127.0.0.1:0
	[https]
	listen = 127.0.0.1:0
	[enrol]
	arduino = open
END
otad_start "$dir/otad.conf"
version='v1.0.1t23701(a)'
"$B/otafleet" image --kind esp8266-sketch --version "$version" --size 400000 -o "$dir/image"
api_json POST /products '{"ptype":23701,"name":"lamp","dialect":"arduino","slots":["image"]}' >/dev/null
api POST /firmware -F "version=$version" -F "image=@$dir/image" >/dev/null
api_json PUT /products/23701/current "{\"version\":\"$version\",\"exposure\":null}" >/dev/null
python3 tests/integration/daemon_clients.py "$http" "$https" "$ca" "$key" "$version" || {
	tail -n 20 "$otad_log"
	exit 1
}
otad_stop || die "it did not end cleanly: $(tail -n 5 "$otad_log")"
grep -q ' stopped$' "$otad_log" || die "no word of its end"
