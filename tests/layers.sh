#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# layers.sh - the arrows between folders (docs/architecture.md) are kept.
#
# Arrows are #include lines, so the includes of each folder are its arrows. What
# a folder may name of ours, and which library, is listed; all else is refused,
# so a new header needs a decision here. Prints each offending line, exit 1 then.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0

# Headers of include/otad/ by rank.
base='(err|auto|buf|log|clock|digest|facts|range|health|utf8|zone|seal|net|banned|conf|tbl/[a-z_]+)\.h'
libs='jansson|sqlite3|microhttpd|mosquitto|curl/|archive(_entry)?\.h|zip\.h|zlib\.h|ini\.h|systemd/|gnutls/|openssl/'

complain() {
	printf 'layers: %s (%s)\n' "$1" "$2" >&2
	bad=1
}

# includes PLACE: the include lines of a folder or file, as file:line:#include ….
includes() {
	[ -e "$1" ] || return 0
	grep -rnHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]' \
	    --include='*.[ch]' "$1" || true
}

# ours FOLDER REGEX: of include/otad/ it may name only these.
ours() {
	while IFS= read -r line; do
		complain "$line" "$1 may not name this"
	done < <(includes "$1" | grep -E '[<"]otad/' | grep -vE "[<\"]otad/($2)[>\"]")
}

# library FOLDER REGEX: of the libraries it may name only these.
library() {
	while IFS= read -r line; do
		complain "$line" "$1 may not name this library"
	done < <(includes "$1" | grep -E "[<\"]($libs)" | grep -vE "[<\"]($2)")
}

# never FOLDER REGEX: not even these, whatever the two above let through.
never() {
	while IFS= read -r line; do
		complain "$line" "$1 never names this"
	done < <(includes "$1" | grep -E "[<\"]($2)")
}

none='-'
ours	src/base	"$base"
library	src/base	'openssl/|systemd/|ini\.h'
never	src/core	'otad/(dialect|request|reply|route|transport)|sql\.gen'
library	src/core	"$none"
ours	src/image	"$base|version\.h|image[a-z_]*\.h"
library	src/image	'openssl/|archive|zip|zlib'
never	src/dialect	'otad/(store|transport)|sql\.gen|openssl/'
library	src/dialect	'jansson'
never	src/mgmt	'otad/(store|transport)|sql\.gen'
library	src/mgmt	'jansson'
never	src/transport	'otad/store|sqlite3|sql\.gen'
never	src/store	'otad/(dialect|request|reply|route|transport)'
library	src/store	'sqlite3'
ours	src/otafleet	"$base|version\.h"
library	src/otafleet	'jansson|curl/|openssl/'
never	src/otafleet	'sql\.gen'
ours	src/otactl	"$base|version\.h"
library	src/otactl	'jansson|curl/'

# A dialect names no other dialect: it is removed by deleting one file.
for f in src/dialect/*.c src/dialect/*/*.c; do
	[ -e "$f" ] || continue
	for other in src/dialect/*.c src/dialect/*/; do
		o=$(basename "$other" .c)
		if [ "$o" = dialect ] || [ ! -e "$other" ] || [[ $f == src/dialect/${o}[./]* ]]; then
			continue
		fi
		[ "$(basename "$f")" = dialect.c ] && continue
		while IFS= read -r line; do
			complain "$f:$line" "names another dialect"
		done < <(grep -nE "\<dialect_$o\>" "$f")
	done
done

# Only http.c of the transports turns anything into JSON, and each has its
# network library to itself.
for f in src/transport/*.c; do
	[ -e "$f" ] || continue
	case $f in
	src/transport/http*.c) ;;
	*) never "$f" 'jansson' ;;
	esac
	n=$(grep -oE '^#include <(microhttpd|mosquitto|curl/)' "$f" | sort -u | wc -l)
	[ "$n" -le 1 ] || complain "$f" "one network library each"
done
for l in microhttpd mosquitto; do
	while IFS= read -r f; do
		case $f in
		src/transport/*) ;;
		*) complain "$f" "$l belongs to src/transport" ;;
		esac
	done < <(grep -rlE "^#include <$l" src include 2>/dev/null)
done

# A header that one folder keeps to itself stays there.
while IFS= read -r line; do
	complain "$line" 'the way to another folder is include/otad'
done < <(includes src | grep -E '[<"][^">]*\.\./')
while IFS= read -r line; do
	file=${line%%:*}
	name=$(sed -E 's/.*[<"]([^">]*)[">].*/\1/' <<<"$line")
	case $name in
	otad/* | sql.gen.h) continue ;;
	esac
	[ -e "$(dirname "$file")/$name" ] ||
		complain "$line" 'neither beside it nor in include/otad'
done < <(includes src | grep -E 'include[[:space:]]*"')

# Contracts may name contracts and the system's headers, and no library.
while IFS= read -r line; do
	complain "$line" 'a contract names no library'
done < <(includes include | grep -E "[<\"]($libs)")

exit $bad
