# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# broker.sh - a private mosquitto that runs on the configuration we ship: only
# ports and paths are others. Source it after lib.sh; $dir is the script's own.
#
#	broker_make [ACCOUNTS]	its folder $dir/broker; ACCOUNTS: lines id:password
#	broker_start		on ports that stay the same when it is started again
#	broker_stop [SIGNAL]
#
# The caller's trap must call broker_stop.

# shellcheck disable=SC2034,SC2154 # for the script that sources this

broker_pid=
broker_log=
mqtt=				# its ports: plain, with certificates, TLS with passwords
mqtt_certs=
mqtt_tls=
mqtt_ca=			# whom to trust
otad_password=the-password-of-otad

broker_tools() {
	local tool

	PATH=$PATH:/usr/sbin
	for tool in mosquitto mosquitto_pub mosquitto_sub mosquitto_passwd; do
		command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
	done
}

# ports N: free ones, a line each
free_ports() {
	python3 - "$1" <<-'PYTHON'
	import socket, sys
	found = [socket.socket() for _ in range(int(sys.argv[1]))]
	for s in found:
	    s.bind(("127.0.0.1", 0))
	for s in found:
	    print(s.getsockname()[1])
	PYTHON
}

# make_cert NAME SUBJECT [X509-OPTION…]: signed by the CA of the broker's folder
make_cert() {
	local name=$1 subject=$2 certs=$dir/broker/certs

	shift 2
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$subject" \
	    -keyout "$certs/$name-key.pem" -out "$certs/$name.csr" 2>/dev/null
	openssl x509 -req -in "$certs/$name.csr" -CA "$certs/devices-ca.pem" \
	    -CAkey "$certs/devices-ca-key.pem" -CAcreateserial -days 2 "$@" \
	    -out "$certs/$name.pem" 2>/dev/null
}

make_certs() {
	local certs=$dir/broker/certs

	mkdir -p "$certs"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
	    -subj "/CN=devices of the test" -keyout "$certs/devices-ca-key.pem" \
	    -out "$certs/devices-ca.pem" 2>/dev/null
	printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\n' >"$certs/san"
	make_cert broker /CN=localhost -extfile "$certs/san"
	mqtt_ca=$certs/devices-ca.pem
}

broker_make() {
	local ports

	broker_tools
	mkdir -p "$dir/broker/state"
	broker_log=$dir/broker/log
	mapfile -t ports < <(free_ports 3)
	mqtt=${ports[0]} mqtt_certs=${ports[1]} mqtt_tls=${ports[2]}
	make_certs
	{
		echo "otad:$otad_password"
		[ -z "${1-}" ] || cat "$1"
	} >"$dir/broker/otad.passwd"
	chmod 600 "$dir/broker/otad.passwd"
	mosquitto_passwd -U "$dir/broker/otad.passwd"
	cp conf/mosquitto/otad.acl "$dir/broker/"
	sed -e "s,/etc/mosquitto/,$dir/broker/,; s,/var/lib/mosquitto/,$dir/broker/state/," \
	    -e "s/^listener 1883 127.0.0.1$/listener $mqtt 127.0.0.1/" \
	    -e "s/^listener 8883$/listener $mqtt_certs 127.0.0.1/" \
	    -e "s/^listener 8884$/listener $mqtt_tls 127.0.0.1/" \
	    conf/mosquitto/otad.conf >"$dir/broker/otad.conf"
	# Run by root it would become another user, who may not read this folder.
	[ "$(id -u)" -ne 0 ] || echo "user root" >>"$dir/broker/otad.conf"
	printf '%s\n' "$otad_password" >"$dir/otad.passwd"
}

# An account that nobody has is refused; that it refuses shows that it listens.
broker_answers() {
	kill -0 "$broker_pid" 2>/dev/null || return 0
	(exec 3<>"/dev/tcp/127.0.0.1/$mqtt") 2>/dev/null
}

broker_start() {
	mosquitto -c "$dir/broker/otad.conf" >>"$broker_log" 2>&1 &
	broker_pid=$!
	until_true 10 broker_answers || die "the broker does not start: see $broker_log"
	kill -0 "$broker_pid" 2>/dev/null || die "the broker ended: $(tail -n 3 "$broker_log")"
}

broker_stop() {
	[ -n "$broker_pid" ] || return 0
	kill "-${1:-TERM}" "$broker_pid" 2>/dev/null || true
	wait "$broker_pid" 2>/dev/null || true
	broker_pid=
}

# The settings that make otad use it.
broker_settings() {
	printf '[mqtt]\nurl = mqtt://127.0.0.1:%s\nusername = otad\npassword_file = %s\n' \
	    "$mqtt" "$dir/otad.passwd"
}
