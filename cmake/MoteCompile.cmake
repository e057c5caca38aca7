# SPDX-License-Identifier: Apache-2.0
#
# mote_host: the flags of every host target, as one interface target.  Guests do
# not link it, so neither sanitizers nor hardening that needs a libc reach them.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
# Asserts detect programming errors, so they stay on in the build that is tested.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")

add_library(mote_host INTERFACE)
target_compile_options(mote_host INTERFACE
	-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
	-Wvla -Wundef -Wwrite-strings
	$<$<BOOL:${MOTE_WERROR}>:-Werror>
	$<$<CONFIG:Release>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2;-fstack-protector-strong>)
if(WIN32) # 10, and what a header of it has
	target_compile_definitions(mote_host INTERFACE _WIN32_WINNT=0x0a00 UNICODE)
endif()
if(MOTE_SANITIZE)
	target_compile_options(mote_host INTERFACE -fsanitize=${MOTE_SANITIZE}
		-fno-sanitize-recover=all -fno-omit-frame-pointer)
	target_link_options(mote_host INTERFACE -fsanitize=${MOTE_SANITIZE})
endif()
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
