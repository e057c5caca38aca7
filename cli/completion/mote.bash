# SPDX-License-Identifier: Apache-2.0
#
# Completion of mote for bash: commands, options and their values, files, and after a guest the
# names of its functions.  Needs nothing but bash.  shellcheck shell=bash
#
# File names and what is in a guest's file are foreign text: it is compared, never expanded, and
# compgen -W, which expands its words, is not used.

# Takes the line up to the cursor apart: `words` without quotes, `typed` the last one as it is.
_mote_split()
{
	local line=${COMP_LINE:0:COMP_POINT} char quote='' word='' begun='' i start=0
	words=()
	for ((i = 0; i < ${#line}; i++)); do
		char=${line:i:1}
		if [ "$quote" = "'" ] && [ "$char" != "'" ]; then
			word+=$char
		elif [ "$char" = \\ ]; then
			((++i))
			word+=${line:i:1}
		elif [ "$quote" = "$char" ]; then
			quote=''
		elif [ -z "$quote" ] && [[ $char == [\'\"] ]]; then
			quote=$char
		elif [ -z "$quote" ] && [[ $char == [[:blank:]] ]]; then
			[ -z "$begun" ] || words+=("$word")
			word='' begun='' start=$((i + 1))
			continue
		else
			word+=$char
		fi
		begun=1
	done
	words+=("$word")
	typed=${line:start}
}

# Offers those of the words that begin with `current`; `prefix` stands before all of them.
_mote_offer()
{
	local word
	for word; do
		[[ $word != "$current"* ]] || COMPREPLY+=("$prefix$word")
	done
}

# Files; readline quotes them.  With $1 not those that mote would take for options.
_mote_files()
{
	local file path=$current home='' strict=''
	compopt -o filenames 2>/dev/null
	if [[ $path == \~/* ]]; then
		home=$HOME
		path=$home${path#\~}
	fi
	! shopt -q failglob || strict=1
	shopt -u failglob
	for file in "$path"*; do
		[ -e "$file" ] || [ -L "$file" ] || continue
		[ -z "${1:-}" ] || [[ $file != -* ]] || continue
		[ -z "$home" ] || file=\~${file#"$home"}
		COMPREPLY+=("$prefix$file")
	done
	[ -z "$strict" ] || shopt -s failglob
}

# The functions of guest $1.  Inspecting runs nothing of it.
_mote_functions()
{
	local guest=$1 name signature LC_ALL=C
	[[ $guest != \~/* ]] || guest=$HOME${guest#\~}
	[ -f "$guest" ] || return
	while IFS=$'\t' read -r name signature; do
		[[ ! $name =~ ^[A-Za-z_][A-Za-z0-9_.-]*$ ]] || _mote_offer "$name"
	done < <("${COMP_WORDS[0]}" inspect --names -- "$guest" 2>/dev/null)
}

# The value of option $1; 1 when it takes none.
_mote_value()
{
	case $1 in
	--backend) _mote_offer auto kvm mshv whp hvf ;;
	--log-level) _mote_offer off error warning info debug trace ;;
	--memory) _mote_offer 16M 64M 256M 1G ;;
	--heap | --stack | --mailbox) _mote_offer 256K 1M 16M ;;
	--listen | --debug) _mote_offer 127.0.0.1:0 '[::1]:0' unix:/tmp/mote.socket ;;
	--timeout | --cpu-time | --seconds) _mote_offer 10ms 100ms 1s 10s 1m ;;
	--output | -o | --core-dir | --snapshot) _mote_files ;;
	--file | --out | --env) ;;
	*) return 1 ;;
	esac
}

# mote run, debug and snapshot: finds out how many operands come before the cursor.  Options come
# before the first one.
_mote_run()
{
	local i word guest='' count=0 ended='' limit=2
	[ "${words[1]}" != snapshot ] || limit=3
	for ((i = 2; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		if [ $count != 0 ]; then
			((++count))
		elif [ -z "$ended" ] && [ "$word" = -- ]; then
			ended=1
		elif [ -z "$ended" ] && [[ $word == -?* ]]; then
			case $word in
			--json | --quiet | --clock | --huge-pages | --help | --gdb | --lldb | --stdio | -q | -h | --*=*) ;;
			*) ((++i)) ;;
			esac
		else
			guest=$word
			((++count))
		fi
	done
	if [ $count = 0 ] && [ -z "$ended" ] && [[ $current == -* ]]; then
		_mote_offer --memory --heap --stack --mailbox --timeout --cpu-time --backend \
			--log-level --quiet --clock --huge-pages --core-dir --json --help
		case ${words[1]} in
		debug) _mote_offer --output --file --out --env --listen --gdb --lldb --stdio ;;
		run) _mote_offer --output --file --out --env --debug --snapshot ;;
		esac
	elif [ $count = 0 ]; then
		if [ -n "$ended" ]; then _mote_files; else _mote_files operand; fi
	elif [ $count = 1 ] && [ $limit = 3 ]; then
		_mote_files
	elif [ $count -lt $limit ]; then
		_mote_functions "$guest"
		[ ${#COMPREPLY[@]} != 0 ] || [ -n "$current" ] || _mote_files # of a program
	elif [[ $current == @* ]]; then
		compopt -o nospace 2>/dev/null
		prefix=@ current=${current#@}
		_mote_files
	fi
}

_mote_command()
{
	case ${words[1]} in
	run | debug | snapshot) _mote_value "$previous" || _mote_run ;;
	inspect)
		if [ "$previous" = -- ]; then
			_mote_files
		elif [[ $current == -* ]]; then
			_mote_offer --json --names --help
		else
			_mote_files operand
		fi
		;;
	core)
		if [ "$previous" = -- ]; then
			_mote_files
		elif [[ $current == -* ]]; then
			_mote_offer --json --help
		else
			_mote_files operand
		fi
		;;
	doctor) _mote_value "$previous" || _mote_offer --self-test --backend --timeout --json --help ;;
	bench)
		if [ "$previous" = --json ]; then
			_mote_files
		else
			_mote_value "$previous" || _mote_offer --quick --seconds --backend --json --help
		fi
		;;
	new) _mote_offer --help ;;
	help) _mote_offer run debug snapshot inspect core doctor bench new version help ;;
	esac
}

_mote()
{
	local words typed current previous prefix='' kept='' i
	COMPREPLY=()
	_mote_split
	current=${words[-1]}
	if [ ${#words[@]} -le 2 ]; then
		_mote_offer run debug snapshot inspect core doctor bench new version help --help --version
		return
	fi
	previous=${words[-2]}
	if [[ $current == --*=* ]]; then
		previous=${current%%=*}
		prefix=$previous=
		current=${current#*=}
	fi
	_mote_command
	# Readline replaces only what follows the last of its separators.
	if [[ $typed != *[\\\'\"]* ]]; then
		for ((i = ${#typed} - 1; i >= 0; i--)); do
			[[ $COMP_WORDBREAKS == *"${typed:i:1}"* ]] || continue
			kept=${typed:0:i + 1}
			break
		done
	fi
	for i in "${!COMPREPLY[@]}"; do
		COMPREPLY[i]=${COMPREPLY[i]#"$kept"}
	done
}
complete -F _mote mote
