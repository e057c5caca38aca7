# SPDX-License-Identifier: Apache-2.0
#
# Toolchain file for projects that build nothing but guests:
#	cmake -DCMAKE_TOOLCHAIN_FILE=.../mote-guest-toolchain.cmake
# The compiler is chosen as usual (CC, or -DCMAKE_C_COMPILER=...); the machine is that of the host
# unless MOTE_GUEST_MACHINE (x86_64 or aarch64) says otherwise.
if(NOT MOTE_GUEST_MACHINE)
	set(MOTE_GUEST_MACHINE ${CMAKE_HOST_SYSTEM_PROCESSOR})
elseif(NOT MOTE_GUEST_MACHINE STREQUAL CMAKE_HOST_SYSTEM_PROCESSOR AND NOT CMAKE_C_COMPILER_TARGET)
	set(CMAKE_C_COMPILER_TARGET ${MOTE_GUEST_MACHINE}-linux-gnu) # for clang; gcc has but one
	set(CMAKE_CXX_COMPILER_TARGET ${CMAKE_C_COMPILER_TARGET})
endif()
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR ${MOTE_GUEST_MACHINE})
# No libc: a test program would not link.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MOTE_GUEST_MACHINE)
