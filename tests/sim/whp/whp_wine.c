/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated platform as WinHvPlatform.dll under Wine: its functions, as programs for Windows
 * call them.
 */
#define _GNU_SOURCE /* process_vm_readv */
#include "sim/whp/whp_internal.h"

#include <sys/uio.h>
#include <unistd.h>

/* Those that an old platform lacks are there all the same; a program that asks for them by name
 * finds them. */
#define EXPORT(name, parameters, arguments)                                                        \
	__attribute__((ms_abi)) mote_whp_result WHv##name parameters;                              \
	__attribute__((ms_abi)) mote_whp_result WHv##name parameters                               \
	{                                                                                          \
		return sim_whp_table()->name arguments;                                            \
	}

MOTE_WHP_FUNCTION_MAP(EXPORT)

/* ---- For whp_wine_process.c ------------------------------------------------------------------ */

enum { AT_ONCE = 256 };

/* Which of so many pages begins with a word; count when none does.  A page that somebody unmaps at
 * this moment does not. */
uint64_t whp_find_word(const char *page, uint64_t count, uint64_t word);
uint64_t whp_find_word(const char *page, uint64_t count, uint64_t word)
{
	for (uint64_t done = 0; done < count;) {
		uint64_t words[AT_ONCE];
		struct iovec first[AT_ONCE], to = {words, sizeof(words)};
		unsigned pages = 0;
		ssize_t got;

		for (; pages < AT_ONCE && done + pages < count; pages++)
			first[pages] = (struct iovec){(char *)(uintptr_t)page +
							      (done + pages) * MOTE_PAGE_BYTES,
						      sizeof(word)};
		got = process_vm_readv(getpid(), &to, 1, first, pages, 0);
		for (unsigned i = 0; got > 0 && i < (size_t)got / sizeof(word); i++)
			if (words[i] == word)
				return done + i;
		done += got > 0 ? (size_t)got / sizeof(word) : 1;
	}
	return count;
}
