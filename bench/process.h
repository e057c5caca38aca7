/* SPDX-License-Identifier: Apache-2.0
 *
 * The usual alternative to a micro VM: a forked child that seccomp limits to the system calls that
 * its channel needs.
 */
#ifndef MOTE_BENCH_PROCESS_H
#define MOTE_BENCH_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "bench.h"

enum process_channel {
	PROCESS_PIPES,	    /* seccomp strict: read, write, exit */
	PROCESS_FUTEX,	    /* shared memory; a filter that allows futex alone */
	PROCESS_SPIN_FUTEX, /* the same, spinning a while first; on another processor */
};

struct process_shared;

struct process {
	enum process_channel channel;
	pid_t child;
	int to_child, from_child; /* pipes */
	struct process_shared *shared;
};

/* What a job receives, and replaces with its answer. */
struct process_message {
	uint32_t length; /* bytes of data */
	uint32_t state;	 /* defined by the job */
	unsigned char data[BENCH_BLOCK];
};

/* Runs in the child, which can make no system calls: memory must exist before. */
struct process_job {
	void (*run)(void *user, struct process_message *message);
	void *user;
};

/* Starts the child.  job: what it does with messages, or NULL to echo them.  processor: where it
 * runs; the caller must already be on its own processor. */
bool process_start(struct bench *bench, struct process *process, enum process_channel channel,
		   const struct process_job *job, int processor);
void process_stop(struct process *process);

/* Sends length bytes and receives them back; 1 to BENCH_BLOCK.  For a child that echoes. */
bool process_round_trip(struct process *process, const void *send, void *back, size_t length);

/* Runs the job on a message.  For a child with a job. */
bool process_exchange(struct process *process, struct process_message *message);

/* Pins the calling thread to one processor; returns that, or -1. */
int process_pin(int processor);

#endif
