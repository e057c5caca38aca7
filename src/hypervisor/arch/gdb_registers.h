/* SPDX-License-Identifier: Apache-2.0
 *
 * How gdb sees the registers of an architecture: one table, from which the target description
 * (target.xml) is printed and by which packets find a register.  No protocol here.
 * GDB manual, appendix G (target descriptions).
 */
#ifndef MOTE_HYPERVISOR_ARCH_GDB_REGISTERS_H
#define MOTE_HYPERVISOR_ARCH_GDB_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One or more registers of a kind.  gdb numbers registers in the order of the table. */
struct mote_gdb_registers {
	const char *name;  /* with a "%u" if there are several, which count from 0 */
	const char *type;  /* a type of gdb's, or of the feature */
	const char *group; /* NULL: as gdb thinks */
	uint8_t count;
	uint8_t bytes; /* of each */
};

struct mote_gdb_feature {
	const char *name;
	const char *types; /* XML, before the registers; may be "" */
	const struct mote_gdb_registers *registers;
	size_t count;
	bool is_system; /* read-only, and in no packet of all registers; behind all others */
};

struct mote_gdb_description {
	const char *architecture; /* gdb's name of it */
	const struct mote_gdb_feature *const *features;
	size_t count;
	unsigned pc, sp; /* their numbers */
};

/* The most that the values of an architecture's registers take, and target.xml. */
enum { MOTE_GDB_VALUE_BYTES = 2048, MOTE_GDB_XML_BYTES = 16384 };

/* Where a register's value is in the values of all, which are behind one another, little-endian,
 * in the order of their numbers. */
struct mote_gdb_place {
	size_t offset, bytes;
	bool is_system;
};

/* False: there is no such register. */
bool mote_gdb_find_register(const struct mote_gdb_description *description, uint64_t number,
			    struct mote_gdb_place *place);

/* Bytes of the values of all registers; of those only that a packet of all has. */
size_t mote_gdb_value_bytes(const struct mote_gdb_description *description);
size_t mote_gdb_general_bytes(const struct mote_gdb_description *description);

/* target.xml, NUL-terminated, cut at capacity.  Returns the length of the whole text. */
size_t mote_gdb_print_description(const struct mote_gdb_description *description, char *text,
				  size_t capacity);

#endif
