/* SPDX-License-Identifier: Apache-2.0
 *
 * Linked into every unit test program: makes cmocka print TAP lines, and lets
 * MOTE_TEST_FILTER select cases by a part of "suite.case", as the harness does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void prepare(void) __attribute__((constructor));

static void prepare(void)
{
	static char pattern[256];
	const char *filter = getenv("MOTE_TEST_FILTER");
	const char *suite = getenv("MOTE_TEST_SUITE");
	size_t suite_length = suite ? strlen(suite) : 0;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (!filter || !filter[0])
		return;
	if (suite && strstr(suite, filter))
		return; /* the suite itself was named */
	if (suite && !strncmp(filter, suite, suite_length) && filter[suite_length] == '.')
		filter += suite_length + 1;
	snprintf(pattern, sizeof(pattern), "*%s*", filter);
	cmocka_set_test_filter(pattern);
}
