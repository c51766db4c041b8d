#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# How otad begins, what it leaves in its state folder, what signals do, and how it
# ends.
set -eu
cd "$(dirname "$0")/../.."
B=${B:-$PWD/build}
dir=$(mktemp -d)
. tests/lib.sh
trap 'otad_stop || true; rm -rf "$dir"' EXIT
state=$dir/state

# refused STATUS WORDS ARGUMENT…: it does not start, says so, and exits like this.
refused() {
	local expect=$1 words=$2 status=0

	shift 2
	timeout 20 "$B/otad" "$@" >"$dir/out" 2>&1 || status=$?
	[ $status -eq "$expect" ] || die "otad $*: exit status $status, not $expect: $(cat "$dir/out")"
	grep -qF -- "$words" "$dir/out" || die "otad $*: no word of '$words': $(cat "$dir/out")"
}

config() {
	printf '%s\n' '[http]' 'listen = 127.0.0.1:0' '[https]' 'listen = 127.0.0.1:0' "$@" >"$dir/otad.conf"
}

is_gone() { ! kill -0 "$1" 2>/dev/null; }
mode() { stat -c %a "$1"; }
serial() {
	openssl s_client -connect "${https#https://}" </dev/null 2>/dev/null | openssl x509 -noout -serial
}
logged() { grep -qF -- "$1" "$otad_log"; }

# --- the command line and the settings ---
refused 2 usage: --nope
refused 2 usage: extra
refused 0 'otad 0' --version
refused 0 --check-config --help
refused 0 'listen = 127.0.0.1:8080' --check-config
refused 78 'No such file' --config "$dir/nothing"
config '[log]' 'level = loud'
refused 78 "$dir/otad.conf:6: log.level: 'loud' is not one of error, warning, info, debug" \
	--config "$dir/otad.conf" --state "$state"
printf '[http]\nlisten = 0.0.0.0:0\n' >"$dir/otad.conf"
refused 78 'http.allow_plain_api = yes' --config "$dir/otad.conf" --state "$state"
config '[espressif]' 'listen = 127.0.0.1:0'
refused 1 '[espressif]' --config "$dir/otad.conf" --state "$state"
config '[arduino]' 'paths = nonsense'
refused 1 arduino --config "$dir/otad.conf" --state "$state"
[ ! -e "$state/listeners.json" ] || die "listeners.json of an otad that did not start"
rm -rf "$state"

# What --check-config prints are settings that read back as the same.
"$B/otad" --config conf/otad.conf --check-config >"$dir/printed"
"$B/otad" --config "$dir/printed" --check-config >"$dir/again"
cmp "$dir/printed" "$dir/again" || die "the settings are not what was printed"

# --- the first start ---
config '[mqtt]' 'url =' '[metrics]' 'listen = 127.0.0.1:0 [::1]:0'
otad_start "$dir/otad.conf"
for file in secret.key admin.key tls/key.pem; do
	[ "$(mode "$state/$file")" = 600 ] || die "$file has mode $(mode "$state/$file")"
