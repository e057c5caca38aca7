# SPDX-License-Identifier: Apache-2.0
#
# The simulated WinHvPlatform.dll for Wine, with winegcc: what the DLL is, and the file that a
# program finds, in BUILD/foreign/wine.  Without winegcc there is none.
find_program(MOTE_WINEGCC NAMES winegcc-stable winegcc)
find_program(MOTE_WINEBUILD NAMES winebuild-stable winebuild)
if(NOT MOTE_WINEGCC OR NOT MOTE_WINEBUILD OR MOTE_SANITIZE)
	return()
endif()
add_library(mote_sim_whp OBJECT EXCLUDE_FROM_ALL ${sim_core} ${sim_mshv} ${sim_whp} sim/whp/whp_wine.c)
target_include_directories(mote_sim_whp PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(mote_sim_whp PRIVATE mote_host mote_internal)
set_target_properties(mote_sim_whp PROPERTIES POSITION_INDEPENDENT_CODE ON)
set(spec ${CMAKE_CURRENT_SOURCE_DIR}/sim/whp/winhvplatform.spec)
set(source ${CMAKE_CURRENT_SOURCE_DIR}/sim/whp/whp_wine_process.c)
set(folder ${CMAKE_BINARY_DIR}/foreign/wine)
add_custom_command(OUTPUT ${folder}/winhvplatform.dll.so ${folder}/winhvplatform.dll
	COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
	COMMAND ${MOTE_WINEGCC} -O2 -Wall -Wextra -Werror -fPIC -c ${source} -o ${folder}/process.o
	COMMAND ${MOTE_WINEGCC} -shared ${spec} $<TARGET_OBJECTS:mote_sim_whp> ${folder}/process.o
		$<TARGET_FILE:mote_static> -o ${folder}/winhvplatform.dll.so -lpthread
	COMMAND ${MOTE_WINEBUILD} --fake-module --dll -m64 -E ${spec} -F winhvplatform.dll
		-o ${folder}/winhvplatform.dll
	DEPENDS ${spec} ${source} mote_sim_whp $<TARGET_OBJECTS:mote_sim_whp> mote_static
	COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(mote_sim_whp_wine ALL DEPENDS ${folder}/winhvplatform.dll.so)
