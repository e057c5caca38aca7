# SPDX-License-Identifier: Apache-2.0
#
# Installation: headers, both libraries, the CMake package and the pkg-config file.
include(CMakePackageConfigHelpers)

set(MOTE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Mote)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/mote DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
	FILES_MATCHING PATTERN "*.h")
install(TARGETS mote mote_static EXPORT MoteTargets
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
file(RELATIVE_PATH MOTE_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/cmake/mote.pc.in ${PROJECT_BINARY_DIR}/mote.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/mote.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
