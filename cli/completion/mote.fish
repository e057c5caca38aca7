# SPDX-License-Identifier: Apache-2.0
#
# Completion of mote for fish: commands, options and their values, files, and after a guest the
# names of its functions.
#
# What is in a guest's file is foreign text: only plain names are taken, and fish quotes.

function __mote_command
    set -l words (commandline -opc)
    test "$words[2]" = "$argv[1]"
end

function __mote_no_command
    test (count (commandline -opc)) = 1
end

# The operands of mote run, debug or snapshot that come before the cursor, each with a NUL after it.
function __mote_operands
    set -l words (commandline -opc)
    set -l skip 0
    for word in $words[3..-1]
        if test $skip = 1
            set skip 0
        else if string match -qr -- '^(--(json|quiet|clock|huge-pages|help|gdb|lldb|stdio)|-[qh]|--|--.*=.*)$' $word
            continue
        else if string match -q -- '-?*' $word
            set skip 1
        else
            printf '%s\0' $word
        end
    end
end

function __mote_runs
    __mote_command run; or __mote_command debug; or __mote_command snapshot
end

# How many come before the function.
function __mote_before_function
    __mote_command snapshot; and echo 2; or echo 1
end

function __mote_wants_guest
    __mote_runs; and test (count (__mote_operands | string split0)) = 0
end

function __mote_wants_function
    __mote_runs; and test (count (__mote_operands | string split0)) = (__mote_before_function)
end

function __mote_wants_file
    __mote_command snapshot; and test (count (__mote_operands | string split0)) = 1
end

# Inspecting runs nothing of the guest.
function __mote_functions
    set -l operands (__mote_operands | string split0)
    set -l guest (string replace -r -- '^~/' "$HOME/" $operands[1] | string collect)
    test -f "$guest"; or return
    mote inspect --names -- $guest 2>/dev/null |
        string match -r -- '^[A-Za-z_][A-Za-z0-9_.-]*\t[a-z0-9(),]*$'
end

set -l sizes '256K 1M 16M 64M 256M 1G'
set -l durations '10ms 100ms 1s 10s 1m'

complete -c mote -f
complete -c mote -n __mote_no_command -a run -d 'Call a function of a guest'
complete -c mote -n __mote_no_command -a debug -d 'Call a function of a guest under a debugger'
complete -c mote -n __mote_no_command -a snapshot -d 'Save a guest that has started'
complete -c mote -n __mote_no_command -a inspect -d 'Show what a guest offers and what it needs'
complete -c mote -n __mote_no_command -a core -d 'Show why a guest left a core, and where'
complete -c mote -n __mote_no_command -a doctor -d 'Check whether this machine can run guests'
complete -c mote -n __mote_no_command -a bench -d 'Measure what calls and sandboxes cost here'
complete -c mote -n __mote_no_command -a new -d 'Create a guest project'
complete -c mote -n __mote_no_command -a version -d 'Print the version'
complete -c mote -n __mote_no_command -a help -d 'Explain a command'
complete -c mote -n __mote_no_command -l version -s V -d 'The version'
complete -c mote -l help -s h -d Help

complete -c mote -n '__mote_command help' -a 'run debug snapshot inspect core doctor bench new version help'
complete -c mote \
    -n '__mote_command inspect; or __mote_command core; or __mote_command doctor; or __mote_wants_guest' \
    -l json -d 'Print one JSON object'
complete -c mote -n '__mote_command doctor' -l self-test -d "Run mote's own tests on this machine"
complete -c mote -n '__mote_command doctor' -x -l backend -a 'auto kvm mshv whp hvf' \
    -d 'The hypervisor to test'
complete -c mote -n '__mote_command doctor' -x -l timeout -a $durations -d 'Time limit of a test'
complete -c mote -n '__mote_command inspect' -l names -d 'Print names and signatures'
complete -c mote -n '__mote_command inspect; or __mote_command core; or __mote_wants_guest' -F
complete -c mote -n __mote_wants_file -F
complete -c mote -n __mote_wants_function -a '(__mote_functions)'

complete -c mote -n __mote_wants_guest -x -l memory -a $sizes -d "All of the guest's memory"
complete -c mote -n __mote_wants_guest -x -l heap -a $sizes -d 'Its heap'
complete -c mote -n __mote_wants_guest -x -l stack -a $sizes -d 'Its stack'
complete -c mote -n __mote_wants_guest -x -l mailbox -a $sizes \
    -d 'Room for strings and bytes, each way'
complete -c mote -n __mote_wants_guest -x -l timeout -a $durations \
    -d 'Wall-clock limit'
complete -c mote -n __mote_wants_guest -x -l cpu-time -a $durations \
    -d 'CPU-time limit for the call'
complete -c mote -n __mote_wants_guest -x -l backend -a 'auto kvm mshv whp hvf' \
    -d 'The hypervisor'
complete -c mote -n __mote_wants_guest -x -l log-level \
    -a 'off error warning info debug trace' -d 'Messages to show'
complete -c mote -n __mote_wants_guest -l quiet -s q -d 'No messages'
complete -c mote -n '__mote_wants_guest; and not __mote_command snapshot' -r -F -l output -s o \
    -d 'Write the result to a file'
set -l programs '__mote_wants_guest; and not __mote_command snapshot'
complete -c mote -n $programs -x -l file -d 'A file of the program, NAME=PATH'
complete -c mote -n $programs -x -l out -d 'A file to take out of the program, NAME=PATH'
complete -c mote -n $programs -x -l env -d 'A variable of the program, NAME=VALUE'
complete -c mote -n __mote_wants_guest -l clock -d 'Tell the guest what time it is'
complete -c mote -n __mote_wants_guest -l huge-pages -d 'Guest memory in pages of 2 MiB'
complete -c mote -n __mote_wants_guest -r -F -l core-dir -d 'Write a core there if the call fails'

set -l addresses '127.0.0.1:0 [::1]:0 unix:/tmp/mote.socket'
complete -c mote -n '__mote_command run; and __mote_wants_guest' -x -l debug -a $addresses \
    -d 'Wait for a debugger there'
complete -c mote -n '__mote_command run; and __mote_wants_guest' -r -F -l snapshot \
    -d 'Begin with a saved state'
set -l debugs '__mote_command debug; and __mote_wants_guest'
complete -c mote -n $debugs -x -l listen -a $addresses -d 'Where to wait for a debugger'
complete -c mote -n $debugs -l gdb -d 'Start gdb'
complete -c mote -n $debugs -l lldb -d 'Start lldb'
complete -c mote -n $debugs -l stdio -d 'Speak over standard input and output'

complete -c mote -n '__mote_command bench' -l quick -d 'Measure for one second in total'
complete -c mote -n '__mote_command bench' -x -l seconds -a $durations -d 'Total time to measure'
complete -c mote -n '__mote_command bench' -x -l backend -a 'auto kvm mshv whp hvf' \
    -d 'The hypervisor'
complete -c mote -n '__mote_command bench' -r -F -l json -d 'Write the figures to a file'
