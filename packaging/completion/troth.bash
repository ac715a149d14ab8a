# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# bash completion for trothctl, troth-verifier and troth-attester. Groups, commands and options come
# from the programs' own --help, so that they cannot fall behind it.

# _troth_reply WORDS: those that begin as the word under the cursor does.
_troth_reply() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

_troth_files() {
	compopt -o filenames 2>/dev/null || true
	mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
}

# _troth_options PROGRAM [GROUP COMMAND]: what its help begins words with two dashes for.
_troth_options() {
	"$@" --help 2>/dev/null | grep -oE -- '--[a-z][a-z0-9-]*' | sort -u
}

# _troth_names GROUP [SOCKET]: names the running verifier knows; nothing where there is none.
_troth_names() {
	"${COMP_WORDS[0]}" "$1" list --format tsv ${2:+--socket "$2"} 2>/dev/null | tail -n +2 | cut -f 1
}

# Sets group and command to the words that are neither options nor values, socket to what --socket has.
_trothctl_words() {
	local i word
	group='' command='' socket=''
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--socket) socket=${COMP_WORDS[i + 1]-} && ((i++)) ;;
		--format) ((i++)) ;;
		-*) ;;
		*)
			if [ -z "$group" ]; then
				group=$word
			elif [ -z "$command" ]; then
				command=$word
			fi
			;;
		esac
	done
}

# _troth_one_word GROUP: whether it is a command of one word.
_troth_one_word() {
	case $1 in
	explain | replay | events) ;;
	*) return 1 ;;
	esac
}

_trothctl() {
	local group command socket previous=${COMP_WORDS[COMP_CWORD - 1]} current=${COMP_WORDS[COMP_CWORD]}
	_trothctl_words
	case $previous in
	--format)
		case $group:$command in
		reference:build) _troth_reply "json pcrlock" ;;
		reference:import | reference:export) _troth_reply "pcrlock" ;;
		explain:*) _troth_reply "text json html" ;;
		replay:* | eventlog:* | ima:* | image:* | quote:* | ek:*) _troth_reply "text json" ;;
		*) _troth_reply "text tsv json" ;;
		esac
		return
		;;
	--signature-format) _troth_reply "tpmt raw" && return ;;
	--hash | --template-hash | --bank) _troth_reply "sha1 sha256 sha384 sha512 sm3_256" && return ;;
	--device) _troth_reply "$(_troth_names device "$socket")" && return ;;
	--socket | --key | --file | --keys | --delta | --ak | --attest | --signature | --pcrs | --roots | --intermediates | --shim | --boot-loader | \
		--kernel | --initrd | --uki | --grub-config | --out) _troth_files && return ;;
	--record | --log | --systemd | --good-log | --policy | --reference | --ima-lists | --output | --add | --write-reference) _troth_files && return ;;
	--status) _troth_reply "healthy stale unreachable untrusted unknown pending quarantined retired" && return ;;
	--trust-domain | --not-below | --since | --nonce | --sequence | --pcr10 | --source | --at | --from | --name | --segment | --group | --alternative | --cmdline | --profile | --phases | --first-image | \
		--grub-disk | --grub-file | --grub-kernel-images) return ;;
	esac
	case $current in
	-*)
		if [ -n "$command" ]; then
			_troth_reply "$(_troth_options "${COMP_WORDS[0]}" "$group" "$command")"
		elif _troth_one_word "$group"; then
			_troth_reply "$(_troth_options "${COMP_WORDS[0]}" "$group")"
		else
			_troth_reply "--socket --format --help --version"
		fi
		return
		;;
	esac
	if [ -z "$group" ]; then
		_troth_reply "$("${COMP_WORDS[0]}" --help 2>/dev/null | sed -n 's/^  \([a-z]*\) [a-z]* .*/\1/p' | sort -u)"
	elif [ "$group" = events ]; then
		: # options only
	elif _troth_one_word "$group"; then
		_troth_files
	elif [ -z "$command" ]; then
		_troth_reply "$("${COMP_WORDS[0]}" "$group" --help 2>/dev/null | sed -n "s/^  $group \([a-z]*\) .*/\1/p")"
	else
		case $group:$command in
		device:list | policy:list | reference:list | reference:learn | reference:build | audit:list | webhook:list | secret:list | secret:put) ;;
		secret:*) _troth_reply "$(_troth_names secret "$socket")" ;;
		device:* | verdict:*) _troth_reply "$(_troth_names device "$socket")" ;;
		policy:show) _troth_reply "$(_troth_names policy "$socket")" ;;
		reference:show | reference:promote) _troth_reply "$(_troth_names reference "$socket")" ;;
		*) _troth_files ;;
		esac
	fi
}

# _troth_program COMMANDS: one command, options anywhere.
_troth_program() {
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--format) _troth_reply "text json" && return ;;
	--ak) _troth_reply "ecc rsa" && return ;;
	--ek) _troth_reply "auto rsa2048 p256 p384 rsa3072" && return ;;
	--form) _troth_reply "jwt cwt" && return ;;
	--profile) _troth_reply "deployed draft" && return ;;
	--config | --ca | --log | --ima | --systemd-log | --state-dir | --run-dir | --output) _troth_files && return ;;
	--name | --verifier | --tcti | --retry-for | --timeout | --nonce) return ;;
	esac
	case ${COMP_WORDS[COMP_CWORD]} in
	-*) _troth_reply "$(_troth_options "${COMP_WORDS[0]}")" ;;
	*) _troth_reply "$1" ;;
	esac
}

_troth_verifier() {
	case " ${COMP_WORDS[*]:1:COMP_CWORD-1} " in
	*" ca install "*) _troth_files ;;
	*" ca "*) _troth_program "request install" ;;
	*) _troth_program "init serve check-config rotate ca" ;;
	esac
}
_troth_attester() { _troth_program "provision run once result proof secret wait status check-config"; }

complete -F _trothctl trothctl
complete -F _troth_verifier troth-verifier
complete -F _troth_attester troth-attester
