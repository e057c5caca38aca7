/* SPDX-License-Identifier: Apache-2.0
 *
 * Surrogates: copies of this process's program that never run an instruction.  A job ends each
 * when its only handle is closed, which happens at the latest when this process ends, however that
 * comes.
 */
#include "allocator.h"
#include "error_internal.h"
#include "hypervisor/backends/whp/whp_surrogate.h"
#include "os/os_error.h"
#include "os/os_windows.h"

/* After the others, whose names some of its macros have. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

enum {
	PATH_CHARACTERS = 32768,
	VIEW_UNIT = 65536,	/* views begin at multiples of it, in memory and in the section */
	ATTRIBUTES_BYTES = 128, /* of one attribute: 48 are needed */
};

struct mote_whp_surrogate {
	const mote_allocator *allocator;
	HANDLE process, job;
};

/* Of kernelbase.dll, which import libraries do not all have. */
typedef void *(WINAPI *map_view)(HANDLE section, HANDLE process, void *base, ULONG64 offset,
				 SIZE_T bytes, ULONG type, ULONG protection, void *parameters,
				 ULONG count);
typedef BOOL(WINAPI *unmap_view)(HANDLE process, void *base, ULONG flags);

static FARPROC find(const char *name)
{
	const HMODULE library = GetModuleHandleW(L"kernelbase.dll");

	return library != NULL ? GetProcAddress(library, name) : NULL;
}

static mote_status fail(mote_error *error, const char *what)
{
	return mote_os_fail(error, MOTE_DOMAIN_OS, (int)GetLastError(), what);
}

static HANDLE make_job(void)
{
	JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags =
							       JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
	const HANDLE job = CreateJobObjectW(NULL, NULL);

	if (job == NULL || SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits,
						   sizeof(limits)))
		return job;
	CloseHandle(job);
	return NULL;
}

/* In the job from its beginning, so that it never outlives this process.  False, and a code. */
static bool launch(struct mote_whp_surrogate *surrogate, const wchar_t *path)
{
	union {
		uint64_t alignment;
		uint8_t bytes[ATTRIBUTES_BYTES];
	} attributes;
	STARTUPINFOEXW start = {.StartupInfo.cb = sizeof(start),
				.lpAttributeList = (void *)&attributes};
	wchar_t command[] = L"mote-surrogate";
	SIZE_T bytes = sizeof(attributes);
	PROCESS_INFORMATION made;
	bool good;

	if (!InitializeProcThreadAttributeList(start.lpAttributeList, 1, 0, &bytes))
		return false;
	good = UpdateProcThreadAttribute(start.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_JOB_LIST,
					 &surrogate->job, sizeof(surrogate->job), NULL, NULL) &&
	       CreateProcessW(path, command, NULL, NULL, FALSE,
			      CREATE_SUSPENDED | CREATE_NO_WINDOW | EXTENDED_STARTUPINFO_PRESENT,
			      NULL, NULL, &start.StartupInfo, &made);
	DeleteProcThreadAttributeList(start.lpAttributeList);
	if (!good)
		return false;
	CloseHandle(made.hThread);
	surrogate->process = made.hProcess;
	return true;
}

/* The program of this process, so that nothing else has to be shipped, signed or found; NULL, and a
 * code. */
static wchar_t *own_program(void)
{
	wchar_t *path = HeapAlloc(GetProcessHeap(), 0, PATH_CHARACTERS * sizeof(*path));
	DWORD length;

	if (path == NULL) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	length = GetModuleFileNameW(NULL, path, PATH_CHARACTERS);
	if (length > 0 && length < PATH_CHARACTERS)
		return path;
	mote_windows_path_free(path);
	return NULL;
}

static mote_status make_process(struct mote_whp_surrogate *surrogate, const char *program,
				mote_error *error)
{
	wchar_t *path = program != NULL ? mote_windows_path(program) : own_program();
	const bool good = path != NULL && launch(surrogate, path);
	const DWORD code = GetLastError();

	mote_windows_path_free(path);
	if (good)
		return MOTE_OK;
	if (program != NULL)
		return mote_windows_fail_file(error, "surrogate process of ", program, code);
	return mote_os_fail_as(error, code == ERROR_ACCESS_DENIED ? MOTE_LIMIT : MOTE_OS,
			       MOTE_DOMAIN_OS, (int)code,
			       "surrogate process, which a policy or the job of this process may "
			       "forbid (surrogate_path names another program)");
}

static void end(struct mote_whp_surrogate *surrogate)
{
	if (surrogate->process != NULL) {
		TerminateProcess(surrogate->process, 0);
		CloseHandle(surrogate->process);
	}
	if (surrogate->job != NULL)
		CloseHandle(surrogate->job);
	mote_release(surrogate->allocator, surrogate);
}

static mote_status make(struct mote_whp_surrogate *surrogate, const char *path, mote_error *error)
{
	surrogate->job = make_job();
	if (surrogate->job == NULL)
		return fail(error, "job of a surrogate process");
	return make_process(surrogate, path, error);
}

static mote_status start(const char *path, const mote_allocator *allocator,
			 struct mote_whp_surrogate **surrogate, mote_error *error)
{
	struct mote_whp_surrogate *made = mote_allocate(allocator, sizeof(*made));
	mote_status status;

	if (made == NULL)
		return mote_fail_memory(error, "surrogate");
	made->allocator = allocator;
	status = make(made, path, error);
	if (status != MOTE_OK) {
		end(made);
		return status;
	}
	*surrogate = made;
	return MOTE_OK;
}

static void *process_of(const struct mote_whp_surrogate *surrogate)
{
	return surrogate->process;
}

static mote_status map(struct mote_whp_surrogate *surrogate,
		       const struct mote_memory_region *region, void **address, mote_error *error)
{
	const map_view function = (map_view)(void (*)(void))find("MapViewOfFile3");
	const ULONG protection = region->flags & MOTE_REGION_WRITE ? PAGE_READWRITE : PAGE_READONLY;
	const uint64_t skipped = region->handle_offset % VIEW_UNIT;
	void *view;

	if (function == NULL)
		return mote_fail(error, MOTE_UNSUPPORTED,
				 "MapViewOfFile3 is missing; several sandboxes in one process need "
				 "Windows 10 1803 or later");
	view = function((HANDLE)region->handle, surrogate->process, NULL,
			region->handle_offset - skipped, (SIZE_T)(region->bytes + skipped), 0,
			protection, NULL, 0);
	if (view == NULL)
		return fail(error, "MapViewOfFile3 into a surrogate process");
	*address = (uint8_t *)view + skipped;
	return MOTE_OK;
}

static void unmap(struct mote_whp_surrogate *surrogate, void *address, uint64_t bytes)
{
	const unmap_view function = (unmap_view)(void (*)(void))find("UnmapViewOfFile2");

	(void)bytes;
	if (function != NULL)
		function(surrogate->process, (uint8_t *)address - (uintptr_t)address % VIEW_UNIT,
			 0);
}

const struct mote_whp_surrogate_ops mote_whp_real_surrogates = {
	.start = start,
	.end = end,
	.process = process_of,
	.map = map,
	.unmap = unmap,
};
