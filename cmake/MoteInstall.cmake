# SPDX-License-Identifier: Apache-2.0
#
# Installation: headers, both libraries, the CMake package and the pkg-config file.
include(CMakePackageConfigHelpers)

set(MOTE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Mote)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/mote DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
	FILES_MATCHING PATTERN "*.h")
install(TARGETS mote mote_static EXPORT MoteTargets
	RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
	LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
	ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
	INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT MoteTargets NAMESPACE mote:: DESTINATION ${MOTE_PACKAGE_DIR})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/MoteConfig.cmake.in
	${PROJECT_BINARY_DIR}/MoteConfig.cmake INSTALL_DESTINATION ${MOTE_PACKAGE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/MoteConfigVersion.cmake
	COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/MoteConfig.cmake ${PROJECT_BINARY_DIR}/MoteConfigVersion.cmake
	DESTINATION ${MOTE_PACKAGE_DIR})

# Relative, so that a package can be moved and cmake --install --prefix works.
list(TRANSFORM MOTE_SYSTEM_LIBRARIES PREPEND -l)
list(JOIN MOTE_SYSTEM_LIBRARIES " " MOTE_PC_PRIVATE)
string(STRIP "-pthread ${MOTE_PC_PRIVATE}" MOTE_PC_PRIVATE)
file(RELATIVE_PATH MOTE_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/cmake/mote.pc.in ${PROJECT_BINARY_DIR}/mote.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/mote.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(WIN32) # which has no manual pages and none of these shells
	install(FILES ${PROJECT_SOURCE_DIR}/docs/windows.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
	# For linkers that take no import libraries of other compilers: lib /def:mote.def.
	install(FILES ${PROJECT_BINARY_DIR}/src/mote.def DESTINATION ${CMAKE_INSTALL_LIBDIR})
	if(PROJECT_IS_TOP_LEVEL)
		include(MotePackage)
	endif()
	return()
endif()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
	FILES_MATCHING PATTERN "*.1")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man3
	FILES_MATCHING PATTERN "*.3")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man7
	FILES_MATCHING PATTERN "*.7")
if(TARGET mote_cli)
	set(MOTE_COMPLETION_DIR ${PROJECT_SOURCE_DIR}/cli/completion)
	install(FILES ${MOTE_COMPLETION_DIR}/mote.bash RENAME mote
		DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
	install(FILES ${MOTE_COMPLETION_DIR}/_mote
		DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
	install(FILES ${MOTE_COMPLETION_DIR}/mote.fish
		DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

# Targets of the project itself only: package, uninstall, docs.
if(PROJECT_IS_TOP_LEVEL)
	include(MotePackage)
	include(MoteDocs)
endif()
