/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the beginning of a core: what mote says in it, registers, and where memory is.  The file is
 * hostile: every offset and size is checked, and nothing in it is followed.
 */
#ifndef CORE_FILE_H
#define CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/registers.h>

/* Headers and notes of a core that mote wrote are in its first bytes. */
enum { CORE_FILE_BYTES = 1 << 20 };

struct core_file {
	mote_registers registers;
	const char *report; /* lines of "key value"; not NUL-terminated, in the file's bytes */
	size_t report_bytes;
	const uint8_t *headers; /* of the program, in the file's bytes */
	size_t header_count;
};

struct core_line {
	const char *key, *value;
	size_t key_bytes, value_bytes;
};

struct core_region {
	uint64_t address, bytes;
	bool writable, executable;
};

/* NULL, or what is wrong with the file.  data: its first bytes, which outlive core. */
const char *core_file_parse(const uint8_t *data, size_t length, struct core_file *core);

/* The next line of the report from *at on, which begins as 0; false at the end. */
bool core_file_line(const struct core_file *core, size_t *at, struct core_line *line);

/* The region of header index; false: that header describes none. */
bool core_file_region(const struct core_file *core, size_t index, struct core_region *region);

#endif
