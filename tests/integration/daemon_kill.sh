#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# otad is killed in the middle of uploads, of jobs being made and of a stream of
# statuses: what was acknowledged is there afterwards, and nothing counts twice.
set -eu
cd "$(dirname "$0")/../.."
B=${B:-$PWD/build}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
/usr/bin/python3 tests/integration/daemon_kill.py "$B/otad" "$dir" "${KILLS:-4}" || {
	tail -n 20 "$dir/log"
	exit 1
}
