/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands in for mote_engine_create in everything that is linked with
 * --wrap=mote_engine_create: the same engine, but reaching KVM through the bed's
 * table of functions.
 */
#include <mote/engine.h>

#include "kvm_quirk.h"

/* Internal to the library (src/engine.c). */
mote_status mote_engine_create_with_system(const mote_engine_options *options, const void *system,
					   mote_engine **engine, mote_error *error);

mote_status __wrap_mote_engine_create(const mote_engine_options *options, mote_engine **engine,
				      mote_error *error);

mote_status __wrap_mote_engine_create(const mote_engine_options *options, mote_engine **engine,
				      mote_error *error)
{
	return mote_engine_create_with_system(options, test_kvm_system(), engine, error);
}
