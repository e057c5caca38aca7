# SPDX-License-Identifier: Apache-2.0
#
# The C library of guests, libc.a: musl, and the shim that stands below it in place of an operating
# system.  musl is built when this is configured, once for each compiler and set of flags (musl/build).

set(folder ${CMAKE_CURRENT_LIST_DIR})
if(NOT EXISTS ${MOTE_MUSL_SOURCE}/configure)
	message(FATAL_ERROR "MOTE_MUSL_SOURCE: there is no source of musl in ${MOTE_MUSL_SOURCE}; "
		"scripts/musl-source fetches it and prints where it is")
endif()
set(cache ${CMAKE_CURRENT_BINARY_DIR})
if(DEFINED ENV{MOTE_CACHE})
	set(cache $ENV{MOTE_CACHE})
endif()
set(compiler ${CMAKE_C_COMPILER_LAUNCHER} ${CMAKE_C_COMPILER})
if(CMAKE_C_COMPILER_TARGET AND CMAKE_C_COMPILER_ID MATCHES Clang)
	list(APPEND compiler --target=${CMAKE_C_COMPILER_TARGET})
endif()
list(JOIN MOTE_GUEST_COMPILE_FLAGS " " flags)
message(STATUS "mote guest SDK: C library from ${MOTE_MUSL_SOURCE}")
execute_process(COMMAND ${folder}/musl/build ${MOTE_MUSL_SOURCE} ${cache} ${MOTE_GUEST_MACHINE}
		"${flags} -fno-stack-protector" ${compiler}
	OUTPUT_VARIABLE MOTE_MUSL OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE overlay CONFIGURE_DEPENDS ${folder}/musl/*)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${overlay})

# Names of system calls, in the order of their numbers.
file(STRINGS ${MOTE_MUSL}/include/bits/syscall.h lines REGEX "^#define __NR_")
set(next 0)
set(names)
foreach(line IN LISTS lines)
	string(REGEX MATCH "__NR_([a-z0-9_]+)[ \t]+([0-9]+)" matched "${line}")
	set(number ${CMAKE_MATCH_2})
	while(next LESS number)
		string(APPEND names "\"\\0\"\n")
		math(EXPR next "${next} + 1")
	endwhile()
	string(APPEND names "\"${CMAKE_MATCH_1}\\0\"\n")
	math(EXPR next "${next} + 1")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/libc/mote_call_names.inc CONTENT "${names}" @ONLY)

file(GLOB shim CONFIGURE_DEPENDS ${folder}/*.c ${folder}/../cxx/libc/*.c)
file(GLOB objects ${MOTE_MUSL}/objects/*.o)
set_source_files_properties(${objects} PROPERTIES EXTERNAL_OBJECT ON)
add_library(mote_libc STATIC ${shim} ${objects})
mote_guest_archive(mote_libc ${MOTE_GUEST_DIR}/libc)
set_target_properties(mote_libc PROPERTIES EXPORT_NAME libc OUTPUT_NAME c C_EXTENSIONS ON
	ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/libc)
target_compile_definitions(mote_libc PRIVATE _GNU_SOURCE)
target_include_directories(mote_libc PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/libc
	${folder}/${MOTE_GUEST_MACHINE})
# For C++ behind all others, because the headers of its library find the next one of the same name.
set(plain "$<NOT:$<COMPILE_LANGUAGE:CXX>>")
set(includes $<INSTALL_PREFIX>/${MOTE_GUEST_DIR}/libc/include)
target_include_directories(mote_libc SYSTEM PUBLIC
	"$<BUILD_INTERFACE:$<${plain}:${MOTE_MUSL}/include>>" "$<INSTALL_INTERFACE:$<${plain}:${includes}>>")
target_compile_options(mote_libc INTERFACE
	"$<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:-idirafter${MOTE_MUSL}/include>>"
	"$<INSTALL_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:-idirafter${includes}>>")
# Where -lm and the like find an empty archive.
target_link_options(mote_libc INTERFACE ${MOTE_GUEST_LIBC_LINK_FLAGS}
	$<BUILD_INTERFACE:-L${MOTE_MUSL}/lib>
	$<INSTALL_INTERFACE:-L$<INSTALL_PREFIX>/${MOTE_GUEST_DIR}/libc>)
target_link_libraries(mote_libc PUBLIC mote_guest)

add_library(mote_guest_libc INTERFACE)
add_library(MoteGuest::guest ALIAS mote_guest_libc)
set_target_properties(mote_guest_libc PROPERTIES EXPORT_NAME guest)
target_link_libraries(mote_guest_libc INTERFACE mote_libc)
install(TARGETS mote_guest_libc EXPORT MoteGuestTargets)
install(DIRECTORY ${MOTE_MUSL}/include DESTINATION ${MOTE_GUEST_DIR}/libc)
install(FILES ${MOTE_MUSL}/COPYRIGHT DESTINATION ${MOTE_GUEST_DIR}/libc)
install(DIRECTORY ${MOTE_MUSL}/lib/ DESTINATION ${MOTE_GUEST_DIR}/libc FILES_MATCHING PATTERN "*.a")
