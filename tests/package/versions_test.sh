#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# versions_test.sh BUILD: programs that were compiled with older and newer headers run with this
# library.  Older: each structure has lost its last member.  Newer: each has one more.
set -euo pipefail
build=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# headers NAME: a copy of the headers to change.
headers()
{
	mkdir -p "$work/$1" && cp -r "$root/include/mote" "$work/$1/"
}

# change NAME FILE PERL: changes a header of the copy; it must be another one then.
change()
{
	local file=$work/$1/mote/$2
	cp "$file" "$work/before"
	perl -0pi -e "$3" "$file"
	! cmp -s "$file" "$work/before" || { echo "not ok - versions.$1: $2 is as before: $3"; exit 1; }
}

headers older
change older engine.h 's/\n\tconst char \*surrogate_path;//'
change older engine.h 's/\{NULL, NULL, NULL, NULL\}, false, NULL\}/{NULL, NULL, NULL, NULL}, false}/'
change older sandbox.h 's/\n\tuint64_t buffer_space_bytes;//'
change older sandbox.h 's/MOTE_LOG_INFO, false, false, false, false, false, 0, 0, 0\}/MOTE_LOG_INFO, false, false, false, false, false, 0, 0}/'
change older sandbox.h 's/\n\tuint64_t cpu_ns;\n\} mote_call_options/\n} mote_call_options/'
change older sandbox.h 's/\(mote_call_options\), NULL, 0, 0, 0\}/(mote_call_options), NULL, 0, 0}/'
change older sandbox.h 's/\n\tuint64_t traps;//'
change older sandbox.h 's/\(mote_sandbox_statistics\), 0, 0, 0, 0, 0, 0, 0\}/(mote_sandbox_statistics), 0, 0, 0, 0, 0, 0}/'

headers newer
change newer engine.h 's/\n\} mote_engine_options/\n\tuint64_t future;\n} mote_engine_options/'
change newer engine.h 's/\{NULL, NULL, NULL, NULL\}, false, NULL\}/{NULL, NULL, NULL, NULL}, false, NULL, FUTURE}/'
change newer sandbox.h 's/\n\} mote_sandbox_options/\n\tuint64_t future;\n} mote_sandbox_options/'
change newer sandbox.h 's/MOTE_LOG_INFO, false, false, false, false, false, 0, 0, 0\}/MOTE_LOG_INFO, false, false, false, false, false, 0, 0, 0, FUTURE}/'
change newer sandbox.h 's/\n\} mote_call_options/\n\tuint64_t future;\n} mote_call_options/'
change newer sandbox.h 's/\(mote_call_options\), NULL, 0, 0, 0\}/(mote_call_options), NULL, 0, 0, 0, FUTURE}/'
change newer sandbox.h 's/\n\} mote_sandbox_statistics/\n\tuint64_t future;\n} mote_sandbox_statistics/'
change newer sandbox.h 's/\(mote_sandbox_statistics\), 0, 0, 0, 0, 0, 0, 0\}/(mote_sandbox_statistics), 0, 0, 0, 0, 0, 0, 0, 77}/'
change newer sandbox.h 's/\n\} mote_host_function;/\n\tuint64_t future;\n} mote_host_function;/'

if ! "$build/cli/mote" doctor >/dev/null 2>&1; then
	echo "skip - versions.all: no usable hypervisor"
	exit 0
fi

# runs CASE HEADERS EXPECTED OPTION...: the program says EXPECTED.
runs()
{
	local name=$1 headers=$2 expected=$3 said
	shift 3
	if said=$(gcc -std=c11 -Wall -Wextra -Werror -I"$work/$headers" "$@" "$here/versions.c" \
		-o "$work/program" "$build/src/libmote.so" "-Wl,-rpath,$build/src" 2>&1) &&
		said=$("$work/program" "$build/examples/guests/hello" 2>&1) && [[ $said = *"$expected"* ]]; then
		echo "ok - versions.$name"
	else
		echo "not ok - versions.$name: $said"
		failed=1
	fi
}
cp -r "$work/older" "$work/same" && rm -rf "$work/same/mote" && cp -r "$root/include/mote" "$work/same/"
runs same_headers same "Hello, World!"
runs older_headers older "Hello, World!"
runs newer_headers newer "Hello, World!" -DFUTURE=0 -DNEWER
runs newer_option newer "something is set beyond" -DFUTURE=1 -DNEWER
exit $failed
