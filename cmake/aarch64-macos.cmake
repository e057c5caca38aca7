# SPDX-License-Identifier: Apache-2.0
#
# Toolchain file: macOS 12 on Apple silicon, from Linux, by the zig of scripts/zig-path, which has the
# system's headers and the names in its libraries.
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR arm64)
set(CMAKE_OSX_SYSROOT "")
set(CMAKE_OSX_DEPLOYMENT_TARGET "") # a part of the compiler's target
execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/../scripts/zig-path
	OUTPUT_VARIABLE zig OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
cmake_path(ABSOLUTE_PATH CMAKE_CURRENT_LIST_DIR NORMALIZE OUTPUT_VARIABLE here)
set(CMAKE_C_COMPILER ${here}/../scripts/zig-macos ${zig})
set(CMAKE_C_ARCHIVE_CREATE "${zig} ar --format=darwin qc <TARGET> <OBJECTS>")
set(CMAKE_C_ARCHIVE_APPEND "${zig} ar --format=darwin q <TARGET> <OBJECTS>")
set(CMAKE_C_ARCHIVE_FINISH "${zig} ranlib <TARGET>")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE NEVER)
