#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# check_layers_test.sh CHECK-LAYERS: breaks each rule once in a small tree and sees it noticed.
set -u
check=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# file PATH LINE...: a source file with a licence line.
file()
{
	local path=$work/$1
	shift
	mkdir -p "$(dirname "$path")"
	printf '%s\n' '/* SPDX-License-Identifier: Apache-2.0 */' "$@" >"$path"
}

# breaks CASE RULE PATH LINE...: with that file in the tree, exactly RULE is broken.
breaks()
{
	local name=$1 rule=$2 output broken
	rm -rf "${work:?}"/*
	mkdir -p "$work/include/mote"
	file src/os/os.h
	file src/sandbox/elf.h
	file src/hypervisor/backends/kvm/kvm.h
	file src/hypervisor/backends/linux/linux_device.h
	shift 2
	file "$@"
	output=$("$check" "$work")
	broken=$(sed -n 's/^not ok - layers\.\([a-z_]*\):.*/\1/p' <<<"$output" | tr '\n' ' ')
	if [ "$broken" = "${rule:+$rule }" ]; then
		echo "ok - check_layers.$name"
	else
		echo "not ok - check_layers.$name: broken rules: ${broken:-none}"
		status=1
	fi
}

breaks clean_tree "" src/hypervisor/backend.c '#include "backends/kvm/kvm.h"' '#include "os/os.h"' \
	'int mote_kvm_probe;'
breaks arch_includes_os includes src/hypervisor/arch/a.c '#include "os/os.h"'
breaks backend_includes_sandbox includes src/hypervisor/backends/kvm/k.c '#include "sandbox/elf.h"'
breaks backend_includes_backend includes src/hypervisor/backends/mshv/m.c \
	'#include "hypervisor/backends/kvm/kvm.h"'
breaks device_includes_backend includes src/hypervisor/backends/linux/l.c \
	'#include "hypervisor/backends/kvm/kvm.h"'
breaks backend_includes_device "" src/hypervisor/backends/kvm/k.c \
	'#include "hypervisor/backends/linux/linux_device.h"'
breaks elsewhere_includes_device includes src/hypervisor/backends/whp/w.c \
	'#include "hypervisor/backends/linux/linux_device.h"'
breaks gdb_includes_sandbox includes src/hypervisor/gdb/g.c '#include "sandbox/elf.h"'
breaks sandbox_includes_backend includes src/sandbox/a.c '#include "hypervisor/backends/kvm/kvm.h"'
breaks relative_path includes src/hypervisor/a.c '#include "../sandbox/elf.h"'
breaks tool_includes_inside includes cli/a.c '#include "../src/os/os.h"'
breaks tool_knows_a_system system_headers cli/a.c '#include <unistd.h>'
breaks tool_asks_for_more_than_iso_c system_headers cli/a.c '#define _POSIX_C_SOURCE 200809L'
breaks tool_knows_signals system_headers cli/a.c '#include <signal.h>'
breaks tool_has_a_place_for_systems "" cli/cli_os_posix.c '#define _POSIX_C_SOURCE 200809L' \
	'#include <unistd.h>'
breaks arch_includes_system_header system_headers src/hypervisor/arch/a.c '#include <unistd.h>'
breaks guest_includes_host_header system_headers guest/src/a.c '#include <mote/sandbox.h>'
breaks condition_elsewhere conditions src/sandbox/a.c '#if defined(__linux__)' '#endif'
breaks condition_in_the_list conditions src/hypervisor/backend.c '#ifdef __linux__' '#endif'
breaks architecture_elsewhere conditions src/engine.c '#ifdef __x86_64__' '#endif'
breaks backend_named backend_names src/sandbox/a.c 'int f(void) { return mote_kvm_backend; }'
breaks backend_in_comment "" src/sandbox/a.c '/* mote_kvm_backend */'
breaks signal_named system_names src/sandbox/a.c 'int f(void) { return SIGURG; }'
breaks descriptor_named system_names src/hypervisor/interrupt/a.c 'int f(int fd);'
breaks new_folder folders src/debug/a.c
breaks new_folder_below folders src/hypervisor/new/a.c
breaks long_file file_lengths src/sandbox/a.c "$(seq 500)"

rm -rf "${work:?}"/*
mkdir -p "$work/src"
echo 'int a;' >"$work/src/a.c"
if "$check" "$work" | grep -q '^not ok - layers\.licences'; then
	echo "ok - check_layers.no_licence"
else
	echo "not ok - check_layers.no_licence: not noticed"
	status=1
fi
exit $status
