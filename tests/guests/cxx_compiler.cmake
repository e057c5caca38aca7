# SPDX-License-Identifier: Apache-2.0
#
# Enables C++ by the compiler that goes with that of C, if there is one with its library.
mote_guest_name_cxx(name)
find_program(MOTE_TEST_CXX ${name} NO_CMAKE_FIND_ROOT_PATH)
set(reason "there is no ${name}")
if(MOTE_TEST_CXX)
	set(CMAKE_CXX_COMPILER ${MOTE_TEST_CXX})
	set(CMAKE_CXX_COMPILER_ID ${CMAKE_C_COMPILER_ID})
	mote_guest_find_cxx(reason)
endif()
if(reason)
	message(STATUS "guests in C++: ${reason}; not built")
else()
	enable_language(CXX)
endif()
