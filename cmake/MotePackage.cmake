# SPDX-License-Identifier: Apache-2.0
#
# The targets uninstall and package: one .deb with library, tool and guest SDK; for Windows a .zip with
# library and tool.

# A separate list of what was installed, because cpack, which installs into its own folder,
# overwrites install_manifest.txt.  This file is included last, so the list is complete here.
set(MOTE_MANIFEST ${PROJECT_BINARY_DIR}/mote_manifest.txt)
install(CODE "
	if(NOT \"\$ENV{DESTDIR}\" MATCHES \"/_CPack_Packages/\")
		list(JOIN CMAKE_INSTALL_MANIFEST_FILES \"\\n\" mote_files)
		file(WRITE \"${MOTE_MANIFEST}\" \"\${mote_files}\\n\")
	endif()")
configure_file(${PROJECT_SOURCE_DIR}/cmake/MoteUninstall.cmake.in
	${PROJECT_BINARY_DIR}/MoteUninstall.cmake @ONLY)
add_custom_target(uninstall
	COMMAND ${CMAKE_COMMAND} -P ${PROJECT_BINARY_DIR}/MoteUninstall.cmake
	COMMENT "Removing what the last installation put in place"
	VERBATIM)

set(CPACK_PACKAGE_NAME mote)
set(CPACK_PACKAGE_VENDOR mote)
set(CPACK_PACKAGE_CONTACT "The mote authors <mote@localhost>" CACHE STRING
	"Who made the package: a name and an address")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Runs untrusted native code in micro VMs")
set(CPACK_PACKAGE_DESCRIPTION
	"Library, guest SDK and command-line tool for running functions of untrusted
native code inside a micro VM, in the caller's own process.")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gcc | clang, pkg-config")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake")
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/MoteDebian.cmake)
if(WIN32)
	set(CPACK_GENERATOR ZIP)
	set(CPACK_PACKAGING_INSTALL_PREFIX)
	string(REPLACE x86_64 x64 machine ${MOTE_ARCH})
	string(REPLACE aarch64 arm64 machine ${machine})
	set(CPACK_PACKAGE_FILE_NAME mote-${PROJECT_VERSION}-windows-${machine})
	set(CPACK_PRE_BUILD_SCRIPTS)
endif()
include(CPack)
