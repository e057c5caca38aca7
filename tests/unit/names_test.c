/* SPDX-License-Identifier: Apache-2.0
 *
 * Every enumeration has identifiers and texts, all different, and says so of values that it does
 * not have.
 */
#include <mote/mote.h>

#include "unit_test.h"

struct row {
	int number;
	const char *name, *text;
};

#define ROW(NAME, number, name, text) {number, name, text},

static void check_row(const struct row *row, const char *name, const char *text)
{
	REQUIRE_STR(name, row->name);
	REQUIRE_STR(text, row->text);
	REQUIRE(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name));
}

#define DEFINE_CASE(prefix, type, MAP)                                                             \
	static void prefix##_names(void)                                                           \
	{                                                                                          \
		static const struct row rows[] = {MAP(ROW)};                                       \
                                                                                                   \
		for (size_t i = 0; i < COUNT(rows); i++) {                                         \
			check_row(&rows[i], prefix##_name((type)rows[i].number),                   \
				  prefix##_text((type)rows[i].number));                            \
			for (size_t j = 0; j < i; j++)                                             \
				REQUIRE(strcmp(rows[i].name, rows[j].name) != 0);                  \
		}                                                                                  \
		REQUIRE_STR(prefix##_name((type)9999), "unknown");                                 \
		REQUIRE_STR(prefix##_text((type)-1), "unknown");                                   \
	}

DEFINE_CASE(mote_status, mote_status, MOTE_STATUS_MAP)
DEFINE_CASE(mote_error_domain, mote_error_domain, MOTE_DOMAIN_MAP)
DEFINE_CASE(mote_error_subject, mote_error_subject, MOTE_SUBJECT_MAP)
DEFINE_CASE(mote_backend, mote_backend_kind, MOTE_BACKEND_MAP)
DEFINE_CASE(mote_native_handle_kind, mote_native_handle_kind, MOTE_NATIVE_MAP)
DEFINE_CASE(mote_log_level, mote_log_level, MOTE_LOG_MAP)
DEFINE_CASE(mote_type, mote_type, MOTE_TYPE_MAP)
DEFINE_CASE(mote_machine, mote_machine, MOTE_MACHINE_MAP)
DEFINE_CASE(mote_fault_kind, mote_fault_kind, MOTE_FAULT_MAP)
DEFINE_CASE(mote_access, mote_access, MOTE_ACCESS_MAP)

static void backends_are_found_by_their_names(void)
{
	static const struct row rows[] = {MOTE_BACKEND_MAP(ROW)};
	mote_backend_kind kind;

	for (size_t i = 0; i < COUNT(rows); i++) {
		kind = (mote_backend_kind)-1;
		REQUIRE(mote_backend_from_name(rows[i].name, &kind));
		REQUIRE(kind == (mote_backend_kind)rows[i].number);
	}
	kind = MOTE_BACKEND_HVF;
	REQUIRE(!mote_backend_from_name("", &kind));
	REQUIRE(!mote_backend_from_name("KVM", &kind));
	REQUIRE(kind == MOTE_BACKEND_HVF);
}

static const struct test_case cases[] = {
	CASE(mote_status_names),
	CASE(mote_error_domain_names),
	CASE(mote_error_subject_names),
	CASE(mote_backend_names),
	CASE(mote_native_handle_kind_names),
	CASE(mote_log_level_names),
	CASE(mote_type_names),
	CASE(mote_machine_names),
	CASE(mote_fault_kind_names),
	CASE(mote_access_names),
	CASE(backends_are_found_by_their_names),
};

int main(int argc, char **argv)
{
	return test_main("names", cases, TEST_COUNT(cases), argc, argv);
}
