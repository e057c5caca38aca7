#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# live_test.sh DEBUG-HOST GUESTS [MACHINE [TOOL]]: gdb debugs a guest while it runs in a sandbox of debug_host:
# here; in an emulated machine, over its second serial line; or under Wine, if MACHINE is the folder
# that scripts/wine gets, over TCP.  GUESTS: the folder of the guests that DEBUG-HOST was built with.  With
# TOOL, the tool mote: gdb debugs a guest of its, too, over TCP.
# shellcheck disable=SC2016 # gdb has variables with a $, too
set -u
cd "$(dirname "$0")/../.." || exit 1
. scripts/results.sh
host=$1 guests=$2 machine=${3:-} tool=${4:-}
suite=gdb_live${machine:+_${machine//-/_}}
status=0
export MOTE_TEST_GUESTS=$guests
run=()
if [[ $machine = */* ]]; then
	run=(scripts/wine "$machine")
	machine=wine suite=gdb_live_wine
fi

if ! command -v gdb-multiarch >/dev/null; then
	skip "$suite.sessions" "gdb-multiarch is not installed" || exit 1
	exit 0
fi
work=$(mktemp -d)
bed=
# shellcheck disable=SC2317
finish()
{
	[ -z "$bed" ] || kill "$bed" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT

# connect SESSION: sets address, where a debugger finds the session, which waits for it.
connect()
{
	case $machine in
	'') address="| '$host' $1 2>>'$work/said'" ;;
	wine) listen "$1" 127.0.0.1:0 "$1" ;;
	*) connect_line && address=$work/socket ;;
	esac
}

# listen SESSION ADDRESS NAME: starts a program that waits there, and sets address to what it calls that.
listen()
{
	listens "$3" "${run[@]}" "$host" "$1" "$2"
}

# listens NAME COMMAND...
listens()
{
	local said=$work/said.$1
	shift
	"$@" >"$said" 2>&1 &
	program=$!
	until address=$(sed -nE "s/^(listens at |mote: waiting .*target remote )([^\r']*).*/\2/p" "$said" \
		2>/dev/null) && [ -n "$address" ]; do
		kill -0 "$program" 2>/dev/null || return
		sleep 0.1
	done
}

# Asks until the session before has ended, or the machine has.
connect_line()
{
	perl -MIO::Socket::UNIX -MIO::Select -e '
		my ($path, $bed) = @ARGV;
		my ($line, $said) = (undef, "");
		until ($line = IO::Socket::UNIX->new($path)) {
			kill(0, $bed) or exit 1;
			select(undef, undef, undef, 0.1);
		}
		$line->autoflush;
		until ($said =~ /ready\n/) {
			kill(0, $bed) or exit 1;
			print $line "\n";
			next unless IO::Select->new($line)->can_read(0.5);
			sysread($line, $said, 64, length $said) or exit 1;
		}' "$work/socket" "$bed"
}

# session NAME COMMAND...: what gdb says.
session()
{
	local name=$1 commands=() command address
	shift
	connect "$name" || { echo "no session"; return; }
	for command in "$@"; do
		commands+=(-ex "$command")
	done
	# The file comes from the server, but not over a slow line.
	timeout 300 gdb-multiarch -nx -batch -ex "set remotetimeout 120" -ex "set pagination off" \
		${bed:+-ex "file $guests/debug_O0"} -ex "target remote $address" \
		"${commands[@]}" 2>&1
	heard "$name"
}

# heard NAME: adds what the program of listen said until it ended, if there is one, to what all say.
heard()
{
	wait
	[ ! -f "$work/said.$1" ] || cat "$work/said.$1" >>"$work/said"
}

# says CASE OUTPUT LINE...: these are in the output, in this order.
says()
{
	local name=$1 rest=$2 line
	shift 2
	for line in "$@"; do
		if [[ $rest != *"$line"* ]]; then
			echo "not ok - $suite.$name: there is no \"$line\" there"
			printf '# %s\n' "${rest//$'\n'/$'\n'# }"
			status=1
			return
		fi
		rest=${rest#*"$line"}
	done
	echo "ok - $suite.$name"
}

# A session of the machine interface, which editors use: stops a loop, twice, and kills it.
interrupt_spin()
{
	local address _
	connect spin || { echo "no session"; return; }
	coproc mi { timeout 300 gdb-multiarch -nx -q --interpreter=mi3 2>&1; }
	{
		echo "-gdb-set mi-async on"
		echo "-gdb-set remotetimeout 120"
		[ -z "$bed" ] || echo "-file-exec-and-symbols $guests/debug_O0"
		echo "target remote $address"
	} >&"${mi[1]}"
	until_line '*stopped'
	for _ in 1 2; do
		echo "-exec-continue" >&"${mi[1]}"
		until_line '*running'
		echo "-exec-interrupt" >&"${mi[1]}"
		until_line '*stopped'
	done
	echo "kill" >&"${mi[1]}"
	until_line '^done'
	echo "-gdb-exit" >&"${mi[1]}"
	cat <&"${mi[0]}"
	heard spin
}

# Reads and shows lines until one begins with that.
until_line()
{
	local line
	while IFS= read -r line <&"${mi[0]}"; do
		echo "$line"
		[[ $line != "$1"* ]] || return 0
	done
}

if [ -n "$machine" ] && [ "$machine" != wine ]; then
	scripts/bed --build "${guests%/guests}" --line "$work/socket" "$machine" "$host" \
		>"$work/said" 2>&1 &
	bed=$!
fi

case ${machine:-$(uname -m)} in
arm* | aarch64) pointer='$x0' vector='$v3.d[0]' ;;
*) pointer='$rax' vector='$xmm3.v2_double[0]' ;;
esac

says walks "$(session walk 'break leaf' continue 'bt' 'p tls_value' delete 'p leaf(20, 22)' \
	'p counter' 'p 7 + leaf(0, 1)' 'hbreak middle' next step until finish 'info registers cpsr eflags' \
	'watch origin.x' continue delete 'set var origin.x = 60' 'rwatch tls_value' continue \
	'monitor stats' continue)" \
	"Breakpoint 1, leaf (a=0, b=0) at" \
	"#0  leaf (a=0, b=0)" "#1 " " in middle (n=6)" "#2 " " in work (n=6)" "#6 " " in _start ()" \
	"= 77" "= 42" "= 1" "= 8" "Hardware assisted breakpoint 2" \
	"Hardware watchpoint 3: origin.x" "Old value = 1" "New value = 6" \
	"Hardware read watchpoint 4: tls_value" "Value = 77" " calls, " \
	"[Inferior 1 (process 1) exited normally]"

says repairs "$(session repair 'continue' 'p $_siginfo._sifields._sigfault.si_addr' 'bt 2' \
	up 'p address' down 'set var '"$pointer"' = &counter' stepi 'p counter' continue)" \
	"Program received signal SIGSEGV, Segmentation fault." "poke (at=0x10)" "(void *) 0x10" \
	"#1 " "faulty (address=16)" "= 16" "= 42" "exited normally"

says fault_ends "$(session fault continue continue)" \
	"Program received signal SIGSEGV" "poke (at=0x10)" "Program terminated with signal SIGSEGV"

says abort_stops "$(session abort continue 'bt 2' continue)" \
	"Program received signal SIGABRT" "mote_abort (" "gives_up ()" \
	"Program terminated with signal SIGABRT"

says interrupts "$(interrupt_spin)" \
	'*stopped' '*running' '*stopped,reason="signal-received",signal-name="SIGINT"' \
	'*running' '*stopped,reason="signal-received",signal-name="SIGINT"' '^done'

says goes_backwards "$(session record 'set range-stepping off' 'break leaf' continue delete record next next 'p counter' \
	reverse-next 'p counter' 'reverse-stepi' 'record stop' 'kill')" \
	"Breakpoint 1, leaf (a=0, b=0)" "= 1" "= 0" "killed"

says detaches "$(session detach 'break vectors_here' continue "p $vector" "set var $vector = 99.5" \
	detach)" "Breakpoint 1, " "= 1.5" "[Inferior 1 (process 1) detached]"

# lldb takes no pipe.
lldb_session()
{
	local address program
	if [ "$machine" = wine ]; then
		listen walk 127.0.0.1:0 lldb
	else
		listen walk "unix:$work/lldb" lldb
	fi || { echo "no session"; return; }
	address=${address/#unix:/unix-connect://}
	timeout 300 lldb --no-lldbinit --batch \
		-o "process connect --plugin gdb-remote ${address/#127/connect://127}" \
		-o 'breakpoint set -n leaf' -o continue -o 'thread backtrace' -o 'frame variable a' \
		-o 'breakpoint delete -f' -o next -o 'watchpoint set variable origin.x' -o continue \
		-o 'watchpoint delete -f' -o detach "$guests/debug_O0" 2>&1
	heard lldb
}

tool_session()
{
	local address program
	listens tool "${run[@]}" "$tool" debug --listen 127.0.0.1:0 "$guests/echo" count ||
		{ cat "$work/said.tool"; return; }
	timeout 300 gdb-multiarch -nx -batch -ex "target remote $address" -ex 'break count' -ex continue \
		-ex 'bt 1' -ex delete -ex continue 2>&1
	wait
	cat "$work/said.tool"
}
[ -z "$tool" ] || says the_tools_guest "$(tool_session)" "Breakpoint 1, count () at" "#0  count ()" \
	"exited normally" "mote: waiting for a debugger: gdb -ex 'target remote 127.0.0.1:" $'\n1'

if [ -n "$bed" ]; then
	wait "$bed" || status=1
	bed=
elif command -v lldb >/dev/null; then
	says lldb_walks "$(lldb_session)" "stop reason = breakpoint 1" "leaf(a=0, b=0)" "middle(n=6)" \
		"work(n=6)" "(uint64_t) a = 0" "stop reason = step over" "Watchpoint created" \
		"stop reason = watchpoint 1" "Process 1 detached"
else
	skip "$suite.lldb_walks" "lldb is not installed" || status=1
fi
said=$(cat "$work/said")
says programs_go_on "$said" "walk: work = 25" "walk: shift = 137" "repair: faulty = 42" \
	"repair: work = 25" \
	"fault: faulty: guest fault: memory access: write to 0x10 (null page)" \
	"abort: gives_up: guest aborted: no more" "spin: spin: the debugger ended the call" \
	"record: work: the debugger ended the call" \
	"detach: work = 25" "detach: vectors = 99.5"
exit $status
