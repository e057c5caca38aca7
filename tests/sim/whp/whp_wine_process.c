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

/* Whether a page, of which `bytes` follow in its mapping, is the one that is looked for. */
typedef BOOL (*is_it)(const char *page, uint64_t bytes, const void *user);

static void *look_for(is_it found, const void *user)
{
	MEMORY_BASIC_INFORMATION info;
	char *at = NULL;

	while (VirtualQuery(at, &info, sizeof(info)) == sizeof(info)) {
		char *end = (char *)info.BaseAddress + info.RegionSize;

		if (info.State == MEM_COMMIT && info.Type == MEM_MAPPED &&
		    (info.Protect & (PAGE_READWRITE | PAGE_READONLY)))
			for (char *page = info.BaseAddress; page < end; page += PAGE_BYTES)
				if (found(page, (uint64_t)(end - page), user))
					return page;
		if (end <= at)
			break;
		at = end;
	}
	return NULL;
}

static BOOL has_word(const char *page, uint64_t bytes, const void *user)
{
	return bytes >= PAGE_BYTES && *(const volatile uint64_t *)page == *(const uint64_t *)user;
}

struct contents {
	char *bytes;
	uint64_t count;
};

static BOOL has_contents(const char *page, uint64_t bytes, const void *user)
{
	const struct contents *contents = user;

	return bytes >= contents->count && memcmp(page, contents->bytes, contents->count) == 0;
}

static void *find_contents(HANDLE process, const void *source, uint64_t bytes)
{
	struct contents contents = {HeapAlloc(GetProcessHeap(), 0, bytes), bytes};
	void *found = NULL;
	SIZE_T count;

	if (contents.bytes == NULL)
		return NULL;
	if (ReadProcessMemory(process, source, contents.bytes, bytes, &count))
		found = look_for(has_contents, &contents);
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
	found = look_for(has_word, &word);
	WriteProcessMemory(process, source, &before, sizeof(before), &count);
	return found;
}
