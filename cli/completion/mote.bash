# SPDX-License-Identifier: Apache-2.0
#
# Completion of mote for bash: commands, options and their values, files, and behind a guest the
# names of its functions.  Needs nothing but bash.  shellcheck shell=bash

# The functions of guest $1.  Inspecting runs nothing of it.
_mote_functions()
{
	[ -f "$1" ] || return
	"${COMP_WORDS[0]}" inspect -- "$1" 2>/dev/null |
		sed -n '/^exports /,/^$/s/^  \([^ :]*\):.*/\1/p'
}

_mote_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
}

_mote_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$current")
}

# The value of option $1; 1 when it takes none.
_mote_value()
{
	case $1 in
	--backend) _mote_words 'auto kvm mshv whp hvf' ;;
	--log-level) _mote_words 'off error warning info debug trace' ;;
	--memory) _mote_words '16M 64M 256M 1G' ;;
	--heap | --stack | --mailbox) _mote_words '256K 1M 16M' ;;
	--timeout | --cpu-time | --seconds) _mote_words '10ms 100ms 1s 10s 1m' ;;
	--output | -o) _mote_files ;;
	*) return 1 ;;
	esac
}

# mote run: finds out how many operands stand before the cursor.
_mote_run()
{
	local options='--memory --heap --stack --mailbox --timeout --cpu-time --backend
		--log-level --quiet --output --json --help'
	local i word guest='' count=0 ended=
	for ((i = 2; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [ $count -ge 2 ]; then
			continue
		elif [ -z "$ended" ] && [ "$word" = -- ]; then
			ended=1
		elif [ -z "$ended" ] && [[ $word == -?* ]]; then
			case $word in
			--json | --quiet | --help | -q | -h | --*=*) ;;
			*) # bash makes --name = value of --name=value
				[ "${COMP_WORDS[i + 1]:-}" != = ] || ((i++))
				((i++))
				;;
			esac
		else
			[ $count = 1 ] || guest=${word/#\~/$HOME}
			((count++))
		fi
	done
	if [ $count -lt 2 ] && [ -z "$ended" ] && [[ $current == -* ]]; then
		_mote_words "$options"
	elif [ $count = 0 ]; then
		_mote_files
	elif [ $count = 1 ]; then
		_mote_words "$(_mote_functions "$guest")"
	elif [[ $current == @* ]]; then
		compopt -o filenames -o nospace 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -P @ -f -- "${current#@}")
	fi
}

_mote()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		_mote_words 'run inspect doctor bench new version help --help --version'
		return
	fi
	if [ "$current" = = ]; then
		current=
	elif [ "$previous" = = ]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case ${COMP_WORDS[1]} in
	run) _mote_value "$previous" || _mote_run ;;
	inspect)
		if [[ $current == -* ]]; then _mote_words '--json --help'; else _mote_files; fi
		;;
	doctor) _mote_words '--json --help' ;;
	bench)
		if [ "$previous" = --json ]; then
			_mote_files
		else
			_mote_value "$previous" || _mote_words '--quick --seconds --backend --json --help'
		fi
		;;
	new) _mote_words '--help' ;;
	help) _mote_words 'run inspect doctor bench new version help' ;;
	esac
}
complete -F _mote mote
