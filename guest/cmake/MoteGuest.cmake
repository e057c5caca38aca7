# SPDX-License-Identifier: Apache-2.0
#
# mote_add_guest(name [LANGUAGE C|CXX] [FREESTANDING] source...): an executable that mote runs.
# LANGUAGE CXX: with the library of C++ and all that the language has; otherwise sources in C++ do
# without.  FREESTANDING: without the C library.  Whatever else it needs is added as to any other target:
# target_link_libraries(name PRIVATE ...).
#
# mote_add_guest(name LANGUAGE RUST CRATE folder): from a crate of Rust with a binary, by cargo.
include(${CMAKE_CURRENT_LIST_DIR}/MoteGuestCxx.cmake)

function(mote_add_guest name)
	include(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/MoteGuestFlags.cmake)
	cmake_parse_arguments(PARSE_ARGV 1 guest "FREESTANDING" "LANGUAGE;CRATE" "")
	if("${guest_LANGUAGE}" STREQUAL "RUST")
		if(NOT COMMAND mote_guest_add_rust)
			message(FATAL_ERROR "mote_add_guest(${name}): this guest SDK was built without "
				"MOTE_MUSL_SOURCE; guests in Rust need its C library")
		endif()
		mote_guest_add_rust(${name} ${guest_CRATE})
		return()
	endif()
	set(library guest)
	set(linker C) # the driver of C++ would add its runtime library
	if(guest_FREESTANDING)
		set(library freestanding)
		if("${guest_LANGUAGE}" STREQUAL "CXX")
			message(FATAL_ERROR "mote_add_guest(${name} LANGUAGE CXX): FREESTANDING guests have "
				"no library of C++; sources in C++ need no LANGUAGE there")
		endif()
	elseif("${guest_LANGUAGE}" STREQUAL "CXX")
		set(library cxx)
		set(linker CXX)
		mote_guest_find_cxx(reason)
		if(reason)
			message(FATAL_ERROR "mote_add_guest(${name} LANGUAGE CXX): ${reason}")
		endif()
	elseif(NOT "${guest_LANGUAGE}" MATCHES "^C?$")
		message(FATAL_ERROR "mote_add_guest(${name}): LANGUAGE ${guest_LANGUAGE} is none of C, CXX, RUST")
	elseif(NOT TARGET MoteGuest::guest)
		message(FATAL_ERROR "mote_add_guest(${name}): this guest SDK was built without "
			"MOTE_MUSL_SOURCE and has no C library; only FREESTANDING guests can be built")
	endif()
	add_executable(${name} ${guest_UNPARSED_ARGUMENTS})
	# COMPILE_OPTIONS and LINK_OPTIONS begin empty: those of the directory are for the host.
	set_target_properties(${name} PROPERTIES
		COMPILE_OPTIONS "" LINK_OPTIONS "" COMPILE_DEFINITIONS ""
		POSITION_INDEPENDENT_CODE OFF ENABLE_EXPORTS OFF LINKER_LANGUAGE ${linker})
	target_compile_options(${name} PRIVATE $<$<CONFIG:>:-O2> ${MOTE_GUEST_NEUTRAL_FLAGS})
	target_link_options(${name} PRIVATE -fno-sanitize=all)
	target_link_libraries(${name} PRIVATE MoteGuest::${library})
endfunction()
