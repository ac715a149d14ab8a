# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# The verifier that machines attest to: on this host, on loopback, for as long as bootvm runs.
# Sourced by bootvm.

# make_authority: who vouches for the verifier's name. It is in every initrd, and thereby measured: kept
# in the cache, so that the same inputs give the same measurements next time.
make_authority() {
	local tls=$cache/tls
	[ ! -s "$tls/server.crt" ] || return 0
	mkdir -p "$tls"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7300 \
		-subj "/CN=Machines' authority" -keyout "$tls/ca.key" -out "$tls/ca.crt" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$verifier_name" \
		-keyout "$tls/server.key" -out "$tls/server.csr" 2>/dev/null
	openssl x509 -req -in "$tls/server.csr" -CA "$tls/ca.crt" -CAkey "$tls/ca.key" -days 7300 \
		-extfile <(printf 'subjectAltName=DNS:%s,DNS:localhost\n' "$verifier_name") \
		-out "$tls/server.partial" 2>/dev/null
	mv -- "$tls/server.partial" "$tls/server.crt"
}

ctl() { "$bin/trothctl" "$@" --socket "$work/admin.sock"; }

serving() { [ -s "$work/port" ] && ctl policy list >/dev/null 2>&1; }

# start_verifier: with the machines of $work/inventory. Sets `port`.
start_verifier() { # IMAGE...
	local image
	# In a directory that was kept, another run's verifier has its place.
	rm -rf -- "$work"/{state,port,admin.sock,ima}
	mkdir -p "$work/roots" "$work/intermediates"
	cp -- "$work/tpm-ca/root.pem" "$work/roots/"
	cp -- "$work/tpm-ca/issuer.pem" "$work/intermediates/"
	write_verifier_config >"$work/verifier.yaml"
	for image in '' "$@"; do
		allow_initrd main ''
	done
	"$bin/troth-verifier" init --config "$work/verifier.yaml" >"$work/verifier.log" 2>&1
	"$bin/troth-verifier" serve --config "$work/verifier.yaml" >>"$work/verifier.log" 2>&1 &
	verifier_pid=$!
	wait_until 20 serving || fail "the verifier does not serve; see $work/verifier.log" 1
	port=$(<"$work/port")
	apply_policy machine '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14]'
	apply_policy uki '[0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11]'
	# dracut writes its scripts and rules while it boots, from what it finds: no list of files has them.
	for image in "$@"; do
		case $image in
		dracut) apply_policy "$image" '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14]' '' ;;
		*) apply_policy "$image" '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14]' ;;
		esac
	done
}

generations() { grep -c 'event=ready' "$work/verifier.log"; }

newer_than() { [ "$(generations)" -gt "$1" ] && serving; }

# reload_verifier: it reads its allow-lists again.
reload_verifier() {
	local before
	before=$(generations)
	kill -HUP "$verifier_pid"
	wait_until 30 newer_than "$before" || fail "the verifier does not come back; see $work/verifier.log" 1
}

stop_verifier() {
	[ -n "${verifier_pid:-}" ] || return 0
	kill "$verifier_pid" 2>/dev/null || true
	wait "$verifier_pid" 2>/dev/null || true
	verifier_pid=
}

write_verifier_config() {
	cat <<-END
		trust_domain: machine.example
		listen: 127.0.0.1:0
		port_file: $work/port
		state_dir: $work/state
		admin_socket: $work/admin.sock
		tls:
		  certificate: $cache/tls/server.crt
		  key: $cache/tls/server.key
		ek:
		  roots: $work/roots
		  intermediates: $work/intermediates
		  inventory: $work/inventory
		ima:
		  lists: $work/ima
	END
}

# allow_initrd KERNEL CHANGE: the files of that initrd, each at its path, join the allow-list for IMA. A
# verifier that runs already has to read it again (SIGHUP).
allow_initrd() {
	local list=$work/ima/${image:-machine}.digests root=$scratch/root add=()
	mkdir -p "$work/ima" "$root"
	cached_initrd "$1" "$2" "$scratch/initrd"
	# Behind the archive are zeros, which zstd takes for another one.
	zstd -dqc "$scratch/initrd" 2>/dev/null | (cd -- "$root" && cpio --quiet -idm) || true
	[ ! -e "$list" ] || add=(--add "$list")
	"$bin/trothctl" reference ima build "$root" --output "$list" "${add[@]}" >/dev/null
	rm -rf -- "$root"
}

apply_policy() { # GROUP PCRS [""]: without a word of IMA
	cat >"$work/policy-$1.yaml" <<-END
		name: $1
		segment: line-1
		pcrs:
		  sha256: $2
		secure_boot: required
		reference: $1
		enrolment: ek-certificate-and-inventory
		approve: automatic
	END
	[ $# -gt 2 ] || cat >>"$work/policy-$1.yaml" <<-END
		ima:
		  allow:
		    - list: ${image:-machine}
		  # The attester's own file, which root reads: measured where it lies on a real file system.
		  ignore: [/var/lib/troth-attester/**]
	END
	ctl policy apply "$work/policy-$1.yaml" >/dev/null
}
