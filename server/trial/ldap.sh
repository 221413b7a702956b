# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A private slapd: its own folder, configuration and database, on loopback.
#
# The configuration is built anew at every start from server/trial/slapd.ldif
# and the files of schema/, loaded as an institution would load them; the data
# are loaded once, and the file "loaded" is the sign that this went well.

LDAP_BASE=dc=example,dc=org
PEOPLE_BASE=ou=people,$LDAP_BASE
GROUPS_BASE=ou=groups,$LDAP_BASE
LISTS_BASE=ou=lists,$LDAP_BASE
IM_BASE=ou=im,$LDAP_BASE
IM_DN=cn=im,ou=services,$IM_BASE
IM_WEB_DN=cn=im-web,ou=services,$IM_BASE
LDAP_ROOT_DN=cn=admin,$LDAP_BASE
ADMIN_USER=admin

# How an institution would load them, and in this order.
LDAP_CONFIG_FILES="modules overlays indexes limits access access-vcard access-people
	sample/policy access-ppolicy sample/access"

ldap_paths() {
	LDAP_DIR=$STATE/ldap
	LDAP_LOG=$STATE/log/slapd.log
	CA_FILE=$STATE/tls/ca.pem
}

# fill NAME=VALUE...: put values in place of @NAME@ on the way through.  A value
# never holds a bar: paths with one are refused, base64 has none.
fill() {
	local script=() pair
	for pair; do
		case $pair in *'|'*) die "a path must not hold a bar: $pair" ;; esac
		script+=(-e "s|@${pair%%=*}@|${pair#*=}|g")
	done
	sed "${script[@]}"
}

