/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of the machine that is simulated, from MOTE_TEST_MSHV.
 */
#define _GNU_SOURCE /* strtok_r */
#include "sim/mshv/mshv.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sim_mshv_rules rules = {.kernel = SIM_MSHV_7_0};
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* NAME=N */
static bool take_number(const char *word, const char *name, unsigned *number)
{
	const size_t length = strlen(name);
	char *end;

	if (strncmp(word, name, length) != 0 || word[length] != '=' || word[length + 1] == '\0')
		return false;
	*number = (unsigned)strtoul(word + length + 1, &end, 10);
	return *end == '\0';
}

static bool take_flag(const char *word, const char *name, bool *flag)
{
	if (strcmp(word, name) != 0)
		return false;
	*flag = true;
	return true;
}

static bool take_kernel(const char *word)
{
	static const struct {
		const char *word;
		enum sim_mshv_kernel kernel;
	} kernels[] = {{"615", SIM_MSHV_6_15}, {"619", SIM_MSHV_6_19}, {"700", SIM_MSHV_7_0}};

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
		if (strcmp(word, kernels[i].word) == 0) {
			rules.kernel = kernels[i].kernel;
			return true;
		}
	return false;
}

static bool take_word(const char *word)
{
	if (strcmp(word, "no-device") == 0) {
		rules.open_error = ENOENT;
		return true;
	}
	return take_kernel(word) || take_flag(word, "no-page", &rules.no_page) ||
	       take_flag(word, "halt-on", &rules.halt_on) ||
	       take_flag(word, "strict", &rules.strict) ||
	       take_number(word, "partial", &rules.partial) ||
	       take_number(word, "window", &rules.window_us);
}

static void take_all(void)
{
	const char *list = getenv("MOTE_TEST_MSHV");
	char words[256] = "", *rest = words;

	if (list != NULL)
		strncat(words, list, sizeof(words) - 1);
	for (char *word = strtok_r(rest, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
		if (!take_word(word)) {
			fprintf(stderr, "MOTE_TEST_MSHV: %s is not a rule\n", word);
			exit(2);
		}
}

struct sim_mshv_rules *sim_mshv_rules(void)
{
	pthread_once(&once, take_all);
	return &rules;
}
