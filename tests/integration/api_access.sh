#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# api_access.sh - who may do what, and how the API refuses over the wire: every
# refusal is a problem with its own status in it, and changes nothing.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
B=${B:-$PWD/build}
dir=$(mktemp -d "${TMPDIR:-/tmp}/otad-access.XXXXXX")
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

# refused STATUS WHAT CURL-OPTION… PATH
refused() {
	local want=$1 what=$2 got path=${*: -1}

	shift 2
	set -- "${@:1:$#-1}"
	got=$(curl -sS --max-time 60 -o "$dir/reply" -w '%{http_code} %{content_type}' "$@" \
	    "$http$path")
	[ "$got" = "$want application/problem+json" ] ||
		die "$what: $got instead of $want: $(cat "$dir/reply")"
	jq -e --argjson s "$want" '.status == $s and (.type | startswith("/problems/")) and
	    (.title | length > 0) and (.detail | length > 0) and (.errors | type == "array")' \
	    "$dir/reply" >/dev/null || die "$what: no problem: $(cat "$dir/reply")"
}
new_key() {
	api_json POST /keys "{\"name\":\"$1\",\"role\":\"$1\"}" | jq -r .key
}

viewer=$(new_key viewer)
operator=$(new_key operator)
v=(-H "Authorization: Bearer $viewer")
o=(-H "Authorization: token $operator")
a=(-H "Authorization: Bearer $key")
json=(-H 'Content-Type: application/json')

refused 401 'no key' /api/v1/products
refused 401 'a wrong key' -H 'Authorization: Bearer nonsense' /api/v1/products
refused 401 'another scheme' -H "Authorization: Basic $key" /api/v1/products
refused 403 'a viewer makes products' "${v[@]}" "${json[@]}" -d '{"name":"x","dialect":"native"}' \
    /api/v1/products
refused 403 'a viewer uploads' "${v[@]}" -F version=x -F image=x /api/v1/firmware
refused 403 'an operator makes keys' "${o[@]}" "${json[@]}" -d '{"name":"x","role":"admin"}' \
    /api/v1/keys
refused 403 'an operator reads the audit' "${o[@]}" /api/v1/audit
curl -sSf "${v[@]}" "$http/api/v1/products" >/dev/null
curl -sSf "${o[@]}" "${json[@]}" -d '{"name":"Lamp","dialect":"native","ptype":7}' \
    "$http/api/v1/products" >/dev/null

# Who did it is in the audit; a key that is gone opens nothing.
[ "$(api GET '/audit?limit=1' | jq -r '.items[0].name + " " + .items[0].action')" = \
    'operator product.create' ] || die 'the audit does not tell who'
id=$(api GET /keys | jq -r '.items[] | select(.name == "viewer").id')
api DELETE "/keys/$id" >/dev/null
refused 401 'a deleted key' "${v[@]}" /api/v1/products
id=$(api GET /keys | jq -r '.items[] | select(.role == "admin").id')
refused 409 'the last admin' "${a[@]}" -X DELETE "/api/v1/keys/$id"

# What no handler sees.
refused 404 'no such path' "${a[@]}" /api/v1/nothing
refused 404 'not there yet' "${a[@]}" -X POST /api/v1/firmware:fetch
refused 405 'no such method' "${a[@]}" -X PUT /api/v1/products
head -c 10000000 /dev/zero | tr '\0' '[' >"$dir/brackets"
refused 413 '10 MB of brackets' "${a[@]}" "${json[@]}" --data-binary "@$dir/brackets" \
    /api/v1/products
head -c 60000 "$dir/brackets" >"$dir/some"
refused 400 'nested 60,000 deep' "${a[@]}" "${json[@]}" --data-binary "@$dir/some" \
    /api/v1/products
refused 415 'no JSON at all' "${a[@]}" -H 'Content-Type: image/png' -d '{}' /api/v1/products

# What they say of a document: all of it, by name.
refused 400 'duplicate keys' "${a[@]}" "${json[@]}" \
    -d '{"name":"x","name":"y","dialect":"native"}' /api/v1/products
jq -e '.errors[0].rule == "duplicate" and (.detail | contains("name"))' "$dir/reply" >/dev/null ||
	die "the duplicate key is not named: $(cat "$dir/reply")"
refused 400 'unknown fields and wrong types' "${a[@]}" "${json[@]}" \
    -d '{"name":7,"dialect":"native","colour":"red","size":1}' /api/v1/products
[ "$(jq -c '[.errors[] | [.field, .rule]]' "$dir/reply")" = \
    '[["name","type"],["colour","unknown"],["size","unknown"]]' ] ||
	die "not all are named: $(cat "$dir/reply")"
refused 400 'a NUL' "${a[@]}" "${json[@]}" -d '{"name":"a\u0000b","dialect":"native"}' \
    /api/v1/products
printf '{"name":"\377","dialect":"native"}' >"$dir/bytes"
refused 400 'no UTF-8' "${a[@]}" "${json[@]}" --data-binary "@$dir/bytes" /api/v1/products
refused 422 'what cannot be done yet' "${a[@]}" "${json[@]}" \
    -d '{"version":"v1.0.0t7(a)","targets":{"all":true},"health":{"call":{"method":"Sys.GetInfo"}}}' /api/v1/jobs
jq -e '.errors[0].field == "health" and .errors[0].rule == "not_yet"' "$dir/reply" >/dev/null ||
	die "health: $(cat "$dir/reply")"
[ "$(api GET /products | jq '.items | length')" = 1 ] || die 'a refusal made a product'

# Outside of /api/v1, without a key.
curl -sSf "$http/healthz" | jq -e '.status == "ok"' >/dev/null
curl -sSf "$http/readyz" | jq -e '.ready and .parts.store.ready' >/dev/null
curl -sSf "$http/api/v1/openapi.json" | jq -e '.openapi | startswith("3.1")' >/dev/null
curl -sSf "$http/metrics" >"$dir/metrics"
grep -q '^otad_devices{status="pending"} 0$' "$dir/metrics" || die 'no figures'
if grep -vE '^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"]*"\})? [0-9]+)$' "$dir/metrics"; then
	die 'lines that Prometheus would not read'
fi
