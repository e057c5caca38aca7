/* SPDX-License-Identifier: Apache-2.0
 *
 * What `mote core` says about a core, as text and as JSON.
 */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include "core_backtrace.h"
#include "core_file.h"
#include "output.h"

struct core_report {
	const char *path;
	const struct core_file *core;
	const struct core_backtrace *backtrace;
	const char *guest;    /* its path; NULL: it is not known */
	bool is_guest_used;   /* it is there, and is what ran */
	const char *no_names; /* why functions have no names; NULL: they have */
	const char *debugger; /* gdb for the core's machine */
};

void core_report_text(const struct core_report *report, struct output *output);
void core_report_json(const struct core_report *report, struct output *output);

#endif
