/* SPDX-License-Identifier: Apache-2.0
 *
 * The identifier and the text of every enumeration, from the lists in the public
 * headers.
 */
#include <mote/mote.h>

#define NAME_CASE(NAME, number, name, text)                                                        \
	case number:                                                                               \
		return name;
#define TEXT_CASE(NAME, number, name, text)                                                        \
	case number:                                                                               \
		return text;

/* Defines PREFIX_name and PREFIX_text for an enumeration with the list MAP. */
#define DEFINE_NAMES(prefix, type, MAP)                                                            \
	const char *prefix##_name(type value)                                                      \
	{                                                                                          \
		switch ((int)value) {                                                              \
			MAP(NAME_CASE)                                                             \
		}                                                                                  \
		return "unknown";                                                                  \
	}                                                                                          \
	const char *prefix##_text(type value)                                                      \
	{                                                                                          \
		switch ((int)value) {                                                              \
			MAP(TEXT_CASE)                                                             \
		}                                                                                  \
		return "unknown";                                                                  \
	}

DEFINE_NAMES(mote_status, mote_status, MOTE_STATUS_MAP)
DEFINE_NAMES(mote_error_domain, mote_error_domain, MOTE_DOMAIN_MAP)
DEFINE_NAMES(mote_error_subject, mote_error_subject, MOTE_SUBJECT_MAP)
DEFINE_NAMES(mote_backend, mote_backend_kind, MOTE_BACKEND_MAP)
DEFINE_NAMES(mote_native_handle_kind, mote_native_handle_kind, MOTE_NATIVE_MAP)
DEFINE_NAMES(mote_log_level, mote_log_level, MOTE_LOG_MAP)
DEFINE_NAMES(mote_type, mote_type, MOTE_TYPE_MAP)
DEFINE_NAMES(mote_machine, mote_machine, MOTE_MACHINE_MAP)
DEFINE_NAMES(mote_fault_kind, mote_fault_kind, MOTE_FAULT_MAP)
DEFINE_NAMES(mote_access, mote_access, MOTE_ACCESS_MAP)
