# SPDX-License-Identifier: Apache-2.0
#
# mote_add_guest(name [FREESTANDING] source...): an executable that mote runs, from C or C++;
# FREESTANDING: without the C library.  Whatever else it needs is added as to any other target:
# target_link_libraries(name PRIVATE ...).

function(mote_add_guest name)
	include(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/MoteGuestFlags.cmake)
	cmake_parse_arguments(PARSE_ARGV 1 guest "FREESTANDING" "" "")
	set(library guest)
	if(guest_FREESTANDING)
		set(library freestanding)
	elseif(NOT TARGET MoteGuest::guest)
		message(FATAL_ERROR "mote_add_guest(${name}): this guest SDK was built without "
			"MOTE_MUSL_SOURCE and has no C library; only FREESTANDING guests can be built")
	endif()
	add_executable(${name} ${guest_UNPARSED_ARGUMENTS})
	# COMPILE_OPTIONS and LINK_OPTIONS begin empty: those of the directory are for the host.
	set_target_properties(${name} PROPERTIES
		COMPILE_OPTIONS "" LINK_OPTIONS "" COMPILE_DEFINITIONS ""
		POSITION_INDEPENDENT_CODE OFF ENABLE_EXPORTS OFF)
	# The driver of C++ would add its runtime library.
	set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
	target_compile_options(${name} PRIVATE $<$<CONFIG:>:-O2> ${MOTE_GUEST_NEUTRAL_FLAGS})
	target_link_options(${name} PRIVATE -fno-sanitize=all)
	target_link_libraries(${name} PRIVATE MoteGuest::${library})
endfunction()
