# SPDX-License-Identifier: Apache-2.0
#
# The target docs: the API reference in HTML, from the public headers.
find_package(Doxygen QUIET)
if(NOT DOXYGEN_FOUND)
	return()
endif()
configure_file(${PROJECT_SOURCE_DIR}/docs/Doxyfile.in ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
add_custom_target(docs
	COMMAND ${DOXYGEN_EXECUTABLE} ${PROJECT_BINARY_DIR}/Doxyfile
	WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
	COMMENT "API reference: ${PROJECT_BINARY_DIR}/reference/html/index.html"
	VERBATIM)
