# SPDX-License-Identifier: Apache-2.0
#
# The tests of the tool on Windows.  The guests are those of another build, which need not be there; what
# needs a hypervisor is skipped without one.  There are no cli_signals, cli_self_test (which pretends the
# suite by fork, and links) and cli_debug (whose debugger is a client of unix sockets).
if(NOT TARGET mote_cli)
	return()
endif()

# add_cli_test(NAME SOURCE...): over tool_windows.c.
function(add_cli_test name)
	mote_add_test_program(${name} LABEL cli WITHOUT_BED_TABLE NATIVE_ONLY
		SOURCES ${name}_test.c tool.c tool_windows.c json_check.c ${ARGN}
		LIBRARIES mote_internal DEPENDS mote_cli)
	target_include_directories(${name}_test PRIVATE ${MOTE_ARCH} ${PROJECT_SOURCE_DIR}/cli)
	set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT "MOTE_TEST_CLI=$<TARGET_FILE:mote_cli>")
endfunction()

foreach(name windows windows_child windows_files windows_folders windows_text windows_threads)
	list(APPEND system_sources ${PROJECT_SOURCE_DIR}/cli/cli_os_${name}.c)
endforeach()
foreach(name input json output problem split_lock text)
	list(APPEND part_sources ${PROJECT_SOURCE_DIR}/cli/${name}.c)
endforeach()

add_cli_test(cli)
add_cli_test(cli_bench)
add_cli_test(cli_core core_build.c)
add_cli_test(cli_deadline)
add_cli_test(cli_files)
add_cli_test(cli_new)
add_cli_test(cli_program)
add_cli_test(cli_run)
add_cli_test(cli_snapshot)
add_cli_test(cli_windows)
add_cli_test(cli_parts ${part_sources} ${system_sources})
add_cli_test(cli_os ${system_sources})
add_cli_test(cli_os_windows ${system_sources})
foreach(name cli_os cli_os_windows cli_parts)
	target_link_libraries(${name}_test PRIVATE ntdll)
endforeach()
target_link_libraries(cli_windows_test PRIVATE version)
add_dependencies(cli_windows_test mote_conformance)
# In a terminal, which Wine makes a console of.
if(CMAKE_CROSSCOMPILING)
	set_target_properties(cli_windows_test PROPERTIES CROSSCOMPILING_EMULATOR
		"${PROJECT_SOURCE_DIR}/tests/unit/os/in_terminal.sh;${CMAKE_CROSSCOMPILING_EMULATOR}")
endif()
