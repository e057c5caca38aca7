# SPDX-License-Identifier: Apache-2.0
#
# The simulated WinHvPlatform.dll and WinHvEmulation.dll for Wine, and a library that Wine lacks, with
# winegcc: what a DLL is, and the file that a program finds, in BUILD/foreign/wine.  Without winegcc
# there are none.
find_program(MOTE_WINEGCC NAMES winegcc-stable winegcc)
find_program(MOTE_WINEBUILD NAMES winebuild-stable winebuild)
if(NOT MOTE_WINEGCC OR NOT MOTE_WINEBUILD OR MOTE_SANITIZE)
	return()
endif()
add_library(mote_sim_whp OBJECT EXCLUDE_FROM_ALL ${sim_core} ${sim_mshv} ${sim_whp}
	sim/whp/whp_wine.c sim/whp/whp_wine_foreign.c)
add_library(mote_sim_whp_emulator OBJECT EXCLUDE_FROM_ALL sim/whp/whp_emulator.c)
add_library(mote_sim_whp_random OBJECT EXCLUDE_FROM_ALL sim/whp/whp_wine_random.c)
foreach(library mote_sim_whp mote_sim_whp_emulator mote_sim_whp_random)
	target_include_directories(${library} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
	target_link_libraries(${library} PRIVATE mote_host mote_internal)
	set_target_properties(${library} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endforeach()
set(source ${CMAKE_CURRENT_SOURCE_DIR}/sim/whp/whp_wine_process.c)
set(folder ${CMAKE_BINARY_DIR}/foreign/wine)
set(process ${folder}/process.o)
add_custom_command(OUTPUT ${process}
	COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
	COMMAND ${MOTE_WINEGCC} -O2 -Wall -Wextra -Werror -fPIC -c ${source} -o ${process}
	DEPENDS ${source} VERBATIM)

# add_wine_library(NAME TARGET [WHAT...]): of the target's objects and what else there is.
function(add_wine_library name target)
	set(spec ${CMAKE_CURRENT_SOURCE_DIR}/sim/whp/${name}.spec)
	add_custom_command(OUTPUT ${folder}/${name}.dll.so ${folder}/${name}.dll
		COMMAND ${MOTE_WINEGCC} -shared ${spec} $<TARGET_OBJECTS:${target}> ${ARGN}
			-o ${folder}/${name}.dll.so -lpthread
		COMMAND ${MOTE_WINEBUILD} --fake-module --dll -m64 -E ${spec} -F ${name}.dll
			-o ${folder}/${name}.dll
		DEPENDS ${spec} ${target} $<TARGET_OBJECTS:${target}> ${process} mote_static
		COMMAND_EXPAND_LISTS VERBATIM)
endfunction()
add_wine_library(winhvplatform mote_sim_whp ${process} $<TARGET_FILE:mote_static>)
add_wine_library(winhvemulation mote_sim_whp_emulator)
add_wine_library(bcryptprimitives mote_sim_whp_random)
add_custom_target(mote_sim_whp_wine ALL DEPENDS ${folder}/winhvplatform.dll.so
	${folder}/winhvemulation.dll.so ${folder}/bcryptprimitives.dll.so)
