/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_instructions [--seconds N] [--seed S] [--keep FOLDER] [--cases N]: makes up
 * instructions and runs them as guests.  A child does the work; when one dies of
 * a finding, this process prints the seed and the bytes of the case, keeps them in
 * FOLDER, and starts another.  Exit code 1 when something was found.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mote/fault.h>

#include "fuzz.h"
#include "instructions.h"

enum { WITNESS_EVERY = 16, HUNG_SECONDS = 60, CHILD_CASES = 200000, MAXIMUM_FINDINGS = 20 };

struct options {
	uint64_t seconds, seed, cases;
	const char *keep;
};

/* What the child is at; survives it. */
struct shared {
	uint64_t seed, index, done;
	size_t length;
	uint8_t bytes[CASE_MOST];
	struct instructions_statistics statistics;
};

static uint64_t seconds_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec;
}

/* ---- The child --------------------------------------------------------------------------- */

static void work(struct shared *shared, uint64_t cases, uint64_t end)
{
	struct prng prng = {shared->seed * 2 + 1};
	const struct guest_map *map = instructions_map();

	for (shared->index = 0; shared->index < cases && seconds_now() < end; shared->index++) {
		shared->length = instructions_generate(&prng, map, shared->bytes);
		alarm(HUNG_SECONDS);
		instructions_run(shared->bytes, shared->length,
				 shared->index % WITNESS_EVERY == WITNESS_EVERY - 1);
		shared->statistics = *instructions_get_statistics();
		shared->done = shared->index + 1;
	}
	exit(0);
}

/* ---- Findings ---------------------------------------------------------------------------- */

static void print_bytes(const char *what, const uint8_t *bytes, size_t length)
{
	printf("# %s:", what);
	for (size_t i = 0; i < length; i++)
		printf(" %02x", bytes[i]);
	printf("\n");
}

static void keep(const struct shared *shared, const char *folder)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/seed-%" PRIu64 "-case-%" PRIu64, folder, shared->seed,
		 shared->index);
	file = fopen(path, "wb");
	if (file == NULL || fwrite(shared->bytes, 1, shared->length, file) != shared->length)
		printf("# %s could not be written\n", path);
	else
		printf("# kept as %s\n", path);
	if (file != NULL)
		fclose(file);
}

static void report(const struct shared *shared, int status, const char *folder)
{
	printf("finding: seed %" PRIu64 ", case %" PRIu64 ": %s %d\n", shared->seed, shared->index,
	       WIFSIGNALED(status) ? "signal" : "exit code",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	print_bytes("flags, rflags, seed", shared->bytes, CASE_CODE);
	if (shared->length > CASE_CODE)
		print_bytes("code", shared->bytes + CASE_CODE, shared->length - CASE_CODE);
	if (folder != NULL && shared->length > CASE_CODE)
		keep(shared, folder);
}

static void add(struct instructions_statistics *to, const struct instructions_statistics *from)
{
	to->cases += from->cases;
	to->witnesses += from->witnesses;
	to->odd_count += from->odd_count;
	for (unsigned i = 0; i < OUTCOME_STATUSES; i++)
		to->statuses[i] += from->statuses[i];
	for (unsigned i = 0; i < OUTCOME_KINDS; i++)
		to->kinds[i] += from->kinds[i];
	for (unsigned i = 0; i < 32; i++)
		to->vectors[i] += from->vectors[i];
	if (from->slowest_ns > to->slowest_ns)
		to->slowest_ns = from->slowest_ns;
	if (from->odd_count > 0)
		memcpy(to->odd, from->odd, sizeof(to->odd));
}

static void print_statistics(const struct instructions_statistics *statistics, uint64_t seconds)
{
	printf("# %" PRIu64 " cases in %" PRIu64 " s, %" PRIu64
	       " witnesses; the longest call took %" PRIu64 " ms\n",
	       statistics->cases, seconds, statistics->witnesses, statistics->slowest_ns / 1000000);
	for (unsigned i = 0; i < OUTCOME_STATUSES; i++)
		if (statistics->statuses[i] > 0)
			printf("#   %-22s %" PRIu64 "\n", mote_status_name((mote_status)i),
			       statistics->statuses[i]);
	for (unsigned i = 1; i < OUTCOME_KINDS; i++)
		if (statistics->kinds[i] > 0)
			printf("#   fault: %-20s %" PRIu64 "\n",
			       mote_fault_kind_text((mote_fault_kind)i), statistics->kinds[i]);
	for (unsigned i = 0; i < 32; i++)
		if (statistics->vectors[i] > 0)
			printf("#   vector %-2u %" PRIu64 "\n", i, statistics->vectors[i]);
	for (unsigned i = 0; i < 8 && i < statistics->odd_count; i++)
		printf("#   odd: %s\n", statistics->odd[i]);
}

/* ---- The program ------------------------------------------------------------------------- */

static bool read_options(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i += 2) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (value == NULL)
			return false;
		if (strcmp(argv[i], "--seconds") == 0)
			options->seconds = strtoull(value, NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0)
			options->seed = strtoull(value, NULL, 10);
		else if (strcmp(argv[i], "--cases") == 0)
			options->cases = strtoull(value, NULL, 10);
		else if (strcmp(argv[i], "--keep") == 0)
			options->keep = value;
		else
			return false;
	}
	return options->seconds > 0 && options->cases > 0;
}

/* One child.  Returns whether it found something. */
static bool run_child(struct shared *shared, const struct options *options, uint64_t cases,
		      uint64_t end)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		work(shared, cases, end);
	if (child < 0 || waitpid(child, &status, 0) != child)
		status = 1;
	if (status != 0)
		report(shared, status, options->keep);
	return status != 0;
}

int main(int argc, char **argv)
{
	struct options options = {.seconds = 60, .seed = 1, .cases = UINT64_MAX};
	struct instructions_statistics statistics = {0};
	uint64_t begin = seconds_now(), findings = 0;
	struct shared *shared;

	if (!read_options(argc, argv, &options)) {
		fprintf(stderr, "usage: fuzz_instructions [--seconds N] [--seed S] [--cases N] "
				"[--keep FOLDER]\n");
		return 2;
	}
	if (fuzz_missing() != NULL) {
		printf("skip - fuzz_instructions: %s\n", fuzz_missing());
		return 0;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return 2;
	while (seconds_now() < begin + options.seconds && options.cases > 0 &&
	       findings < MAXIMUM_FINDINGS) {
		memset(shared, 0, sizeof(*shared));
		shared->seed = options.seed++;
		findings += run_child(shared, &options,
				      options.cases < CHILD_CASES ? options.cases : CHILD_CASES,
				      begin + options.seconds);
		options.cases -= shared->index < options.cases ? shared->index : options.cases;
		add(&statistics, &shared->statistics);
	}
	print_statistics(&statistics, seconds_now() - begin);
	printf("%" PRIu64 " findings; the next seed is %" PRIu64 "\n", findings, options.seed);
	return findings > 0;
}
