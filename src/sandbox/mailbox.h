/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's view of the mailbox: writes what goes to the guest, and reads what comes from it.  All
 * input is hostile: each field is copied once, the copy is checked, and only the copy is used.
 */
#ifndef MOTE_SANDBOX_MAILBOX_H
#define MOTE_SANDBOX_MAILBOX_H

#include <mote/abi.h>
#include <mote/buffer.h>
#include <mote/value.h>

#include "allocator.h"

static inline bool mote_type_has_data(mote_type type)
{
	return type == MOTE_TYPE_STRING || type == MOTE_TYPE_BYTES;
}

/* Host memory that holds copies of strings and bytes, of one kind at a time.  Grows as needed, to
 * little more than the size of a data area, and never shrinks. */
struct mote_buffer_space {
	uint8_t *bytes;
	size_t capacity;
};

/* A shared buffer (mote/buffer.h) that is mapped into the guest. */
struct mote_mapped_buffer {
	const uint8_t *hva;
	uint64_t bytes;
	uint64_t gva;
	uint64_t gpa;
	uint32_t slot;
	mote_buffer *buffer;
};

/* One of the two call records with its data area. */
struct mote_channel {
	struct mote_abi_call *record;
	uint8_t *data;
	size_t data_bytes;
	/* How much of data the host has written, since somebody last set this to 0. */
	size_t written;
	/* In ascending order of gva.  Bytes in one of these are passed without a copy. */
	struct mote_mapped_buffer *buffers;
	size_t buffer_count;
};

static inline void mote_channel_note_written(struct mote_channel *channel, size_t bytes)
{
	if (channel->written < bytes)
		channel->written = bytes;
}

struct mote_mailbox {
	struct mote_abi_mailbox *shared;
	struct mote_channel call;
	struct mote_channel host_call; /* never has buffers */
};

/* shared: the record page; each data area has data_bytes. */
static inline struct mote_mailbox mote_mailbox_view(struct mote_abi_mailbox *shared,
						    void *call_data, void *host_call_data,
						    size_t data_bytes)
{
	return (struct mote_mailbox){
		.shared = shared,
		.call = {.record = &shared->call, .data = call_data, .data_bytes = data_bytes},
		.host_call = {.record = &shared->host_call,
			      .data = host_call_data,
			      .data_bytes = data_bytes},
	};
}

/* Writes a call of function with arguments, which are checked against the signature. */
mote_status mote_channel_put_call(struct mote_channel *channel, const mote_signature *signature,
				  uint32_t function, const mote_value *arguments, size_t count,
				  mote_error *error);

/* Checks whether values can be written: MOTE_INVALID_ARGUMENT, or MOTE_TOO_LARGE when they do not
 * fit in addition to taken bytes.  bytes: the space they take in the data area. */
mote_status mote_channel_measure(const struct mote_channel *channel, const mote_value *values,
				 size_t count, size_t taken, size_t *bytes, mote_error *error);

/* Several calls of one function. */
struct mote_batch {
	uint32_t function;
	mote_type result;
	size_t argument_count;	     /* of each call */
	const mote_value *arguments; /* of all calls; each was measured */
	size_t calls;
};

/* Writes as many of the calls from first on as fit; count: how many, at least 1.  This can fail
 * although each was measured: a guest may have written a NUL into a string in a shared buffer
 * since. */
mote_status mote_mailbox_put_batch(struct mote_mailbox *mailbox, const struct mote_batch *batch,
				   size_t first, size_t *count, mote_error *error);

/* Reads the results of count calls that were written.  problem: as above. */
void mote_mailbox_get_batch(const struct mote_mailbox *mailbox, const struct mote_batch *batch,
			    size_t count, mote_value *results, const char **problem);

/* Writes a result; MOTE_TOO_LARGE when it does not fit. */
mote_status mote_channel_put_result(struct mote_channel *channel, const mote_value *result,
				    mote_error *error);

/*
 * Reads a result of the given type.  Strings and bytes are copied to buffer (capacity bytes), or to
 * space when buffer is NULL.  problem: set to a text when the guest's record is invalid
 * (MOTE_GUEST_FAULT).
 */
mote_status mote_channel_get_result(const struct mote_channel *channel, mote_type type,
				    void *buffer, size_t capacity, const mote_allocator *allocator,
				    struct mote_buffer_space *space, mote_value *result,
				    const char **problem, mote_error *error);

/* The same for a result without data; returns the problem, or NULL. */
const char *mote_channel_get_scalar(const struct mote_channel *channel, mote_type type,
				    mote_value *result);

/* The function that the record names, as guest code left it. */
uint32_t mote_channel_function(const struct mote_channel *channel);

/* Reads the arguments of signature; copies go to space. */
mote_status mote_channel_get_arguments(const struct mote_channel *channel,
				       const mote_signature *signature,
				       const mote_allocator *allocator,
				       struct mote_buffer_space *space, mote_value *arguments,
				       const char **problem, mote_error *error);

/* Reads a log or abort message, NUL-terminated, into space. */
mote_status mote_mailbox_get_message(const struct mote_mailbox *mailbox,
				     const mote_allocator *allocator,
				     struct mote_buffer_space *space, uint32_t *level,
				     mote_text *text, const char **problem, mote_error *error);

#endif
