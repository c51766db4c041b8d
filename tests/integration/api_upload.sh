#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# api_upload.sh - uploads as curl and broken clients send them: whatever refuses
# one, nothing of it is stored; what is stored comes back byte for byte.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
B=${B:-$PWD/build}
dir=$(mktemp -d "${TMPDIR:-/tmp}/otad-upload.XXXXXX")
. tests/lib.sh
trap 'otad_stop || true; rm -rf "$dir"' EXIT

cat >"$dir/otad.conf" <<'END'
[http]
listen = 127.0.0.1:0
[https]
listen =
[images]
max_size = 1M
END
otad_start "$dir/otad.conf"

# upload STATUS CURL-OPTION…: the status that comes, the reply in $dir/reply.
upload() {
	local want=$1 got

	shift
	got=$(curl -sS --max-time 60 -o "$dir/reply" -w '%{http_code}' \
	    -H "Authorization: Bearer $key" "$@" "$http/api/v1/firmware") || true
	[ "$got" = "$want" ] || die "upload: $got instead of $want: $(cat "$dir/reply")"
}
count() {
	api GET /firmware | jq '.items | length'
}

api_json POST /products '{"ptype":23701,"name":"Lamp","dialect":"native"}' >/dev/null
head -c 700000 /dev/urandom >"$dir/image"

# Refused, each for its reason, and nothing is left.
upload 400 -F 'version=v1.0.2.t23701(a)' -F "image=@$dir/image"
upload 400 -F 'version=v1.0.2t23701(O)' -F "image=@$dir/image"
upload 422 -F 'version=v1.0.2t23701(a)' -F "user1.bin=@$dir/image"
upload 422 -F 'version=v1.0.2t23701(a)'
upload 400 -F "image=@$dir/image"
: >"$dir/empty"
upload 422 -F 'version=v1.0.2t23701(a)' -F "image=@$dir/empty"
upload 400 -F 'version=v1.0.2t23701(a)' -F "image=@$dir/image" -F 'colour=red'
jq -e '.errors[0].field == "colour" and .errors[0].rule == "unknown"' "$dir/reply" >/dev/null ||
	die "the field is not named: $(cat "$dir/reply")"
upload 415 -H 'Content-Type: application/json' -d '{}'
head -c 1048577 /dev/zero >"$dir/big"
upload 413 -F 'version=v1.0.2t23701(a)' -F "image=@$dir/big"

# Refused without taking it all: 300 MB where 1 MB may be, whether curl asks first
# (Expect) or not, and from somebody without a key; 10 MB are read past.
head -c 300000000 /dev/zero >"$dir/huge"
head -c 10000000 /dev/zero >"$dir/large"
huge() {
	local want=$1 file=$2 got
	shift 2
	got=$(curl -sS --max-time 60 -o "$dir/reply" -w '%{http_code} %{size_upload}' "$@" \
	    -F 'version=v1.0.2t23701(a)' -F "image=@$dir/$file" "$http/api/v1/firmware" \
	    2>"$dir/why") || true
	[ "${got% *}" = "$want" ] || die "$file: $got instead of $want: $(cat "$dir/why")"
	[ "${got#* }" -lt 30000000 ] || die "took ${got#* } bytes of what it refused"
}
huge 413 large -H "Authorization: Bearer $key" -H 'Expect:'
huge 413 huge -H "Authorization: Bearer $key" -H 'Expect:'
huge 413 huge -H "Authorization: Bearer $key"
huge 401 large -H 'Expect:'
rm "$dir/huge"

# A part without a name, and ten thousand parts.
printf -- '--bbb\r\nContent-Disposition: form-data\r\n\r\nx\r\n--bbb--\r\n' >"$dir/nameless"
upload 400 -H 'Content-Type: multipart/form-data; boundary=bbb' --data-binary "@$dir/nameless"
for ((i = 0; i < 10000; i++)); do
	printf -- '--bbb\r\nContent-Disposition: form-data; name="p%d"\r\n\r\nx\r\n' $i
done >"$dir/many"
printf -- '--bbb--\r\n' >>"$dir/many"
upload 400 -H 'Content-Type: multipart/form-data; boundary=bbb' --data-binary "@$dir/many"

# Cut off half-way.
printf -- '--bbb\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n' >"$dir/cut"
head -c 300000 "$dir/image" >>"$dir/cut"
upload 400 -H 'Content-Type: multipart/form-data; boundary=bbb' --data-binary "@$dir/cut"
upload 000 --limit-rate 200K --max-time 1 -F "image=@$dir/image" -F 'version=v1.0.2t23701(a)' \
    2>"$dir/why"
[ "$(count)" = 0 ] || die 'a refused upload left something'

# Stored, and back again, whole and in part.
upload 201 -F "image=@$dir/image" -F 'notes=after the file' -F 'version=v1.0.1t23701(a)'
image="$http/api/v1/firmware/v1.0.1t23701(a)/images/image"
auth="Authorization: Bearer $key"
[ "$(jq -r '.images[0].md5' "$dir/reply")" = "$(md5sum <"$dir/image" | cut -d' ' -f1)" ] ||
	die 'another MD5'
[ "$(jq -r '.images[0].sha256' "$dir/reply")" = "$(sha256sum <"$dir/image" | cut -d' ' -f1)" ] ||
	die 'another SHA-256'
curl -sSf -H "$auth" -o "$dir/back" -D "$dir/head" "$image"
cmp "$dir/back" "$dir/image"
etag=$(sed -n 's/^ETag: \(.*\)\r$/\1/p' "$dir/head")
curl -sSf -H "$auth" -r 100-199 -o "$dir/back" "$image"
head -c 200 "$dir/image" | tail -c 100 | cmp - "$dir/back"
curl -sSf -H "$auth" -r -5 -o "$dir/back" "$image"
tail -c 5 "$dir/image" | cmp - "$dir/back"
status() {
	curl -sS -o "$dir/reply" -w '%{http_code}' -H "$auth" "$@" "$image"
}
[ "$(status -r 700000-)" = 416 ] || die 'a range beyond the end'
[ "$(status -H "If-None-Match: $etag")" = 304 ] || die 'not 304'
[ "$(status -I)" = 200 ] || die 'HEAD'
grep -q '^Content-Length: 700000' "$dir/reply" || die "HEAD: $(cat "$dir/reply")"

# Two names that exclude each other, at the same moment, many times: one each wins.
for n in 2 3 4 5 6; do
	racers=()
	for letter in o a; do
		curl -sS --max-time 60 -o /dev/null -w '%{http_code}\n' -H "$auth" \
		    -F "version=v1.0.${n}t23701($letter)" -F "image=@$dir/image" \
		    "$http/api/v1/firmware" >"$dir/race.$letter" &
		racers+=($!)
	done
	wait "${racers[@]}"
	[ "$(sort "$dir/race.o" "$dir/race.a" | tr '\n' ' ')" = '201 409 ' ] ||
		die "race $n: $(cat "$dir/race.o" "$dir/race.a")"
done
[ "$(count)" = 6 ] || die "$(count) firmwares"

# All of it is there after a restart.
otad_stop || die 'no clean stop'
otad_start "$dir/otad.conf"
[ "$(count)" = 6 ] || die 'lost by a restart'
image="$http/api/v1/firmware/v1.0.1t23701(a)/images/image"
curl -sSf -H "$auth" -o "$dir/back" "$image"
cmp "$dir/back" "$dir/image"
