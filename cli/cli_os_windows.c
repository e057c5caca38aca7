/* SPDX-License-Identifier: Apache-2.0
 *
 * The tool's process on Windows: its start-up, its machine, its clock; a program that has the
 * terminal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_os.h"
#include "cli_os_windows.h"

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000 };

/* ---- Start ------------------------------------------------------------------------------- */

static const DWORD standard_handles[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};

/*
 * A standard handle that the caller closed keeps its number, which something else may have got
 * already, or the next file that is opened may get: messages would go there.  What takes its place
 * fails when it is used.
 */
static void forget_closed_handles(void)
{
	for (size_t i = 0; i < sizeof(standard_handles) / sizeof(standard_handles[0]); i++) {
		const HANDLE handle = GetStdHandle(standard_handles[i]);

		SetLastError(0);
		if (GetFileType(handle) == FILE_TYPE_UNKNOWN && GetLastError() != 0)
			SetStdHandle(standard_handles[i], NULL);
	}
}

/* The console's, which outlives this process; 0: it is what it was. */
static UINT code_page_before;

static void restore_code_page(void)
{
	SetConsoleOutputCP(code_page_before);
}

/* Whatever the tool, the library or a debugger writes to a console is UTF-8. */
static void set_code_page(void)
{
	const UINT before = GetConsoleOutputCP();

	if (before == CP_UTF8 ||
	    !(cli_os_is_terminal(CLI_OS_OUTPUT) || cli_os_is_terminal(CLI_OS_MESSAGES)))
		return;
	code_page_before = before;
	if (SetConsoleOutputCP(CP_UTF8))
		atexit(restore_code_page);
}

/* Arguments of the C library are in the code page of the user, and patterns in them expanded. */
static bool take_arguments(int *argc, char ***argv)
{
	char *line = cli_os_narrow(GetCommandLineW());
	char **arguments = line != NULL ? cli_os_take_apart(line, argc) : NULL;

	if (arguments == NULL) {
		free(line);
		return false;
	}
	*argv = arguments; /* for as long as the process lives */
	return true;
}

bool cli_os_start(int *argc, char ***argv)
{
	forget_closed_handles();
	/* No box to click away when there is no disk in a drive, or something crashes. */
	SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
	if (!take_arguments(argc, argv))
		return false;
	set_code_page();
	return true;
}

/* ---- What this is ------------------------------------------------------------------------ */

const char *cli_os_machine(char text[CLI_OS_MACHINE_BYTES])
{
	SYSTEM_INFO system;

	GetNativeSystemInfo(&system);
	switch (system.wProcessorArchitecture) {
	case PROCESSOR_ARCHITECTURE_AMD64:
		return "x86_64";
	case PROCESSOR_ARCHITECTURE_ARM64:
		return "aarch64";
	default:
		snprintf(text, CLI_OS_MACHINE_BYTES, "architecture %u of Windows",
			 (unsigned)system.wProcessorArchitecture);
		return text;
	}
}

static void read_registry(const wchar_t *key, const wchar_t *name, char *to, size_t capacity)
{
	wchar_t text[128];
	DWORD bytes = sizeof(text);

	if (RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_SZ, NULL, text, &bytes) != 0 ||
	    WideCharToMultiByte(CP_UTF8, 0, text, -1, to, (int)capacity, NULL, NULL) == 0)
		to[0] = '\0';
}

/* "23H2 4317": how it is called, and the number of its last update. */
static void read_build(char *to, size_t capacity)
{
	static const wchar_t key[] = L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
	DWORD revision, bytes = sizeof(revision);
	size_t used;

	read_registry(key, L"DisplayVersion", to, capacity);
	used = strlen(to);
	if (RegGetValueW(HKEY_LOCAL_MACHINE, key, L"UBR", RRF_RT_REG_DWORD, NULL, &revision,
			 &bytes) == 0)
		snprintf(to + used, capacity - used, "%s%lu", used > 0 ? " " : "", revision);
}

