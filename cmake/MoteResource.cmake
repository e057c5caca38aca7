# SPDX-License-Identifier: Apache-2.0
#
# On Windows, programs and libraries tell their version in a resource.
if(WIN32)
	enable_language(RC)
endif()

# mote_version_resource(TARGET FILE DESCRIPTION): FILE is what the target's file is called.
function(mote_version_resource target file description)
	if(NOT WIN32)
		return()
	endif()
	set(MOTE_RC_FILE ${file})
	set(MOTE_RC_DESCRIPTION "${description}")
	set(MOTE_RC_TYPE VFT_APP)
	if(file MATCHES "dll$")
		set(MOTE_RC_TYPE VFT_DLL)
	endif()
	set(resource ${CMAKE_CURRENT_BINARY_DIR}/${target}.rc)
	configure_file(${PROJECT_SOURCE_DIR}/cmake/mote.rc.in ${resource} @ONLY)
	target_sources(${target} PRIVATE ${resource})
endfunction()
