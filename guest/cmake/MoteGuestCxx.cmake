# SPDX-License-Identifier: Apache-2.0
#
# MoteGuest::cxx: C++ with all of its library, which is that of the project's own compiler.  Its headers
# and archives, made for the host's C library, are used where they are.

# mote_guest_ask_cxx(result stream option...): what the compiler of C++ says.
function(mote_guest_ask_cxx result stream)
	set(compiler ${CMAKE_CXX_COMPILER})
	if(CMAKE_CXX_COMPILER_TARGET AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
		list(APPEND compiler --target=${CMAKE_CXX_COMPILER_TARGET})
	endif()
	set(OUTPUT)
	set(ERROR)
	execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C ${compiler} ${ARGN}
		OUTPUT_VARIABLE OUTPUT ERROR_VARIABLE ERROR)
	string(STRIP "${${stream}}" said)
	set(${result} "${said}" PARENT_SCOPE)
endfunction()

# mote_guest_cxx_folders(result option...): where the compiler looks for headers, in order.
function(mote_guest_cxx_folders result)
	mote_guest_ask_cxx(said ERROR ${ARGN} -E -v -x c++ /dev/null)
	string(REGEX MATCH "\n#include <[^\n]*\n( [^\n]*\n)+" list "${said}")
	string(REGEX REPLACE "^\n[^\n]*\n +| *\n$" "" list "${list}")
	string(REGEX REPLACE " *\n +" ";" list "${list}")
	set(${result} ${list} PARENT_SCOPE)
endfunction()

# mote_guest_find_cxx(reason): makes the target, or sets reason to why there is none.
function(mote_guest_find_cxx reason)
	include(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/MoteGuestFlags.cmake)
	set(${reason} "" PARENT_SCOPE)
	if(TARGET MoteGuest::cxx)
		return()
	elseif(NOT TARGET MoteGuest::guest)
		set(${reason} "this guest SDK was built without MOTE_MUSL_SOURCE and has no C library"
			PARENT_SCOPE)
		return()
	elseif(NOT CMAKE_CXX_COMPILER)
		set(${reason} "this project has no compiler of C++: project(... LANGUAGES CXX)"
			PARENT_SCOPE)
		return()
	endif()
	foreach(name stdc++ gcc_eh)
		mote_guest_ask_cxx(file OUTPUT -print-file-name=lib${name}.a)
		if(NOT IS_ABSOLUTE "${file}")
			set(${reason} "${CMAKE_CXX_COMPILER} has no lib${name}.a for \
${CMAKE_SYSTEM_PROCESSOR} (Debian: g++, g++-aarch64-linux-gnu)" PARENT_SCOPE)
			return()
		endif()
		list(APPEND archives "${file}")
	endforeach()
	mote_guest_cxx_folders(folders)
	mote_guest_cxx_folders(others -nostdinc++)
	list(REMOVE_ITEM folders ${others})
	# As options, because CMake leaves folders out that the compiler knows.
	list(TRANSFORM folders PREPEND -isystem)

	list(POP_FRONT archives stdcxx gcc_eh)
	add_library(MoteGuest::gcc_eh STATIC IMPORTED GLOBAL)
	set_target_properties(MoteGuest::gcc_eh PROPERTIES IMPORTED_LOCATION "${gcc_eh}"
		INTERFACE_LINK_LIBRARIES MoteGuest::guest)
	add_library(MoteGuest::stdcxx STATIC IMPORTED GLOBAL)
	set_target_properties(MoteGuest::stdcxx PROPERTIES IMPORTED_LOCATION "${stdcxx}"
		INTERFACE_LINK_LIBRARIES MoteGuest::gcc_eh)
	add_library(MoteGuest::cxx INTERFACE IMPORTED GLOBAL)
	target_compile_definitions(MoteGuest::cxx INTERFACE MOTE_GUEST_CXX) # see MoteGuestFlags
	target_compile_options(MoteGuest::cxx INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${folders}>")
	target_link_options(MoteGuest::cxx INTERFACE ${MOTE_GUEST_CXX_LINK_FLAGS})
	target_link_libraries(MoteGuest::cxx INTERFACE MoteGuest::cxx_support MoteGuest::stdcxx)
endfunction()
