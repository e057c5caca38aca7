# SPDX-License-Identifier: Apache-2.0
#
# What the tests need on Windows, and those that cannot be there.

# Under Wine a program starts in the time of ten on Linux.
set(MOTE_TEST_PACE MOTE_TEST_SCALE=10)
# Guests and the simulated platform are those of another build, which need not be there.
set(MOTE_TEST_FOREIGN_GUESTS ON)
set(MOTE_TEST_WINE_DLLS "" CACHE PATH "The folder of the simulated WinHvPlatform.dll, for scripts/wine")
mark_as_advanced(MOTE_TEST_WINE_DLLS)
if(MOTE_TEST_WINE_DLLS)
	list(APPEND MOTE_TEST_PACE MOTE_WINE_DLLS=${MOTE_TEST_WINE_DLLS})
endif()

# Each of them is about something that Windows has not:
set(MOTE_TEST_ABSENT
	sandbox_fork sandbox_process sandbox_deadline_process # processes that are copies of others
	sandbox_signals # signals
	sandbox_system_calls pool_system_calls # a filter of system calls, which counts them
	sandbox_limits pool_traces # limits of a process, and /proc
	sandbox_import # descriptors of memory: memfd, seals; see sections
	sandbox_guide # all of these: what the guide has for POSIX systems
)

if(NOT MOTE_LINKER_WRAPS)
	list(APPEND MOTE_TEST_ABSENT debug_state) # it sees a function of the library called
endif()

# Headers of other systems, as far as the tests use them.
configure_file(macos/elf.h ${CMAKE_CURRENT_BINARY_DIR}/headers/elf.h COPYONLY)
target_include_directories(mote_test_harness PUBLIC ${CMAKE_CURRENT_BINARY_DIR}/headers
	${CMAKE_CURRENT_LIST_DIR}/windows)
target_compile_definitions(mote_test_harness PUBLIC _FILE_OFFSET_BITS=64)
if(MOTE_LINKER_WRAPS)
	target_sources(mote_test_harness PRIVATE windows/create_again.c)
	target_link_options(mote_test_harness INTERFACE
		-Wl,--wrap=__imp_CreateProcessW -Wl,-u,__wrap___imp_CreateProcessW)
endif()
target_compile_options(mote_test_harness
	PUBLIC -include ${CMAKE_CURRENT_LIST_DIR}/windows/posix.h)