done
[ "$(mode "$state")" = 700 ] || die "the state folder is open to others"
[ "$(stat -c %s "$state/secret.key")" = 32 ] || die secret.key
[ "$(cat "$state/otad.pid")" = "$otad_pid" ] || die otad.pid
[ "$(jq -r 'keys | join(" ")' "$state/listeners.json")" = "http https metrics" ] || die listeners.json
[ "$(grep -c ' listening on ' "$otad_log")" = 4 ] || die "a line for each listener"
api GET /keys | jq -e '.items | length == 1 and .[0].role == "admin"' >/dev/null || die "the admin's key"
curl -sS --cacert "$ca" "https://localhost:${https##*:}/readyz" | jq -e .ready >/dev/null || die readyz
[ "$(curl -sS -o /dev/null -w '%{http_code}' "$http/metrics")" = 404 ] || die "metrics beside the API"
metrics=$(jq -r .metrics "$state/listeners.json")
curl -sS --fail "http://$metrics/metrics" | grep -q ^otad_ || die metrics
curl -sS --fail "http://$metrics/healthz" >/dev/null || die healthz
[ "$(curl -sS -o /dev/null -w '%{http_code}' "http://$metrics/api/v1/products")" = 404 ] ||
	die "the API among the metrics"
refused 1 'is in use by another otad' --config "$dir/otad.conf" --state "$state"
[ "$(cat "$state/otad.pid")" = "$otad_pid" ] || die "the other one took otad.pid"

# --- SIGHUP: certificates, log; the rest waits; nonsense changes nothing ---
before=$(serial)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -keyout "$dir/new.key" -out "$dir/new.pem" 2>/dev/null
cp "$dir/new.pem" "$state/tls/cert.pem"
kill -HUP "$otad_pid"
until_true 10 logged 'is not the key of the certificate' || die "half a certificate was taken"
[ "$(serial)" = "$before" ] || die "the certificate changed"
cp "$dir/new.key" "$state/tls/key.pem"
config '[metrics]' 'listen = 127.0.0.1:0' '[log]' 'level = debug'
kill -HUP "$otad_pid"
until_true 10 logged 'certificates were read again' || die "no new certificate"
[ "$(serial)" != "$before" ] || die "the certificate stays"
logged "log.level is now 'debug'" || die "the level"
logged 'metrics.listen has changed: that takes effect after a restart' || die "what waits"
config '[log]' 'level = nonsense'
kill -HUP "$otad_pid"
until_true 10 logged 'settings are left as they are' || die "nonsense was taken"

# --- the end ---
pid=$otad_pid
otad_stop || die "exit status $?"
is_gone "$pid" || die "still there"
for file in listeners.json otad.pid; do
	[ ! -e "$state/$file" ] || die "$file is left"
done
config
cp "$state/admin.key" "$dir/admin.key"
cp "$state/secret.key" "$dir/secret.key"
otad_start "$dir/otad.conf"
cmp "$state/admin.key" "$dir/admin.key" && cmp "$state/secret.key" "$dir/secret.key" ||
	die "a key was made again"
kill -KILL "$otad_pid"
wait "$otad_pid" 2>/dev/null || true

# After a kill, and without the file of a key that is known: no other is made.
rm "$state/admin.key" "$state/listeners.json"
"$B/otad" --config "$dir/otad.conf" --state "$state" 2>>"$otad_log" &
otad_pid=$!
until_true 20 otad_ready || die "no start after a kill"
[ ! -e "$state/admin.key" ] || die "another admin's key"
kill -INT "$otad_pid"
wait "$otad_pid" || die "SIGINT: exit status $?"
otad_pid=

printf short >"$state/secret.key"
refused 1 'secret.key has 5 bytes, not 32' --config "$dir/otad.conf" --state "$state"

# --- systemd ---
rm -rf "$state"
python3 - "$B/otad" "$dir/otad.conf" "$state" "$dir/notify" <<'END' || die "sd_notify"
import os, signal, socket, subprocess, sys
otad, config, state, path = sys.argv[1:]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(path)
s.settimeout(10)
p = subprocess.Popen([otad, "--config", config], stderr=subprocess.DEVNULL,
                     env=dict(os.environ, NOTIFY_SOCKET=path, STATE_DIRECTORY=state,
                              WATCHDOG_USEC="200000"))
def until(word):
    while word not in s.recv(4096):
        pass
try:
    until(b"READY=1")
    assert os.path.exists(state + "/listeners.json")
    until(b"WATCHDOG=1")
    p.send_signal(signal.SIGHUP)
    until(b"RELOADING=1")
    until(b"READY=1")
    p.send_signal(signal.SIGTERM)
    until(b"STOPPING=1")
    assert p.wait(10) == 0
finally:
    p.kill()
END