/* GetVersionEx tells a program what it wants to hear. */
static void read_release(char *to, size_t capacity)
{
	typedef LONG WINAPI get_version(OSVERSIONINFOW *);
	const HMODULE library = GetModuleHandleW(L"ntdll.dll");
	get_version *get =
		library != NULL ? (get_version *)(uintptr_t)GetProcAddress(library, "RtlGetVersion")
				: NULL;
	OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};

	if (get != NULL && get(&version) == 0)
		snprintf(to, capacity, "%lu.%lu.%lu", version.dwMajorVersion,
			 version.dwMinorVersion, version.dwBuildNumber);
}

void cli_os_describe(struct cli_os_description *description)
{
	*description = (struct cli_os_description){.name = "Windows"};
	read_release(description->release, sizeof(description->release));
	read_build(description->build, sizeof(description->build));
	read_registry(L"HARDWARE\\DESCRIPTION\\System\\BIOS", L"SystemProductName",
		      description->model, sizeof(description->model));
	read_registry(L"HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0", L"ProcessorNameString",
		      description->processor, sizeof(description->processor));
}

int cli_os_hypervisor_support(void)
{
	return -1;
}

const char *cli_os_kernel_root(void)
{
	return NULL;
}

/* Without the prefix of a path that GetFinalPathNameByHandleW gives, if programs need none. */
static const wchar_t *plain(wchar_t *path)
{
	if (wcsncmp(path, L"\\\\?\\UNC\\", 8) == 0) {
		path[6] = '\\';
		return path + 6;
	}
	return wcsncmp(path, L"\\\\?\\", 4) == 0 ? path + 4 : path;
}

static bool own_path(wchar_t *path, DWORD capacity)
{
	const DWORD given = GetModuleFileNameW(NULL, path, capacity);
	HANDLE file;
	DWORD length;

	if (given == 0 || given >= capacity)
		return false;
	file = CreateFileW(path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
			   OPEN_EXISTING, 0, NULL);
	if (file == INVALID_HANDLE_VALUE)
		return false;
	length = GetFinalPathNameByHandleW(file, path, capacity, FILE_NAME_NORMALIZED);
	CloseHandle(file);
	return length > 0 && length < capacity;
}

bool cli_os_program_path(char *path, size_t capacity)
{
	enum { WIDE = 32768 }; /* no path is longer */
	wchar_t *wide = malloc(WIDE * sizeof(*wide));
	char *narrow = wide != NULL && own_path(wide, WIDE) ? cli_os_narrow(plain(wide)) : NULL;
	const bool fits = narrow != NULL && strlen(narrow) < capacity;

	if (fits) {
		strcpy(path, narrow);
		for (char *at = path; (at = strchr(at, '\\')) != NULL;)
			*at = '/';
	}
	free(narrow);
	free(wide);
	return fits;
}

/* ---- Time -------------------------------------------------------------------------------- */

uint64_t cli_os_monotonic_ns(void)
{
	LARGE_INTEGER ticks, frequency;
	uint64_t rest, whole;

	QueryPerformanceCounter(&ticks);
	QueryPerformanceFrequency(&frequency);
	whole = (uint64_t)ticks.QuadPart / (uint64_t)frequency.QuadPart;
	rest = (uint64_t)ticks.QuadPart % (uint64_t)frequency.QuadPart;
	return whole * NS_PER_S + rest * NS_PER_S / (uint64_t)frequency.QuadPart;
}

void cli_os_pause_ns(uint64_t ns)
{
	Sleep((DWORD)((ns + NS_PER_MS - 1) / NS_PER_MS));
}

void cli_os_call_system(void)
{
	(void)GetThreadPriority(GetCurrentThread());
}

