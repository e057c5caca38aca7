# SPDX-License-Identifier: Apache-2.0
#
# The one list of what makes an executable a guest.  mote-guest.pc is made from it too.

# Freestanding headers come from the compiler, the rest of libc from the SDK.
set(MOTE_GUEST_COMPILE_FLAGS
	-ffreestanding -fbuiltin -fPIE -fstack-protector-strong
	-ffunction-sections -fdata-sections)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
	# Helpers for atomics that ask a libc for the processor's features at start.
	list(APPEND MOTE_GUEST_COMPILE_FLAGS -mno-outline-atomics)
endif()

# C++ without what needs a runtime library.
set(MOTE_GUEST_CXX_FLAGS -fno-exceptions -fno-rtti -fno-threadsafe-statics)

# The host applies RELATIVE relocations and nothing else, and maps each page with one permission.
set(MOTE_GUEST_LINK_FLAGS
	-static-pie -nostdlib -nostartfiles
	-Wl,-u,_start -Wl,-e,_start
	-Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now -Wl,-z,text
	-Wl,-z,separate-code -Wl,-z,max-page-size=4096
	-Wl,--build-id -Wl,--gc-sections)

# Undoes what the surrounding project does to its own code; stands behind its flags.
set(MOTE_GUEST_NEUTRAL_FLAGS -fno-sanitize=all -U_FORTIFY_SOURCE -fno-lto)
