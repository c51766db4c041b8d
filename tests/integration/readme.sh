#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# readme.sh - the README's "First device in five minutes", pasted in order into one
# shell, against a fresh otad. Only the address differs, since its port is free.
# A comment "# shows TEXT" in a block is a promise: TEXT must appear in what the
# commands before it printed.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
B=${B:-$PWD/build}
readme=$PWD/README.md
dir=$(mktemp -d "${TMPDIR:-/tmp}/otad-readme.XXXXXX")
. tests/lib.sh
trap 'otad_stop || true; rm -rf "$dir"' EXIT

# As it comes, but for the ports.
cat >"$dir/otad.conf" <<'END'
[http]
listen = 127.0.0.1:0
[https]
listen = 127.0.0.1:0
END
otad_start "$dir/otad.conf"

mkdir "$dir/home"
ln -s "$B" "$dir/home/build"
ln -s "$dir/state" "$dir/home/otad-state"

# Each promise becomes a check of what was printed since the promises before it.
awk '
    /^## / { inside = /^## First device/; next }
    inside && /^```sh$/ { code = 1; next }
    /^```/ { code = 0; next }
    inside && code && /^# shows / {
	text = substr($0, 9)
	gsub(/\047/, "\047\\\047\047", text)
	printf "promised \047%s\047\n", text
	promises++
	told = 1
	next
    }
    inside && code && told { print ": >\"$out\""; told = 0 }
    inside && code { print; lines++ }
    END { exit !(lines > 20 && promises > 8) }
' "$readme" | sed "s,http://127.0.0.1:8080,$http,g" >"$dir/pasted.sh" ||
	die "no blocks and promises in that section of README.md"

cat - "$dir/pasted.sh" >"$dir/run.sh" <<'END'
out=$1
promises=0
exec >>"$out"
promised() {
	promises=$((promises + 1))
	grep -qF -e "$1" "$out" && return
	echo "README.md promises '$1', but this was printed:" >&2
	cat "$out" >&2
	exit 1
}
END
# shellcheck disable=SC2016 # it is counted where it runs
echo 'echo "$promises promises of the README hold" >&2' >>"$dir/run.sh"
cd "$dir/home"
bash -eu "$dir/run.sh" "$dir/printed"
otad_stop || die "otad did not stop cleanly"
