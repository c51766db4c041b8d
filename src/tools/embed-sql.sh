#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# embed-sql.sh h|c FILE… - SQL files as C strings, on standard output.
#
# sql/query/NAME.sql becomes `const char sql_NAME[]`; sql/schema/NNN_NAME.sql a
# row of sql_migrations[]; sql_queries[] lists the queries. The files say $1, which
# PostgreSQL wants; to SQLite that is a name, numbered as it first comes, so here
# it becomes ?1.
set -eu

fail() {
	echo "embed-sql: $*" >&2
	exit 1
}

# The text of $1 as C string literals, a line each, without comment lines.
literals() {
	sed -e '/^[[:space:]]*--/d' -e '/^[[:space:]]*$/d' \
	    -e 's/\$\([0-9]\)/?\1/g' -e 's/\\/\\\\/g' -e 's/"/\\"/g' \
	    -e 's/.*/	"&\\n"/' "$1"
}

name() {
	n=${1##*/}
	n=${n%.sql}
	case $n in
	*[!a-z0-9_]* | '') fail "$1: a name is made of a-z, 0-9 and _" ;;
	esac
	echo "$n"
}

header() {
	cat <<-'END'
	/* Made from sql/ by embed-sql.sh: change it there. */
	#ifndef OTAD_SQL_GEN_H
	#define OTAD_SQL_GEN_H

	/* In order of number, ended by a row of zeros. */
	struct sql_migration {
		int		number;		/* 1, 2, 3 … without a gap */
		const char	*name;
		const char	*text;
	};
	extern const struct sql_migration sql_migrations[];

	/* All of the below, ended by a row of zeros. */
	struct sql_query {
		const char	*name, *text;
	};
	extern const struct sql_query sql_queries[];

	END
	for f; do
		case $f in
		*/schema/*) ;;
		*) n=$(name "$f"); echo "extern const char sql_${n}[];	/* $f */" ;;
		esac
	done
	printf '\n#endif\n'
}

query() {
	n=$(name "$1")
	text=$(literals "$1")
	[ -n "$text" ] || fail "$1: no statement in it"
	printf 'const char sql_%s[] =\n%s\n\t;\n' "$n" "$text"
}

migration() {
	n=$(name "$1")
	number=${n%%_*}
	case $number in
	'' | *[!0-9]*) fail "$1: its name does not begin with a number and _" ;;
	esac
	while [ "${number#0}" != "$number" ]; do
		number=${number#0}
	done
	[ "$number" = $((last + 1)) ] || fail "$1: number $((last + 1)) was due"
	last=$number
	text=$(literals "$1")
	[ -n "$text" ] || fail "$1: no statement in it"
	printf '\t{ %d, "%s",\n%s\n\t},\n' "$number" "${n#*_}" "$text"
}

body() {
	echo '#include "sql.gen.h"'
	for f; do
		case $f in
		*/schema/*) ;;
		*) query "$f" ;;
		esac
	done
	echo 'const struct sql_migration sql_migrations[] = {'
	last=0
	for f; do
		case $f in
		*/schema/*) migration "$f" ;;
		esac
	done
	printf '\t{ 0 }\n};\n'
	echo 'const struct sql_query sql_queries[] = {'
	for f; do
		case $f in
		*/schema/*) ;;
		*) n=$(name "$f"); printf '\t{ "%s", sql_%s },\n' "$n" "$n" ;;
		esac
	done
	printf '\t{ 0 }\n};\n'
}

[ $# -ge 1 ] || fail "usage: embed-sql.sh h|c FILE…"
kind=$1
shift
case $kind in
h) header "$@" ;;
c) body "$@" ;;
*) fail "'$kind' is neither h nor c" ;;
esac
