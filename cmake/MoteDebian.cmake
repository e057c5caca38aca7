# SPDX-License-Identifier: Apache-2.0
#
# Run by cpack on the installed tree, before it becomes a package: applies Debian's own file
# locations and formats.
set(usr ${CPACK_TEMPORARY_DIRECTORY}/usr)
set(doc ${usr}/share/doc/mote)
file(REMOVE ${doc}/LICENSE)
file(WRITE ${doc}/copyright "Copyright: the mote authors
License: Apache-2.0
 The full text is in /usr/share/common-licenses/Apache-2.0.
")
file(COPY ${CMAKE_CURRENT_LIST_DIR}/../CHANGELOG.md DESTINATION ${doc})
file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
if(EXISTS ${usr}/share/zsh/site-functions)
	file(RENAME ${usr}/share/zsh/site-functions ${usr}/share/zsh/vendor-completions)
endif()
file(GLOB_RECURSE pages ${usr}/share/man/*.[137])
execute_process(COMMAND gzip -9n ${pages} ${doc}/changelog COMMAND_ERROR_IS_FATAL ANY)
