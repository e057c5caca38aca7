/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds out about split locks from the flags of the processor, which Linux sets
 * when it can detect them, the boot parameter split_lock_detect, and the sysctl
 * kernel.split_lock_mitigate.
 */
#include "split_lock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "input.h"

enum { START_BYTES = 16384 }; /* enough for the flags of the first processor */

static bool read_start(const char *root, const char *path, char text[START_BYTES])
{
	char whole[4200];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	return input_start(whole, text, START_BYTES);
}

/* Finds a word; if it ends with '=', its value comes right after it.  NULL: it is not there. */
static const char *find_word(const char *text, const char *word)
{
	static const char blanks[] = " \t\n";
	size_t length = strlen(word);
	const char *found = NULL;

	/* The last one counts, as for the kernel. */
	for (const char *at = text; *at != '\0'; at += strcspn(at, blanks)) {
		at += strspn(at, blanks);
		if (strncmp(at, word, length) == 0 &&
		    (word[length - 1] == '=' || strcspn(at, blanks) == length))
			found = at + length;
	}
	return found;
}

static bool begins_with_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	return strncmp(text, word, length) == 0 && strchr(" \t\n:", text[length]) != NULL;
}

/* The sysctl came with kernel 6.2. Without it, 5.19 to 6.1 hold the thread up; so does what we
 * say. */
static enum split_lock read_warn(const char *root)
{
	char text[START_BYTES];

	return read_start(root, "/proc/sys/kernel/split_lock_mitigate", text) && text[0] == '0'
		       ? SPLIT_LOCK_WARN
		       : SPLIT_LOCK_SLOW;
}

enum split_lock split_lock_read(const char *root)
{
	char text[START_BYTES];
	const char *mode;
	char *flags, *end;

	if (!read_start(root, "/proc/cpuinfo", text))
		return SPLIT_LOCK_NONE;
	flags = strstr(text, "\nflags\t");
	if (flags == NULL)
		return SPLIT_LOCK_NONE;
	end = strchr(flags + 1, '\n');
	if (end != NULL)
		*end = '\0';
	if (find_word(flags + 1, "split_lock_detect") == NULL)
		return SPLIT_LOCK_UNDETECTED;
	mode = read_start(root, "/proc/cmdline", text) ? find_word(text, "split_lock_detect=")
						       : NULL;
	if (mode == NULL)
		return read_warn(root);
	if (begins_with_word(mode, "fatal"))
		return SPLIT_LOCK_FATAL;
	/* A limit of the rate works by the bus lock trap, which KVM does not set for guests. */
	if (begins_with_word(mode, "off") || begins_with_word(mode, "ratelimit"))
		return SPLIT_LOCK_UNDETECTED;
	return read_warn(root);
}

static const struct {
	const char *name, *text;
} modes[] = {
	[SPLIT_LOCK_NONE] = {"none", "this processor has none"},
	[SPLIT_LOCK_UNDETECTED] = {"undetected",
				   "not detected: a hostile guest can slow the memory of the whole "
				   "machine for as long as it runs; limit it with --timeout or "
				   "--cpu-time"},
	[SPLIT_LOCK_WARN] = {"warn", "detected and logged, but not slowed: a hostile guest can "
				     "slow the memory of the whole machine for as long as it runs; "
				     "set kernel.split_lock_mitigate=1, or limit it with --timeout "
				     "or --cpu-time"},
	[SPLIT_LOCK_SLOW] = {"slow", "detected: the kernel holds up the thread that called the "
				     "guest, at least 10 ms for each; limit it with --timeout, "
				     "--cpu-time does not count the waiting"},
	[SPLIT_LOCK_FATAL] = {"fatal", "fatal: a hostile guest can have the program that calls it "
				       "killed (SIGBUS); boot with split_lock_detect=warn, or call "
				       "untrusted guests from a process of their own"},
};

const char *split_lock_name(enum split_lock mode)
{
	return modes[mode].name;
}

const char *split_lock_text(enum split_lock mode)
{
	return modes[mode].text;
}
