/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of an interrupt handle as a value.
 */
#ifndef MOTE_TEST_INTERRUPT_STATE_H
#define MOTE_TEST_INTERRUPT_STATE_H

#include <mote/interrupt.h>

static inline mote_interrupt_state test_interrupt_state(const mote_interrupt *interrupt)
{
	mote_interrupt_state state = MOTE_INTERRUPT_STATE_INIT;

	(void)mote_interrupt_get_state(interrupt, &state, NULL);
	return state;
}

#endif
