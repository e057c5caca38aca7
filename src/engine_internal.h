/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's internals: what images and sandboxes use.
 */
#ifndef MOTE_ENGINE_INTERNAL_H
#define MOTE_ENGINE_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "allocator.h"
#include "hypervisor/interrupt/deadline.h"
#include "hypervisor/virtual_machine.h"

/* Random words that nobody has had.  Made ahead: most sandboxes and returns make no system call for
 * theirs. */
struct mote_random_words {
	atomic_flag busy;
	size_t left;
	uint64_t words[128];
};

struct mote_engine {
	_Atomic uint32_t references;
	_Atomic uint64_t cores; /* how many were named */
	mote_allocator allocator;
	mote_log_callback log; /* may be NULL */
	void *log_user;
	bool overcommits;  /* see mote_os_memory_overcommits */
	intptr_t page_map; /* see mote_os_page_map_open */
	struct mote_random_words random;
	struct mote_hypervisor *hypervisor;
	struct mote_deadlines *deadlines;
	const volatile uint8_t *fork_mark;
};

/* Whether this process is a forked child of the one that created the engine.  No system call. */
static inline bool mote_engine_forked(const mote_engine *engine)
{
	return *engine->fork_mark == 0;
}

/* How memory for guests is created, in addition to what a caller asks for. */
static inline unsigned mote_engine_memory_flags(const mote_engine *engine)
{
	return engine->overcommits ? 0 : MOTE_OS_MEMORY_RESERVE;
}

/* Random words, which are kept nowhere else.  At most as many as are made ahead. */
mote_status mote_engine_random(mote_engine *engine, uint64_t *words, size_t count,
			       mote_error *error);

/* The granularity of what sandboxes map. */
static inline uint64_t mote_engine_page_bytes(const mote_engine *engine)
{
	return engine->hypervisor->capabilities.page_bytes;
}

/*
 * mote_engine_create with the tables of functions through which backends reach their hypervisors,
 * as in struct mote_hypervisor_options.  For tests.
 */
mote_status mote_engine_create_with_systems(const mote_engine_options *options,
					    const struct mote_system *const *systems,
					    mote_engine **engine, mote_error *error);

#endif
