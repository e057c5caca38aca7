/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations on values and signatures beyond <mote/value.h>.
 */
#ifndef MOTE_VALUE_INTERNAL_H
#define MOTE_VALUE_INTERNAL_H

#include <mote/error.h>
#include <mote/value.h>

/* Checks count and types of arguments against the signature; MOTE_SIGNATURE if they differ. */
mote_status mote_signature_check(const mote_signature *signature, const mote_value *arguments,
				 size_t count, mote_error *error);

#endif
