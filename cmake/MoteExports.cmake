# SPDX-License-Identifier: Apache-2.0
#
# What a shared library exports, from one list, in the form that the system's linker takes.

# mote_export_symbols(TARGET LIST VERSION): LIST has a symbol a line, and comments after #.  VERSION is
# that of ELF's symbols; the other formats have none.
function(mote_export_symbols target list version)
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
	file(STRINGS ${list} symbols REGEX "^[^#]")
	set(file ${CMAKE_CURRENT_BINARY_DIR}/${target})
	if(WIN32)
		string(APPEND file .def)
		list(JOIN symbols "\n\t" symbols)
		set(content "LIBRARY ${target}.dll\nEXPORTS\n\t@symbols@\n")
		target_sources(${target} PRIVATE ${file})
	elseif(APPLE)
		string(APPEND file .exports)
		list(TRANSFORM symbols PREPEND _)
		list(JOIN symbols "\n" symbols)
		set(content "@symbols@\n")
		target_link_options(${target} PRIVATE -Wl,-exported_symbols_list,${file})
	else()
		string(APPEND file .map)
		list(JOIN symbols ";\n\t\t" symbols)
		set(content "${version} {\n\tglobal:\n\t\t@symbols@;\n\tlocal:\n\t\t*;\n};\n")
		target_link_options(${target} PRIVATE -Wl,--version-script=${file})
	endif()
	file(CONFIGURE OUTPUT ${file} CONTENT "${content}" @ONLY)
	set_target_properties(${target} PROPERTIES LINK_DEPENDS ${file})
endfunction()
