# SPDX-License-Identifier: Apache-2.0
#
# mote_find_zlib(FOUND): Debian's static zlib, for guests and for comparison with them.  Sets FOUND,
# MOTE_ZLIB_STATIC and MOTE_ZLIB_HEADERS, a folder with only zlib's own headers: the other system
# headers are not for guests.
function(mote_find_zlib found)
	find_path(MOTE_ZLIB_INCLUDE zlib.h)
	find_library(MOTE_ZLIB_STATIC libz.a)
	if(NOT MOTE_ZLIB_STATIC OR NOT MOTE_ZLIB_INCLUDE)
		message(STATUS "${CMAKE_CURRENT_SOURCE_DIR}: no static zlib (package zlib1g-dev); not built")
		set(${found} FALSE PARENT_SCOPE)
		return()
	endif()
	set(headers ${PROJECT_BINARY_DIR}/zlib)
	foreach(header zlib.h zconf.h)
		find_file(MOTE_ZLIB_${header} ${header} PATHS ${MOTE_ZLIB_INCLUDE} REQUIRED
			PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE})
		configure_file(${MOTE_ZLIB_${header}} ${headers}/${header} COPYONLY)
	endforeach()
	set(MOTE_ZLIB_HEADERS ${headers} PARENT_SCOPE)
	set(${found} TRUE PARENT_SCOPE)
endfunction()