/* This program again, before its first instruction. */
int cli_os_run_process(void)
{
	enum { WIDE = 32768 };
	wchar_t *path = malloc(WIDE * sizeof(*path));
	STARTUPINFOW how = {.cb = sizeof(how)};
	PROCESS_INFORMATION made;
	DWORD code = 0;

	if (path == NULL)
		return CLI_OS_NO_MEMORY;
	if (!own_path(path, WIDE) || !CreateProcessW(path, NULL, NULL, NULL, FALSE,
						     CREATE_SUSPENDED, NULL, NULL, &how, &made))
		code = GetLastError();
	free(path);
	if (code != 0)
		return (int)code;
	if (!TerminateProcess(made.hProcess, 0) ||
	    WaitForSingleObject(made.hProcess, INFINITE) != WAIT_OBJECT_0)
		code = GetLastError();
	CloseHandle(made.hThread);
	CloseHandle(made.hProcess);
	return (int)code;
}

/* ---- Another program --------------------------------------------------------------------- */

struct cli_os_process {
	HANDLE handle;
};

/* Looks in one folder of PATH.  Returns whether the program is there, with its path. */
static bool is_in(const wchar_t *folder, size_t length, const wchar_t *name, wchar_t path[MAX_PATH])
{
	DWORD attributes;
	/* A relative one is a trap: the folder may be anybody's. */
	const bool absolute = length > 2 && (folder[1] == ':' || wcsncmp(folder, L"\\\\", 2) == 0);

	if (!absolute || length + wcslen(name) + 6 > MAX_PATH)
		return false;
	memcpy(path, folder, length * sizeof(*path));
	path[length] = '\0';
	wcscat(wcscat(wcscat(path, L"\\"), name), L".exe");
	attributes = GetFileAttributesW(path);
	return attributes != INVALID_FILE_ATTRIBUTES &&
	       (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
}

/* By PATH alone, unlike CreateProcessW, which would begin with the current folder. */
static bool find(const wchar_t *name, wchar_t path[MAX_PATH])
{
	const DWORD length = GetEnvironmentVariableW(L"PATH", NULL, 0);
	wchar_t *list = length > 0 ? malloc(length * sizeof(*list)) : NULL;
	bool found = false;

	if (list == NULL || GetEnvironmentVariableW(L"PATH", list, length) >= length) {
		free(list);
		return false;
	}
	for (const wchar_t *at = list; !found && at != NULL; at = wcschr(at, ';')) {
		at += *at == ';' ? 1 : 0;
		found = is_in(at, wcscspn(at, L";"), name, path);
	}
	free(list);
	return found;
}

static DWORD start(const wchar_t *name, wchar_t *line, PROCESS_INFORMATION *made)
{
	STARTUPINFOW how = {.cb = sizeof(how)};
	wchar_t path[MAX_PATH];

	if (!find(name, path))
		return ERROR_FILE_NOT_FOUND;
	/* Nothing of the tool's own can be inherited but the standard handles. */
	return CreateProcessW(path, line, NULL, NULL, TRUE, 0, NULL, NULL, &how, made)
		       ? 0
		       : GetLastError();
}

int cli_os_process_start(const char *const *arguments, struct cli_os_process **process)
{
	struct cli_os_process *started = malloc(sizeof(*started));
	wchar_t *name = cli_os_wide(arguments[0]), *line = cli_os_command_line(arguments);
	PROCESS_INFORMATION made;
	DWORD code = ERROR_NOT_ENOUGH_MEMORY;

	if (started != NULL && name != NULL && line != NULL) {
		cli_os_leave_interrupt(true);
		code = start(name, line, &made);
		if (code != 0)
			cli_os_leave_interrupt(false);
	}
	free(name);
	free(line);
	if (code != 0) {
		free(started);
		return (int)code;
	}
	CloseHandle(made.hThread);
	started->handle = made.hProcess;
	*process = started;
	return 0;
}

void cli_os_process_wait(struct cli_os_process *process)
{
	WaitForSingleObject(process->handle, INFINITE);
	CloseHandle(process->handle);
	cli_os_leave_interrupt(false);
	free(process);
}
