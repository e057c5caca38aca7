# SPDX-License-Identifier: Apache-2.0
#
# add_test_guests(ARCH FOLDER OPTION...): the guests of this folder, into FOLDER.

function(add_test_guests arch folder)
	set(here ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
	# What cannot be said in C stands in a folder per architecture.
	foreach(name bombs buffers callbacks crash echo faults libc logs loops program snapshot stdio sweep tls vectors)
		set(source ${here}/${name}.c)
		if(NOT EXISTS ${source})
			set(source ${here}/${arch}/${name}.c)
		endif()
		mote_add_guest(guest_${name} ${source})
		target_include_directories(guest_${name} PRIVATE ${here}/${arch})
		set_target_properties(guest_${name} PROPERTIES
			OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${folder})
		target_compile_options(guest_${name} PRIVATE ${ARGN})
	endforeach()

	# The functions themselves are to be called, also in ways that a compiler objects to.
	set(libc_tests ${here}/libc_files.c ${here}/libc_heap.c ${here}/libc_system.c ${here}/libc_print.c ${here}/libc_string.c)
	target_sources(guest_libc PRIVATE ${libc_tests})
	set_source_files_properties(${libc_tests} PROPERTIES
		COMPILE_OPTIONS "-fno-builtin;-Wno-format")
	# What a debugger shows of it is compared, line by line.
	target_compile_options(guest_crash PRIVATE -O0 -g -fno-omit-frame-pointer)
	# What it reads must be what it filled in.
	target_compile_options(guest_vectors PRIVATE -mgeneral-regs-only)
	if(NOT TARGET MoteGuest::cxx)
		return()
	endif()
	mote_add_guest(guest_cxx LANGUAGE CXX ${here}/cxx/cxx.cpp ${here}/cxx/cxx_language.cpp
		${here}/cxx/cxx_library.cpp ${here}/cxx/cxx_locale.cpp ${here}/cxx/cxx_system.cpp)
	mote_add_guest(guest_cxx_program LANGUAGE CXX ${here}/cxx/cxx_program.cpp)
	foreach(name cxx cxx_program)
		set_target_properties(guest_${name} PROPERTIES CXX_STANDARD 17
			OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${folder})
		target_compile_options(guest_${name} PRIVATE ${ARGN})
	endforeach()
endfunction()
