# SPDX-License-Identifier: Apache-2.0
#
# What the tests need on macOS, and those that cannot be there: what they look at, or do to the process,
# is Linux's alone, or they replace functions by an option of the linker that macOS's has not.
set(MOTE_TEST_ABSENT os_linux kick_signal server_sweep
	sandbox_import sandbox_core sandbox_deadline_process sandbox_guide sandbox_kill sandbox_limits sandbox_process
	sandbox_signals sandbox_system_calls
	pool_system_calls pool_traces debug_state debug_server kill_stress)

# No compiler there makes guests; they are those of another build.
set(MOTE_TEST_FOREIGN_GUESTS ON)

# Headers of other systems, as far as the tests use them.
target_include_directories(mote_test_harness PUBLIC ${CMAKE_CURRENT_LIST_DIR}/macos)
target_compile_definitions(mote_test_harness PUBLIC _DARWIN_C_SOURCE
	GUEST_CODE_PREFIX="_guest_" GUEST_CODE_SECTION=".pushsection __TEXT,__const" # of hostile.h
	GUEST_CODE_SECTION_END=".popsection")
