/* SPDX-License-Identifier: Apache-2.0
 *
 * What the runtime offers to the C library of a guest, and to a guest that has none: the heap, the
 * mailbox, lines for the log.
 */
#ifndef MOTE_GUEST_RUNTIME_API_H
#define MOTE_GUEST_RUNTIME_API_H

#include <mote_guest.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The heap that malloc uses too.  Memory is aligned to 16 bytes; NULL if there is not enough.  A
 * write outside of a block, a second free and a wild pointer end the guest with a message.
 */
void *mote_heap_allocate(size_t bytes);

/* alignment: a power of two; NULL for any other number. */
void *mote_heap_allocate_aligned(size_t alignment, size_t bytes);

/* As realloc does: NULL leaves the block as it is; a memory of NULL is allocated. */
void *mote_heap_resize(void *memory, size_t bytes);

/* memory may be NULL. */
void mote_heap_free(void *memory);

/* Bytes that may be used at memory, at least as many as were asked for. */
size_t mote_heap_room(void *memory);

/* What the host has written for this guest. */
const struct mote_abi_mailbox *mote_guest_mailbox(void);

/* Sends length bytes of text, 1024 at most, to the host's log, as they are. */
void mote_log_text(mote_log_level level, const char *text, size_t length);

/* A function of this name, if the program has one, runs when a call ends and before the program
 * aborts: it sends what is still held back. */
void mote_guest_flush(void) __attribute__((weak, visibility("hidden")));

/* Runs the constructors, with what a program's main gets.  The runtime does it before the first
 * call, without arguments, unless the program has a variable of the second name: then it is the
 * program that calls this. */
void mote_guest_construct(int argc, char **argv, char **environment);
extern const char mote_guest_constructs __attribute__((weak, visibility("hidden")));

#ifdef __cplusplus
}
#endif

#endif
