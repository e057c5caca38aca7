/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: an ordinary program, which knows nothing of mote.
 */
#define _GNU_SOURCE /* environ */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void say_bye(void)
{
	puts("bye");
}

static void copy(void)
{
	int byte;

	while ((byte = getchar()) != EOF)
		putchar(toupper(byte));
}

/* Asks, and reads the answer. */
static int ask(void)
{
	char name[64];

	printf("name? ");
	if (!fgets(name, sizeof(name), stdin))
		return 1;
	printf("hello %s", name);
	return 0;
}

static int show(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		printf("%d=%s\n", i, argv[i]);
	for (char **variable = environ; *variable; variable++)
		printf("%s\n", *variable);
	printf("HOME is %s\n", getenv("HOME") ? getenv("HOME") : "not set");
	return argv[argc] ? 1 : 0;
}

/* Reads two files and leaves a third; goes elsewhere meanwhile. */
static int use_files(void)
{
	FILE *data = fopen("data.txt", "r"), *deep = fopen("/a/b/c", "rb");
	FILE *left = fopen("/tmp/left", "w");
	char line[64];
	long bytes;

	if (!data || !deep || !left || !fgets(line, sizeof(line), data))
		return 1;
	fseek(deep, 0, SEEK_END);
	bytes = ftell(deep);
	fprintf(left, "%s%ld\n", line, bytes);
	fclose(fopen("empty", "w"));
	return chdir("/a") || fopen("/not/there", "r") || errno != ENOENT;
}

static int recurse(int depth)
{
	volatile char room[256];

	room[0] = (char)depth;
	return depth ? recurse(depth - 1) + room[0] : 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "copy"))
		copy();
	else if (!strcmp(what, "ask"))
		return ask();
	else if (!strcmp(what, "show"))
		return show(argc, argv);
	else if (!strcmp(what, "order"))
		printf("1\n"), fprintf(stderr, "2\n"), printf("3\n");
	else if (!strcmp(what, "exit"))
		atexit(say_bye), exit(42);
	else if (!strcmp(what, "_exit"))
		atexit(say_bye), printf("lost"), _exit(43);
	else if (!strcmp(what, "abort"))
		printf("kept\n"), fflush(stdout), abort();
	else if (!strcmp(what, "files"))
		return use_files();
	else if (!strcmp(what, "clock"))
		return time(NULL) > 1700000000;
	else if (!strcmp(what, "error"))
		errno = ENOENT, perror("message");
	else if (!strcmp(what, "flood"))
		for (;;)
			puts("flood");
	else if (!strcmp(what, "recurse"))
		return recurse(1 << 30);
	else if (!strcmp(what, "bomb"))
		while (malloc(1 << 16))
			continue;
	return 300;
}
