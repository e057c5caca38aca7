/* SPDX-License-Identifier: Apache-2.0
 *
 * musl's description of the one thread of a guest, ready for use from the beginning.
 */
#include "pthread_impl.h"

struct __pthread __mote_thread = {
	.self = &__mote_thread,
	.prev = &__mote_thread,
	.next = &__mote_thread,
	.tid = 1,
	.detach_state = DT_JOINABLE,
	.robust_list = {.head = &__mote_thread.robust_list.head},
	.locale = &__libc.global_locale,
};
