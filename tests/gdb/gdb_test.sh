#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# gdb_test.sh FAKE-SERVER IMAGE: gdb drives pretended guests of both architectures.  IMAGE: a guest of
# this machine's architecture, which gdb gets from the server only.
# shellcheck disable=SC2016 # gdb has variables with a $, too
set -u
cd "$(dirname "$0")/../.." || exit 1
. scripts/results.sh
server=$1 image=$2
status=0

if ! command -v gdb-multiarch >/dev/null; then
	skip gdb.sessions "gdb-multiarch is not installed" || exit 1
	exit 0
fi

# session MACHINE [IMAGE] -- COMMAND...: what gdb says, and then what the server says.
session()
{
	local target="target remote | $server" commands=() said
	while [ "$1" != -- ]; do
		target+=" $1"
		shift
	done
	shift
	for command in "$@"; do
		commands+=(-ex "$command")
	done
	said=$(mktemp)
	timeout 120 gdb-multiarch -nx -batch -ex "set remotetimeout 60" -ex "$target 2>$said" \
		"${commands[@]}" 2>&1
	cat "$said"
	rm -f "$said"
}

# says CASE OUTPUT LINE...: these lines are in the output, in this order.
says()
{
	local name=$1 rest=$2 line
	shift 2
	for line in "$@"; do
		if [[ $rest != *"$line"* ]]; then
			echo "not ok - gdb.$name: gdb does not say \"$line\" there"
			printf '# %s\n' "${rest//$'\n'/$'\n'# }"
			status=1
			return
		fi
		rest=${rest#*"$line"}
	done
	echo "ok - gdb.$name"
}

code=0x401000 counter=0x402000 # as in fake_target.h

# sessions MACHINE PC-BEHIND-THE-STORE FIRST-COUNT VECTOR
sessions()
{
	says "$1_runs" "$(session "$1" -- "break *($code+16)" continue stepi delete \
		"watch *(int *)$counter" continue 'p $pc' "hbreak *($code+48)" delete 'info threads' \
		detach)" \
		"Breakpoint 1, 0x0000000000401010" "Old value = $(($3 - 1))" "New value = $3" \
		") 0x$2" "* 1    Thread 1.1 (vcpu)" "[Inferior 1 (process 1) detached]" \
		"left: 0 points, 0 killed"
	says "$1_reads_and_writes" "$(session "$1" -- "set var *(int *)$counter=77" \
		"p *(int *)$counter" "set var $4=5" "p $4" "p \$pc" 'set var $pc=0xffff800000000000' \
		'p $pc' 'x/2xb 0x403fff' 'p $_siginfo.si_signo' 'monitor hello' kill)" \
		"= 77" "= 5" ") $code" "remote failure reply 'E22'" ") $code" \
		"0x403fff:	0x00	Cannot access memory at address 0x404000" "= 5" \
		"no command hello" "killed]" "left: 0 points, 1 killed"
	says "$1_goes_backwards" "$(session "$1" -- record stepi stepi reverse-stepi 'p $pc' kill)" \
		") 0x$5"
}
sessions x86_64 401018 3 '$xmm3.v2_int64[0]' 401001
sessions aarch64 401020 1 '$v3.du[0]' 401004

says image_comes_from_the_server "$(session "$(uname -m)" "$image" -- \
	'p mote_guest_main' 'info symbol mote_guest_main' kill)" \
	"Reading symbols from target:/nowhere/guest.elf" "mote_guest_main in section .text"
exit $status
