/* SPDX-License-Identifier: Apache-2.0
 *
 * regression SUITE FOLDER...: runs every file of the folders through a fuzz
 * target, each in a process of its own, and prints the harness's lines, one per
 * file.  Needs no libFuzzer.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

enum { SECONDS = 120, MAXIMUM_BYTES = 1 << 20 };

static bool selected(const char *suite, const char *name)
{
	const char *filter = getenv("MOTE_TEST_FILTER");
	char full[512];

	snprintf(full, sizeof(full), "%s.%s", suite, name);
	return filter == NULL || strstr(full, filter) != NULL;
}

static unsigned seconds(void)
{
	const char *slow = getenv("MOTE_TEST_SLOW");
	int factor = slow != NULL ? atoi(slow) : 1;

	return SECONDS * (unsigned)(factor > 0 ? factor : 1);
}

/* The child: runs one file.  Sanitizers and libFuzzer's targets end the process themselves. */
static void run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(MAXIMUM_BYTES), *exact;
	size_t size;

	alarm(seconds());
	if (file == NULL || data == NULL) {
		printf("# %s: %s\n", path, strerror(errno));
		exit(1);
	}
	size = fread(data, 1, MAXIMUM_BYTES, file);
	fclose(file);
	/* A block of its own, so that a read behind the end is seen. */
	exact = malloc(size > 0 ? size : 1);
	if (exact == NULL)
		exit(1);
	memcpy(exact, data, size);
	free(data);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	exit(0);
}

static bool try_file(const char *suite, const char *folder, const char *name)
{
	char path[4096];
	int status = 0;
	pid_t child;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fflush(stdout);
	child = fork();
	if (child == 0)
		run_file(path);
	if (child < 0 || waitpid(child, &status, 0) != child)
		status = 1;
	if (status == 0)
		printf("ok - %s.%s\n", suite, name);
	else if (WIFSIGNALED(status))
		printf("not ok - %s.%s: %s by signal %d, see above; the input is %s\n", suite, name,
		       WTERMSIG(status) == SIGALRM ? "hung and was ended" : "ended",
		       WTERMSIG(status), path);
	else
		printf("not ok - %s.%s: exit code %d, see above; the input is %s\n", suite, name,
		       WEXITSTATUS(status), path);
	return status == 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Adds to the counts what the files of a folder gave, and returns how many files there are. A
 * folder that does not exist has none. */
static int try_folder(const char *suite, const char *folder, unsigned counts[2])
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_visible, alphasort);

	for (int i = 0; i < count; i++) {
		if (selected(suite, entries[i]->d_name))
			counts[try_file(suite, folder, entries[i]->d_name)]++;
		free(entries[i]);
	}
	if (count < 0)
		return 0;
	free(entries);
	return count;
}

int main(int argc, char **argv)
{
	const char *required = getenv("MOTE_REQUIRE_BEDS");
	const char *missing = fuzz_missing();
	unsigned counts[2] = {0};
	int files = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: regression SUITE FOLDER...\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (missing != NULL) {
		bool failure = required != NULL && strcmp(required, "all") == 0;

		printf("%s - %s.all: %s\n", failure ? "not ok" : "skip", argv[1], missing);
		return failure;
	}
	for (int i = 2; i < argc; i++)
		files += try_folder(argv[1], argv[i], counts);
	if (files == 0)
		printf("not ok - %s.all: there are no inputs\n", argv[1]);
	printf("# %s: %u passed, %u failed, 0 skipped\n", argv[1], counts[1], counts[0]);
	return counts[0] != 0 || files == 0;
}
