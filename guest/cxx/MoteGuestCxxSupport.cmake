# SPDX-License-Identifier: Apache-2.0
#
# libmote_cxx.a: how a guest in C++ ends.  It stands before the archives of the compiler, libstdc++.a and
# libgcc_eh.a; what these want of a C library beyond musl is in libc.a (libc/).

file(GLOB support CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c)
add_library(mote_cxx STATIC ${support} builtins/pure_virtual.c)
mote_guest_archive(mote_cxx ${MOTE_GUEST_DIR}/cxx)
add_library(MoteGuest::cxx_support ALIAS mote_cxx)
set_target_properties(mote_cxx PROPERTIES EXPORT_NAME cxx_support
	ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/cxx)
target_link_libraries(mote_cxx PUBLIC mote_libc)
set(MOTE_GUEST_CXX_INCLUDE ${CMAKE_CURRENT_LIST_DIR}/include)
set(includes $<INSTALL_PREFIX>/${MOTE_GUEST_DIR}/cxx/include)
target_compile_options(mote_cxx INTERFACE
	"$<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:-isystem${MOTE_GUEST_CXX_INCLUDE}>>"
	"$<INSTALL_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:-isystem${includes}>>")
install(DIRECTORY ${MOTE_GUEST_CXX_INCLUDE} DESTINATION ${MOTE_GUEST_DIR}/cxx)
