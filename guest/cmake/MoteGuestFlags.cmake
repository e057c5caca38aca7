# SPDX-License-Identifier: Apache-2.0
#
# The one list of what makes an executable a guest.  The files for pkg-config are made from it too.

set(MOTE_GUEST_COMPILE_FLAGS
	-fPIE -fstack-protector-strong
	-ffunction-sections -fdata-sections)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
	# Helpers for atomics that ask a libc for the processor's features at start.
	list(APPEND MOTE_GUEST_COMPILE_FLAGS -mno-outline-atomics)
endif()
# A function without a prototype would be called, but its result taken for an int.
set(MOTE_GUEST_C_FLAGS -Werror=implicit-function-declaration)

# C++ without what needs a runtime library, unless MoteGuest::cxx is linked.
set(MOTE_GUEST_CXX_FLAGS -fno-exceptions -fno-rtti -fno-threadsafe-statics)

# Headers come from the SDK and the compiler, never from the host.
set(mote_compiler ${CMAKE_C_COMPILER})
set(mote_compiler_id ${CMAKE_C_COMPILER_ID})
if(NOT CMAKE_C_COMPILER) # a project in C++ alone
	set(mote_compiler ${CMAKE_CXX_COMPILER})
	set(mote_compiler_id ${CMAKE_CXX_COMPILER_ID})
endif()
if(mote_compiler_id STREQUAL "GNU")
	execute_process(COMMAND ${mote_compiler} -print-file-name=include
		OUTPUT_VARIABLE MOTE_GUEST_COMPILER_HEADERS OUTPUT_STRIP_TRAILING_WHITESPACE)
	set(MOTE_GUEST_HEADER_FLAGS -nostdinc "SHELL:-isystem ${MOTE_GUEST_COMPILER_HEADERS}")
else()
	set(MOTE_GUEST_HEADER_FLAGS -nostdlibinc)
endif()

# For every target of a guest.  A definition is what says of any target that MoteGuest::cxx is linked.
set(mote_all_of_cxx $<IN_LIST:MOTE_GUEST_CXX,$<TARGET_PROPERTY:COMPILE_DEFINITIONS>>)
set(MOTE_GUEST_OPTIONS ${MOTE_GUEST_COMPILE_FLAGS} ${MOTE_GUEST_HEADER_FLAGS}
	"$<$<COMPILE_LANGUAGE:C>:${MOTE_GUEST_C_FLAGS}>"
	"$<$<AND:$<COMPILE_LANGUAGE:CXX>,$<NOT:${mote_all_of_cxx}>>:${MOTE_GUEST_CXX_FLAGS}>")

# The host applies RELATIVE relocations and nothing else, and maps each page with one permission.
set(MOTE_GUEST_LINK_FLAGS
	-static-pie -nostdlib -nostartfiles
	-Wl,-u,_start -Wl,-e,_start
	-Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now -Wl,-z,text
	-Wl,-z,separate-code -Wl,-z,max-page-size=4096
	-Wl,--build-id -Wl,--gc-sections)

# A guest with exports defines mote_guest_kind.  For another one the C library does, and calls main.
set(MOTE_GUEST_LIBC_LINK_FLAGS -Wl,-u,mote_guest_kind)

# For rustc.  Not every rustc marks records as what a linker must keep, and lld drops what is not marked.
set(MOTE_GUEST_RUST_FLAGS
	-Ctarget-feature=+crt-static -Crelocation-model=pie -Clink-arg=-Wl,-z,nostart-stop-gc)

# C++ with its library.  What would leave no text behind, and where libstdc++ and musl differ, goes to
# guest/cxx.
set(MOTE_GUEST_CXX_LINK_FLAGS -Wl,--eh-frame-hdr -Wl,-u,__cxa_pure_virtual -Wl,-u,arc4random
	-Wl,-u,_ZN9__gnu_cxx27__verbose_terminate_handlerEv
	-Wl,-u,__wrap_pthread_once -Wl,--wrap=pthread_once -Wl,--wrap=exit
	-Wl,--wrap=__newlocale -Wl,--wrap=__duplocale -Wl,--wrap=__nl_langinfo_l)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
	# libstdc++.a has calls of helpers for atomics, whose start asks for it behind the C library.
	list(APPEND MOTE_GUEST_CXX_LINK_FLAGS -Wl,-u,__getauxval)
endif()

# Undoes what the surrounding project does to its own code; stands behind its flags.
set(MOTE_GUEST_NEUTRAL_FLAGS -fno-sanitize=all -U_FORTIFY_SOURCE -fno-lto)
