/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest has one thread, and the host gave it a thread pointer of its own layout
 * (docs/guest-abi.md): musl's description of the thread is an object beside it (src/mote/thread.c).
 * The same for every machine.
 */
extern hidden struct __pthread __mote_thread;

static inline uintptr_t __get_tp(void)
{
	return (uintptr_t)&__mote_thread;
}