# escaped PATH [KEEP]: as part of a URL, RFC 3986; characters of KEEP stay.
escaped() {
	local LC_ALL=C text=$1 keep=${2:-} out='' i
	for ((i = 0; i < ${#text}; i++)); do
		case ${text:i:1} in
		[A-Za-z0-9._~$keep-]) out+=${text:i:1} ;;
		*) printf -v out '%s%%%02X' "$out" "'${text:i:1}" ;;
		esac
	done
	printf %s "$out"
}

hashed() { slappasswd -n -h '{SSHA}' -T "$STATE/secrets/$1"; }

# ldap_prepare: everything that can be done before slapd runs.
ldap_prepare() {
	need slapd slapadd slapmodify slappasswd ldapsearch ldapmodify openssl
	ldap_paths
	mkdir -p "$LDAP_DIR" "$STATE/log"
	local name
	for name in ldap-root im im-web admin; do secret "$name"; done
	certificate ldap "DNS:localhost,IP:127.0.0.1,IP:::1"
	ldap_configure
	if [ ! -e "$LDAP_DIR/loaded" ]; then
		ldap_load
	elif ! cmp -s "$TOP/schema/indexes.ldif" "$LDAP_DIR/indexes.ldif"; then
		slapindex -q -n1 -F "$LDAP_DIR/config" >>"$LDAP_LOG" 2>&1 ||
			die "slapindex failed, see $LDAP_LOG"
		cp "$TOP/schema/indexes.ldif" "$LDAP_DIR/indexes.ldif"
	fi
}

ldap_configure() {
	local file inline=
	[ "${PROFILES:-tree}" = tree ] || inline="overlays-inline access-inline"
	rm -rf "$LDAP_DIR/config"
	(umask 077; mkdir -p "$LDAP_DIR/config" "$LDAP_DIR/data")
	fill DIR="$LDAP_DIR" TLS="$STATE/tls" SCHEMA="$(escaped "$TOP/schema" /)" \
		ROOT_PASSWORD="$(hashed ldap-root)" \
		<"$TOP/server/trial/slapd.ldif" |
		slapadd -n0 -F "$LDAP_DIR/config" >>"$LDAP_LOG" 2>&1 ||
		die "slapd does not take its configuration, see $LDAP_LOG"
	for file in $LDAP_CONFIG_FILES $inline; do
		slapmodify -n0 -F "$LDAP_DIR/config" -l "$TOP/schema/$file.ldif" \
			>>"$LDAP_LOG" 2>&1 ||
			die "slapd does not take schema/$file.ldif, see $LDAP_LOG"
	done
}

# ldap_load: the first run.  Files of LDIF= that only have contents go in by
# slapadd, which is fast; from the first one with changes on they are kept for
# ldap_load_changes, so that the order given is the order they are read in.
ldap_load() {
	local file files=("$TOP/schema/sample/base.ldif" "$TOP/schema/tree.ldif")
	rm -rf "$LDAP_DIR/data"
	(umask 077; mkdir -p "$LDAP_DIR/data")
	cp "$TOP/schema/indexes.ldif" "$LDAP_DIR/indexes.ldif"
	for file in "${files[@]}"; do
		fill IM_PASSWORD="$(hashed im)" IM_WEB_PASSWORD="$(hashed im-web)" \
			ADMIN_PASSWORD="$(hashed admin)" <"$file" | ldap_slapadd "$file"
	done
	if [ "${SAMPLE:-yes}" != no ]; then
		for file in people groups lists; do
			file=$TOP/schema/sample/$file.ldif
			ldap_slapadd "$file" <"$file"
		done
	fi
	LDAP_CHANGES=()
	for file in ${LDIF:-}; do
		[ -r "$file" ] || die "cannot read $file (LDIF=)"
		if [ ${#LDAP_CHANGES[@]} -gt 0 ] || grep -qi '^changetype:' "$file"
		then
			LDAP_CHANGES+=("$file")
		else
			ldap_slapadd "$file" <"$file"
		fi
	done
	LDAP_CHANGES=("$TOP/schema/first-use.ldif" "$TOP/schema/first-use-ppolicy.ldif" \
		"$TOP/schema/act-vcard.ldif" \
		${LDAP_CHANGES+"${LDAP_CHANGES[@]}"})
}

ldap_slapadd() {
	slapadd -q -n1 -F "$LDAP_DIR/config" >"$STATE/log/slapadd.log" 2>&1 || {
		tail -n 5 "$STATE/log/slapadd.log" >&2
		die "$1 could not be loaded; nothing was kept, mend it and run again"
	}
}

ldap_load_changes() {
	local file
	for file in ${LDAP_CHANGES+"${LDAP_CHANGES[@]}"}; do
		LDAPNOINIT=1 ldapmodify -a -x -H "$LDAP_URI" -D "$LDAP_ROOT_DN" -e relax \
			-y "$STATE/secrets/ldap-root" -f "$file" \
			>"$STATE/log/ldapmodify.log" 2>&1 || {
			tail -n 5 "$STATE/log/ldapmodify.log" >&2
			die "$file could not be loaded; nothing was kept," \
				"mend it and run again"
		}
	done
	: >"$LDAP_DIR/loaded"
}

# ldap_start PORT: slapd in the background, answering when this returns; 1 when
# the port is taken, so that a caller who does not mind can try another.  With
# LDAP_WITH_US it ends when this process does, however that ends.
ldap_start() {
	local port=$1 urls i expected=1
	! port_busy "$port" || return 1
	urls="ldap://127.0.0.1:$port/"
	! has_ipv6 || { urls+=" ldap://[::1]:$port/"; expected=2; }
	LDAPI_URI=
	if [ "$(printf %s "$LDAP_DIR" | wc -c)" -lt 95 ]; then  # sun_path: 108
		LDAPI_URI=ldapi://$(escaped "$LDAP_DIR/ldapi")
		urls+=" $LDAPI_URI"
	fi
	LDAP_PORT=$port LDAP_URI=ldap://127.0.0.1:$port
	: >"$LDAP_LOG"
	# slapd makes a table of all the files it may open: keep that small.
	(ulimit -Sn 4096 2>/dev/null || :
	 exec ${LDAP_WITH_US:+setpriv --pdeathsig TERM} slapd -d none -F "$LDAP_DIR/config" -h "$urls" -s 0 \
		9>&- </dev/null >>"$LDAP_LOG" 2>&1) &
	SLAPD_PID=$!
	for ((i = 0; i < 200; i++)); do
		if ! is_running "$SLAPD_PID"; then
			grep -q 'errno=98' "$LDAP_LOG" && return 1
			tail -n 5 "$LDAP_LOG" >&2
			die "slapd does not start, see $LDAP_LOG"
		fi
		LDAPNOINIT=1 ldapsearch -x -LLL -H "$LDAP_URI" -s base -b '' 1.1 \
			>/dev/null 2>&1 && break
		sleep 0.05
	done
	[ "$i" -lt 200 ] || die "slapd does not answer, see $LDAP_LOG"
	if [ "$(listeners "$port")" -gt "$expected" ]; then
		stop_child "$SLAPD_PID" slapd   # somebody else came the same moment
		SLAPD_PID=
		return 1
	fi
	ldap_load_changes
}

# ldap_start_anywhere: as above on a port that happens to be free.
ldap_start_anywhere() {
	local i
	for ((i = 0; i < 50; i++)); do
		ldap_start $((20000 + (RANDOM + RANDOM * 32768) % 12000)) && return
	done
	die "no free port for slapd"
}

# ldap_env: where everything is, in shell syntax.
ldap_env() {
	local name
	LDAP_ROOT_PASSWORD=$(secret_of ldap-root)
	ADMIN_PASSWORD=$(secret_of admin)
	IM_PASSWORD_FILE=$STATE/secrets/im
	IM_WEB_PASSWORD_FILE=$STATE/secrets/im-web
	for name in CA_FILE LDAP_URI LDAPI_URI LDAP_PORT LDAP_BASE PEOPLE_BASE \
		GROUPS_BASE LISTS_BASE IM_BASE LDAP_ROOT_DN LDAP_ROOT_PASSWORD \
		IM_DN IM_PASSWORD_FILE IM_WEB_DN IM_WEB_PASSWORD_FILE \
		ADMIN_USER ADMIN_PASSWORD SLAPD_PID
	do
		shell_line "$name"
	done
}
