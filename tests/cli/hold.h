/* SPDX-License-Identifier: Apache-2.0
 *
 * Holds the tool at a system call, so that a test can act at that moment: a seccomp
 * filter asks a listener, here, before the call is done (seccomp_unotify(2)).
 */
#ifndef HOLD_H
#define HOLD_H

#include <stdbool.h>
#include <stdint.h>

struct hold {
	int number;		/* of the system call; 0: nothing is held */
	int other;		/* an older form of the same call, or 0 */
	uint32_t minimum_third; /* only with a third argument of at least that */

	int ends[2]; /* a socket pair, over which the listener comes */
	int listener;
	bool open;   /* calls are let go as they come */
	uint64_t id; /* of the call that is held */
};

/* Before the fork; in the child before exec; in the parent after the fork. Leaves the case as
 * skipped where the kernel cannot do it. */
void hold_prepare(struct hold *hold);
void hold_child(const struct hold *hold);
void hold_parent(struct hold *hold);

/* Waits until the call is made, for a while; returns whether it was. */
bool hold_await(struct hold *hold);

/* Lets the call go, and with hold_serve, to be called now and then, those that follow. */
void hold_let_go(struct hold *hold);
void hold_serve(struct hold *hold);

void hold_close(struct hold *hold);

#endif
