# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the scripts of the trial share: saying things, secrets, certificates.
# Sourced by bash with -euo pipefail; STATE is an absolute path by then.

say() { printf '%s\n' "$*"; }
warn() { printf 'tertulia: %s\n' "$*" >&2; }
die() { warn "$*"; exit 1; }

# The folder of the source tree these scripts are in.
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null ||
			die "$tool is missing: run 'make deps'"
	done
}

# Debian keeps slapd and its tools where ordinary users do not look.
PATH=$PATH:/usr/sbin:/sbin

has_ipv6() { grep -qs '^0\{31\}1 ' /proc/net/if_inet6; }

# listeners PORT: how many sockets listen there on either loopback address, or
# on all of them.  Asked of the kernel: nobody is disturbed, and it shows two
# servers that share a port, which slapd (SO_REUSEPORT) does not mind.
listeners() {
	awk -v port="$(printf ':%04X' "$1")" '
		$4 == "0A" && substr($2, length($2) - 4) == port &&
		($2 ~ /^0+:/ || $2 ~ /^0100007F:/ || $2 ~ /^0+01000000:/) { n++ }
		END { print n + 0 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

port_busy() { [ "$(listeners "$1")" != 0 ]; }

# lock_state: one instance for each STATE.  The lock is the open file, so it
# ends with this process however that ends; children close it (9>&-).
lock_state() {
	mkdir -p "$STATE" || die "cannot make $STATE"
	exec 9>>"$STATE/lock"
	flock -n 9 || die "$STATE belongs to a running instance" \
		"(process $(cat "$STATE/lock")); end it or choose another STATE"
	echo $$ >"$STATE/lock"
}

# secret NAME: make STATE/secrets/NAME once, a random password without newline.
secret() {
	local file=$STATE/secrets/$1
	(
		umask 077
		mkdir -p "$STATE/secrets"
		[ -s "$file" ] ||
			printf %s "$(openssl rand -base64 18 | tr +/ -_)" >"$file"
	)
}

secret_of() { cat "$STATE/secrets/$1"; }

# shell_line NAME: NAME=value of the variable, quoted only where it must be.
shell_line() {
	case ${!1} in
	*[!A-Za-z0-9_.,:=/@%+-]*) printf '%s=%q\n' "$1" "${!1}" ;;
	*) printf '%s=%s\n' "$1" "${!1}" ;;
	esac
}

# certificate NAME SAN: an ECDSA key and a certificate from the trial's own CA
# in STATE/tls, made again when the names change or the end is near.
certificate() {
	local tls=$STATE/tls name=$1 san=$2
	(
		umask 077
		mkdir -p "$tls"
		cd "$tls"
		[ -s ca.key ] && [ -s ca.pem ] || make_ca
		if [ -s "$name.pem" ] && [ "$(cat "$name.san")" = "$san" ] &&
			openssl x509 -in "$name.pem" -noout -checkend 604800 >/dev/null
		then
			exit 0
		fi
		openssl genpkey -quiet -algorithm EC \
			-pkeyopt ec_paramgen_curve:P-256 -out "$name.key"
		openssl req -new -key "$name.key" -subj "/O=Tertulia trial/CN=$name" \
			-out "$name.csr"
		openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -sha256 \
			-set_serial "0x$(openssl rand -hex 16)" -days 397 \
			-extfile <(extensions "$san") -out leaf.pem 2>>openssl.log
		cat leaf.pem ca.pem >"$name.pem"
		printf %s "$san" >"$name.san"
		rm -f leaf.pem "$name.csr"
		chmod 644 "$name.pem"
	) || die "could not make the certificate $name, see $tls/openssl.log"
}

make_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-sha256 -days 3650 -subj "/O=Tertulia trial/CN=Tertulia trial CA" \
		-addext basicConstraints=critical,CA:TRUE,pathlen:0 \
		-addext keyUsage=critical,keyCertSign,cRLSign \
		-keyout ca.key -out ca.pem 2>>openssl.log
	chmod 644 ca.pem
}

extensions() {
	say "basicConstraints=critical,CA:FALSE"
	say "keyUsage=critical,digitalSignature"
	say "extendedKeyUsage=serverAuth"
	say "subjectKeyIdentifier=hash"
	say "authorityKeyIdentifier=keyid"
	say "subjectAltName=$1"
}

# is_running PID: it is there, and more than a name nobody has collected yet.
is_running() {
	local stat
	[ -n "$1" ] && { read -r stat <"/proc/$1/stat"; } 2>/dev/null &&
		[[ ${stat##*) } != [ZX]* ]]
}

# stop_child PID NAME: TERM, ten seconds to go in peace, KILL.
stop_child() {
	local pid=$1 name=$2 i
	kill -TERM "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 500; i++)); do
		is_running "$pid" || return 0
		sleep 0.02
	done
	warn "$name (process $pid) does not end, killing it"
	kill -KILL "$pid" 2>/dev/null || :
}
