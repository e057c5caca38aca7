# SPDX-License-Identifier: Apache-2.0
#
# cmake -DINPUT=file -DOUTPUT=file.c -DNAME=name -P: writes a file as an array of bytes, `name`, and
# its size, `name_bytes`.  Without INPUT the size is 0.
set(bytes 0)
set(size 0)
if(INPUT)
	file(SIZE ${INPUT} size)
	file(READ ${INPUT} bytes HEX)
	string(REGEX REPLACE "(................................)" "\\1\n\t" bytes "${bytes}")
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
endif()
file(WRITE ${OUTPUT} "/* Made from a file by MoteEmbed.cmake. */
#include <stddef.h>

extern const unsigned char ${NAME}[];
extern const size_t ${NAME}_bytes;

const size_t ${NAME}_bytes = ${size};
const unsigned char ${NAME}[] = {
	${bytes}
};
")
