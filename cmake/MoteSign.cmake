# SPDX-License-Identifier: Apache-2.0
#
# On a Mac, programs that use the hypervisor need an entitlement in their signature.

# mote_sign(TARGET): signs a program ad hoc, on a Mac; another build's linker does it, or nobody must.
function(mote_sign target)
	if(NOT (APPLE AND CMAKE_HOST_APPLE))
		return()
	endif()
	add_custom_command(TARGET ${target} POST_BUILD
		COMMAND codesign --sign - --force
			--entitlements ${PROJECT_SOURCE_DIR}/packaging/macos/mote.entitlements
			$<TARGET_FILE:${target}>
		COMMENT "Signing ${target}" VERBATIM)
endfunction()
