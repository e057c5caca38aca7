#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# processes_test.sh WINE FOLDER PROGRAM DEMO INFLATE HOSTILE: looks from outside at a program for
# Windows that has surrogate processes: nothing of it is left, neither processes nor what Wine's server
# keeps open for it, however it ends.  PROGRAM is surrogates_test; DEMO, INFLATE and HOSTILE are
# examples/demo as a program for Windows, and its guests.
set -uo pipefail
wine=$1 folder=$2 program=$3 demo=$4 inflate=$5 hostile=$6
work=$(mktemp -d)
trap '"$wine" "$folder" --end; rm -rf "$work"' EXIT
status=0

# verdict NAME COMMAND...
verdict()
{
	local name=$1
	shift
	(set -e; "$@") >"$work/log" 2>&1
	case $? in
	0) echo "ok - processes.$name" ;;
	77) echo "skip - processes.$name: $(tail -n 1 "$work/log")" ;;
	*)
		tail -n 8 "$work/log" | sed 's/^/# /'
		echo "not ok - processes.$name: $(tail -n 1 "$work/log")"
		status=1
		;;
	esac
}

# Those whose C: is FOLDER: "PID COMMAND LINE" each.
processes()
{
	local process
	for process in /proc/[0-9]*; do
		# One may end meanwhile.
		tr '\0' '\n' <"$process/environ" 2>/dev/null | grep -qxF "WINEPREFIX=$folder" &&
			echo "${process#/proc/} $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null)"
	done 2>/dev/null
	return 0
}

server()
{
	processes | awk '/wineserver/ { print $1; exit }'
}

# What there is: surrogates, programs, and memory without a name, which the server keeps open.
count()
{
	local surrogates programs
	surrogates=$(processes | grep -c 'mote-surrogate')
	programs=$(processes | grep -cF "${program##*/} --")
	echo "$surrogates surrogates, $programs programs, $(opened | grep -c '(deleted)$') sections"
}

# What the server has open.  Services of Wine's own come and go.
opened()
{
	find "/proc/$(server)/fd" -type l -printf '%l\n'
}

# within SECONDS COMMAND...: waits until it succeeds.
within()
{
	local end=$((SECONDS + $1 * ${MOTE_TEST_SLOW:-1}))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

is_as_before()
{
	now=$(count)
	[ "$now" = "$before" ]
}

is_less_than()
{
	now=$(opened | wc -l)
	[ "$now" -lt "$1" ]
}

no_surrogates()
{
	! processes | grep -q -e mote-surrogate -e "${program##*/} --"
}

# Wine's server lives as long as this one.
hold()
{
	local out=$work/$1.out
	"$wine" "$folder" "$program" --hold "$1" >"$out" 2>&1 &
	within 60 grep -q . "$out" || { echo "it says nothing"; return 1; }
	grep -q ready "$out" || { cat "$out"; return 1; }
}

round()
{
	"$wine" "$folder" "$program" --round "$1" >"$work/round"
}

rounds_leave_nothing()
{
	local before now open
	hold 1
	round 8
	# What Wine itself starts ends, or stays.
	within 20 no_other_surrogates
	before=$(count)
	open=$(opened | wc -l)
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		round 8
	done
	within 20 is_as_before || { echo "before: $before; after ten rounds: $now"; return 1; }
	# One left of each of the 70 surrogates would be more.
	within 20 is_less_than $((open + 70)) || { echo "before: $open descriptors; then: $now"; return 1; }
	kill -KILL "$(processes | grep -F "${program##*/} --hold" | awk '{ print $1; exit }')"
	within 5 no_surrogates || { processes; echo "the program's end left processes"; return 1; }
}

seven_surrogates()
{
	[ "$(processes | grep -c mote-surrogate)" = 7 ]
}

no_other_surrogates()
{
	! processes | grep -q mote-surrogate
}

a_parent_that_is_killed_leaves_nobody()
{
	local parent
	hold 8
	# A process has its name a moment after its beginning.
	within 20 seven_surrogates || { processes; echo "not 7 surrogates"; return 1; }
	parent=$(processes | grep -F "${program##*/} --hold" | awk '{ print $1; exit }')
	kill -KILL "$parent"
	within 5 no_surrogates || { processes; echo "the killed program left processes"; return 1; }
}

the_demo_is_exact()
{
	[ -e "$inflate" ] || { echo "$inflate is not built: the default build makes it"; exit 77; }
	tar -C "${0%/*}/.." -cf "$work/files.tar" unit
	gzip -kn "$work/files.tar"
	"$wine" "$folder" "$demo" "$inflate" "$hostile" "$work/files.tar.gz" "$work/files.tar"
}

# Whether there is a hypervisor at all.
"$wine" "$folder" "$program" --round 2 >"$work/first" 2>&1
if [ $? = 77 ]; then
	echo "skip - processes: $(tail -n 1 "$work/first")"
	exit 0
fi
verdict rounds_leave_nothing rounds_leave_nothing
verdict a_parent_that_is_killed_leaves_nobody a_parent_that_is_killed_leaves_nobody
verdict the_demo_is_exact the_demo_is_exact
exit $status
