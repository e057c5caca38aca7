/* SPDX-License-Identifier: Apache-2.0
 *
 * A server for one guest and one client at a time: a thread that does all input and output.
 */
#ifndef MOTE_HYPERVISOR_GDB_SERVER_H
#define MOTE_HYPERVISOR_GDB_SERVER_H

#include <stdbool.h>

#include <mote/engine.h>
#include <mote/error.h>

#include "target.h"

struct mote_gdb_server;

struct mote_gdb_server_options {
	/* "127.0.0.1:PORT", "[::1]:PORT" (0: any free one), "unix:/PATH", or "fd:IN,OUT": two open
	 * files, which are duplicated, and whose client is there already. */
	const char *address;
	bool allow_remote; /* an address that other machines reach */
};

/* allocator, target, user and guest outlive the server.  server: written on success. */
mote_status mote_gdb_server_open(const mote_allocator *allocator,
				 const struct mote_gdb_server_options *options,
				 const struct mote_gdb_target *target, void *user,
				 const struct mote_gdb_guest *guest,
				 struct mote_gdb_server **server, mote_error *error);

/* Where it listens, with the port that was chosen; valid until it is closed. */
const char *mote_gdb_server_address(const struct mote_gdb_server *server);

/* The target has stopped, or ended.  Any thread; never waits. */
void mote_gdb_server_ring(struct mote_gdb_server *server);

/* Tells a client that waits for it that the guest has ended, if take_stop says so; sends it away,
 * and frees the server.  Not from inside of the target's functions.  server may be NULL. */
void mote_gdb_server_close(struct mote_gdb_server *server);
/* The same in a forked child: nobody notices. */
void mote_gdb_server_forget(struct mote_gdb_server *server);

#endif
