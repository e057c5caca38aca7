/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of other processes under Wine.  A surrogate's view is of a section that this process maps
 * too: a word that is written there shows where.  Where nothing can be written, the contents do.
 */
#include <stdint.h>
#include <string.h>
#include <windows.h>

enum { PAGE_BYTES = 4096 };

void *whp_locate(void *process, void *source, uint64_t bytes, const void **whose);

/* Of whp_wine.c. */
uint64_t whp_find_word(const char *page, uint64_t count, uint64_t word);

/* Looks through the views of sections that this process has: found gives a place within so many
 * bytes, or NULL. */
typedef char *(*find_in)(char *at, uint64_t bytes, const void *user);

static void *look_for(find_in find, const void *user)
{
	MEMORY_BASIC_INFORMATION info;
	char *at = NULL;

	while (VirtualQuery(at, &info, sizeof(info)) == sizeof(info)) {
		char *end = (char *)info.BaseAddress + info.RegionSize, *found = NULL;

		if (info.State == MEM_COMMIT && info.Type == MEM_MAPPED &&
		    (info.Protect & (PAGE_READWRITE | PAGE_READONLY)))
			found = find(info.BaseAddress, info.RegionSize, user);
		if (found != NULL || end <= at)
			return found;
		at = end;
	}
	return NULL;
}

static char *find_word(char *at, uint64_t bytes, const void *user)
{
	const uint64_t count = bytes / PAGE_BYTES;
	const uint64_t found = whp_find_word(at, count, *(const uint64_t *)user);

	return found < count ? at + found * PAGE_BYTES : NULL;
}

struct contents {
	char *bytes;
	uint64_t count;
};

static char *find_bytes(char *at, uint64_t bytes, const void *user)
{
	const struct contents *contents = user;
	uint64_t first;

	memcpy(&first, contents->bytes, sizeof(first));
	for (char *page = at; bytes >= contents->count; page += PAGE_BYTES, bytes -= PAGE_BYTES)
		if (find_word(page, PAGE_BYTES, &first) != NULL &&
		    memcmp(page, contents->bytes, contents->count) == 0)
			return page;
	return NULL;
}

static void *find_contents(HANDLE process, const void *source, uint64_t bytes)
{
	struct contents contents = {HeapAlloc(GetProcessHeap(), 0, bytes), bytes};
	void *found = NULL;
	SIZE_T count;

	if (contents.bytes == NULL)
		return NULL;
	if (ReadProcessMemory(process, source, contents.bytes, bytes, &count))
		found = look_for(find_bytes, &contents);
	HeapFree(GetProcessHeap(), 0, contents.bytes);
	return found;
}

void *whp_locate(void *process, void *source, uint64_t bytes, const void **whose)
{
	static volatile LONG64 counter = 0x5eed5eed00000000;
	const uint64_t word = (uint64_t)InterlockedAdd64(&counter, 0x9e3779b9);
	const DWORD id = GetProcessId(process);
	uint64_t before;
	SIZE_T count;
	void *found;

	*whose = NULL;
	if (id == GetCurrentProcessId())
		return source;
	*whose = (const void *)(uintptr_t)id;
	if (id == 0 || !ReadProcessMemory(process, source, &before, sizeof(before), &count))
		return NULL;
	if (!WriteProcessMemory(process, source, &word, sizeof(word), &count))
		return find_contents(process, source, bytes);
	found = look_for(find_word, &word);
	WriteProcessMemory(process, source, &before, sizeof(before), &count);
	return found;
}
