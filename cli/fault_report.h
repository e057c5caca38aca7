/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest fault, and registers, as JSON.
 */
#ifndef FAULT_REPORT_H
#define FAULT_REPORT_H

#include <mote/mote.h>

#include "json.h"

/* The member "fault". */
void fault_json(struct json *json, const mote_fault *fault);

/* The member "registers". */
void registers_json(struct json *json, const mote_registers *registers);

#endif
