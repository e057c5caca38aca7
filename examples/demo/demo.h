/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the demo.
 */
#ifndef DEMO_H
#define DEMO_H

#include <stdbool.h>
#include <stddef.h>

#include <mote/mote.h>

struct bytes {
	unsigned char *data;
	size_t length;
};

/* Decompresses packed in the guest image at path and compares the result with original.  False on
 * failure. */
bool demo_inflate(mote_engine *engine, const char *path, struct bytes packed,
		  struct bytes original);

/* Runs every attack of the guest image at path.  False if one of them was not stopped as
 * expected. */
bool demo_hostile(mote_engine *engine, const char *path);

/* Runs scripts in the Lua interpreter at path.  False if one of them did not end as expected. */
bool demo_scripts(mote_engine *engine, const char *path);

#endif
