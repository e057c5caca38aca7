# SPDX-License-Identifier: Apache-2.0
#
# mote-cc and mote-c++, the compiler wrappers, and a toolchain file for CMake that uses them: one of each
# for the build folder, one to be installed.

# mote_guest_name_cxx(result): the file name of the compiler of C++ that goes with that of C.
function(mote_guest_name_cxx result)
	cmake_path(GET CMAKE_C_COMPILER FILENAME name)
	string(REGEX REPLACE "gcc" "g++" name "${name}")
	string(REGEX REPLACE "clang" "clang++" name "${name}")
	string(REGEX REPLACE "cc$" "c++" name "${name}")
	set(${result} ${name} PARENT_SCOPE)
endfunction()

# mote_compiler(language folder sdk compiler HEADERS folder... LIBRARIES folder...): makes the wrapper in
# a folder.  The C library's headers are the first ones, and those for C++ last (libc/).
function(mote_compiler MOTE_CC_LANGUAGE folder MOTE_CC_SDK MOTE_CC_COMPILER)
	cmake_parse_arguments(PARSE_ARGV 4 cc "" "LIBC" "HEADERS;LIBRARIES")
	if(CMAKE_C_COMPILER_TARGET AND CMAKE_C_COMPILER_ID MATCHES Clang)
		string(APPEND MOTE_CC_COMPILER " --target=${CMAKE_C_COMPILER_TARGET}")
	endif()
	set(flags ${MOTE_GUEST_COMPILE_FLAGS})
	set(link ${MOTE_GUEST_LINK_FLAGS})
	set(libraries)
	foreach(library IN LISTS cc_LIBRARIES)
		list(APPEND libraries "-L\"${library}\"")
	endforeach()
	if(MOTE_CC_LANGUAGE STREQUAL C)
		set(MOTE_CC_NAME ${MOTE_GUEST_PREFIX}mote-cc)
		set(MOTE_CC_CHOICE CC)
		list(APPEND flags ${MOTE_GUEST_C_FLAGS} "-isystem \"${cc_LIBC}\"")
	else()
		set(MOTE_CC_NAME ${MOTE_GUEST_PREFIX}mote-c++)
		set(MOTE_CC_CHOICE CXX)
		list(APPEND flags "-idirafter \"${cc_LIBC}\"")
		# At the beginning, before a -lstdc++ of the project's.
		list(APPEND link ${MOTE_GUEST_CXX_LINK_FLAGS} ${libraries} -lmote_cxx)
		list(APPEND libraries -lstdc++ -lgcc_eh)
		file(READ ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/mote-cxx.in text)
		string(CONFIGURE "${text}" MOTE_CC_CXX @ONLY)
	endif()
	foreach(header IN LISTS cc_HEADERS)
		list(APPEND flags "-isystem \"${header}\"")
	endforeach()
	list(APPEND libraries ${MOTE_GUEST_LIBC_LINK_FLAGS} -lc -lmote_guest -lmote_guest_builtins -lgcc)
	list(JOIN flags " " MOTE_CC_FLAGS)
	list(JOIN link " " MOTE_CC_LINK_FLAGS)
	list(JOIN libraries " " MOTE_CC_LIBRARIES)
	configure_file(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/mote-cc.in ${folder}/${MOTE_CC_NAME} @ONLY
		FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
		WORLD_READ WORLD_EXECUTE)
endfunction()

set(built ${PROJECT_BINARY_DIR}/bin)
set(made ${CMAKE_CURRENT_BINARY_DIR}/installed)
set(here ${CMAKE_CURRENT_BINARY_DIR})
file(RELATIVE_PATH sdk /${CMAKE_INSTALL_BINDIR} /${MOTE_GUEST_DIR})
foreach(language C C++)
	set(compiler ${CMAKE_C_COMPILER})
	set(cxx_headers)
	set(cxx_libraries)
	set(installed_headers)
	set(installed_libraries)
	cmake_path(GET compiler FILENAME name)
	if(language STREQUAL "C++")
		mote_guest_name_cxx(name)
		cmake_path(REPLACE_FILENAME compiler ${name})
		set(cxx_headers ${MOTE_GUEST_CXX_INCLUDE})
		set(cxx_libraries ${here}/cxx)
		set(installed_headers \$sdk/cxx/include)
		set(installed_libraries \$sdk/cxx)
	endif()
	mote_compiler(${language} ${built} ${here} ${compiler} LIBC ${MOTE_MUSL}/include
		HEADERS ${cxx_headers} ${MOTE_GUEST_INCLUDES}
		LIBRARIES ${cxx_libraries} ${here}/libc ${here} ${MOTE_MUSL}/lib)
	mote_compiler(${language} ${made} "\$here/${sdk}" ${name} LIBC \$sdk/libc/include
		HEADERS ${installed_headers} \$sdk/include
		LIBRARIES ${installed_libraries} \$sdk/libc \$sdk)
endforeach()
install(PROGRAMS ${made}/${MOTE_GUEST_PREFIX}mote-cc ${made}/${MOTE_GUEST_PREFIX}mote-c++
	DESTINATION ${CMAKE_INSTALL_BINDIR})

# The toolchain file finds mote-cc from where it is itself, and so does what builds guests of Rust.
function(mote_toolchain folder MOTE_CC_FOLDER)
	foreach(file mote-cc-toolchain.cmake MoteGuestRust.cmake)
		configure_file(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${file}.in ${folder}/${file} @ONLY)
	endforeach()
endfunction()
file(RELATIVE_PATH bin ${MOTE_GUEST_BUILT_PACKAGE} ${built})
mote_toolchain(${MOTE_GUEST_BUILT_PACKAGE} ${bin})
file(RELATIVE_PATH bin /${MOTE_GUEST_PACKAGE_DIR} /${CMAKE_INSTALL_BINDIR})
mote_toolchain(${made} ${bin})
install(FILES ${made}/mote-cc-toolchain.cmake ${made}/MoteGuestRust.cmake
	DESTINATION ${MOTE_GUEST_PACKAGE_DIR})
include(${MOTE_GUEST_BUILT_PACKAGE}/MoteGuestRust.cmake)

# The crate, for `mote-guest = { path = ... }`.
install(DIRECTORY rust/ DESTINATION ${CMAKE_INSTALL_DATADIR}/mote/rust
	FILES_MATCHING PATTERN "*.rs" PATTERN "Cargo.toml" PATTERN "README.md" PATTERN target EXCLUDE)
