# SPDX-License-Identifier: Apache-2.0
#
# The options of the build.  Nothing else is configurable.

# The architecture of host and guests: the compiler's target.
string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" MOTE_ARCH)
string(REPLACE amd64 x86_64 MOTE_ARCH "${MOTE_ARCH}")
string(REPLACE arm64 aarch64 MOTE_ARCH "${MOTE_ARCH}")
if(NOT MOTE_ARCH MATCHES "^(x86_64|aarch64)$")
	message(FATAL_ERROR "mote supports x86_64 and aarch64, not ${CMAKE_SYSTEM_PROCESSOR}")
endif()

# The hypervisors of each operating system, the preferred one first.  Those that have a backend are
# built.
set(MOTE_Linux_BACKENDS MSHV KVM)
set(MOTE_Windows_BACKENDS WHP)
set(MOTE_Darwin_BACKENDS HVF)
set(MOTE_BUILDABLE_BACKENDS)
foreach(backend IN LISTS MOTE_${CMAKE_SYSTEM_NAME}_BACKENDS)
	string(TOLOWER ${backend} name)
	if(EXISTS ${PROJECT_SOURCE_DIR}/src/hypervisor/backends/${name}/${name}.c)
		list(APPEND MOTE_BUILDABLE_BACKENDS ${backend})
	endif()
endforeach()
set(MOTE_BACKENDS ALL CACHE STRING
	"Backends to build: ALL, NONE, or a list of ${MOTE_BUILDABLE_BACKENDS}")
string(TOUPPER "${MOTE_BACKENDS}" MOTE_SELECTED_BACKENDS)
if(MOTE_SELECTED_BACKENDS STREQUAL "ALL")
	set(MOTE_SELECTED_BACKENDS ${MOTE_BUILDABLE_BACKENDS})
elseif(MOTE_SELECTED_BACKENDS STREQUAL "NONE")
	set(MOTE_SELECTED_BACKENDS)
endif()
foreach(backend IN LISTS MOTE_SELECTED_BACKENDS)
	if(NOT backend IN_LIST MOTE_BUILDABLE_BACKENDS)
		message(FATAL_ERROR "MOTE_BACKENDS: ${backend} cannot be built on "
			"${CMAKE_SYSTEM_NAME}; possible: ALL, NONE or a list of ${MOTE_BUILDABLE_BACKENDS}")
	endif()
endforeach()

set(MOTE_SANITIZE "" CACHE STRING
	"Sanitizers for host code, as -fsanitize= takes them; guests never get them")
option(MOTE_WERROR "Warnings are errors" ${PROJECT_IS_TOP_LEVEL})
option(MOTE_CRASHDUMP "Write cores of guests" ON)
option(MOTE_GDB "Debugging of guests" ON)
option(MOTE_CLI "Build the mote tool" ON)
option(MOTE_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(MOTE_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
	set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
