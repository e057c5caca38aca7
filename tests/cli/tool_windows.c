/* SPDX-License-Identifier: Apache-2.0
 *
 * Starts the tool on Windows with chosen handles and folder; collects its output.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "tool.h"

enum { LINE_UNITS = 32768, PATIENCE = 20, TRIES = 5 };

static wchar_t *wide(const char *text)
{
	const int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
	wchar_t *units = calloc((size_t)length + 1, sizeof(*units));

	if (units == NULL)
		FAIL("no memory");
	MultiByteToWideChar(CP_UTF8, 0, text, -1, units, length);
	return units;
}

/* ---- Starting ---------------------------------------------------------------------------- */

/* A file for one run, which vanishes with the last handle. */
static int make_file(void)
{
	static unsigned number;
	char path[512];
	wchar_t *name;
	HANDLE file;

	snprintf(path, sizeof(path), "%s/printed-%u", test_folder(), number++);
	name = wide(path);
	file = CreateFileW(name, GENERIC_READ | GENERIC_WRITE | DELETE,
			   FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, CREATE_NEW,
			   FILE_FLAG_DELETE_ON_CLOSE, NULL);
	free(name);
	if (file == INVALID_HANDLE_VALUE)
		FAIL("%s: error %lu", path, GetLastError());
	return _open_osfhandle((intptr_t)file, 0);
}

struct feeder {
	HANDLE end;
	const char *data;
	size_t length;
};

static DWORD WINAPI write_all(void *user)
{
	struct feeder *feeder = user;
	DWORD written;

	/* It fails when nobody reads any more. */
	while (feeder->length > 0 &&
	       WriteFile(feeder->end, feeder->data, (DWORD)feeder->length, &written, NULL)) {
		feeder->data += written;
		feeder->length -= written;
	}
	CloseHandle(feeder->end);
	free(feeder);
	return 0;
}

/* A thread that writes the input into a pipe.  Returns the end to read from. */
static HANDLE feed(struct tool *tool)
{
	struct feeder *feeder = malloc(sizeof(*feeder));
	HANDLE end;

	if (feeder == NULL || !CreatePipe(&end, &feeder->end, NULL, 0))
		FAIL("no pipe: error %lu", GetLastError());
	feeder->data = tool->input;
	feeder->length = tool->input_length;
	tool->feeder = (intptr_t)CreateThread(NULL, 0, write_all, feeder, 0, NULL);
	return end;
}

/* The documented way: twice the backslashes before a quote, and one more. */
static void add_word(char *line, size_t capacity, const char *word)
{
	size_t used = strlen(line), backslashes = 0;

	if (used + 2 * strlen(word) + 8 > capacity)
		FAIL("too long a command line");
	if (used > 0)
		line[used++] = ' ';
	line[used++] = '"';
	for (;; word++) {
		if (*word == '\\') {
			backslashes++;
			continue;
		}
		for (size_t i = 0; i < (*word == '"' || !*word ? 2 : 1) * backslashes; i++)
			line[used++] = '\\';
		backslashes = 0;
		if (*word == '"')
			line[used++] = '\\';
		if (!*word)
			break;
		line[used++] = *word;
	}
	line[used++] = '"';
	line[used] = '\0';
}

/* What a start needs; all of it is released again. */
struct start {
	wchar_t *line, *folder, *variable;
	HANDLE standard[3], inherited[3];
	unsigned count;
	LPPROC_THREAD_ATTRIBUTE_LIST list;
};

static void prepare_line(struct start *start, const struct tool *tool, const char *const *arguments)
{
	char *line = calloc(LINE_UNITS, 1);

	add_word(line, LINE_UNITS, getenv("MOTE_TEST_CLI"));
	for (; *arguments; arguments++)
		add_word(line, LINE_UNITS, *arguments);
	start->line = wide(line);
	free(line);
	start->folder = tool->folder ? wide(tool->folder) : NULL;
	start->variable = tool->variable ? wide(tool->variable) : NULL;
}

/* The tool gets copies of these handles and no others, so that pipes end when they should. */
static void prepare_handles(struct start *start, const HANDLE handles[3], const bool closes[3])
{
	SIZE_T bytes = 0;

	for (unsigned i = 0; i < 3; i++) {
		if (closes[i])
			continue;
		if (!DuplicateHandle(GetCurrentProcess(), handles[i], GetCurrentProcess(),
				     &start->standard[i], 0, TRUE, DUPLICATE_SAME_ACCESS))
			FAIL("handle %u: error %lu", i, GetLastError());
		start->inherited[start->count++] = start->standard[i];
	}
	InitializeProcThreadAttributeList(NULL, 1, 0, &bytes);
	start->list = malloc(bytes);
	InitializeProcThreadAttributeList(start->list, 1, 0, &bytes);
	if (start->count > 0)
		UpdateProcThreadAttribute(start->list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
					  start->inherited,
					  start->count * sizeof(start->inherited[0]), NULL, NULL);
}

static HANDLE create(struct start *start)
{
	STARTUPINFOEXW how = {.StartupInfo = {.cb = sizeof(how),
					      .dwFlags = STARTF_USESTDHANDLES,
					      .hStdInput = start->standard[0],
					      .hStdOutput = start->standard[1],
					      .hStdError = start->standard[2]},
			      .lpAttributeList = start->list};
	wchar_t *value = start->variable ? wcschr(start->variable, L'=') : NULL;
	DWORD flags = EXTENDED_STARTUPINFO_PRESENT;
	PROCESS_INFORMATION made;
	BOOL good = FALSE;

	if (value) {
		*value = L'\0';
		SetEnvironmentVariableW(start->variable, value + 1);
	}
	/* With a console, it would have handles of that in the place of closed ones.  Where there
	 * is none to share, none shall pop up. */
	if (start->count < 3 || GetConsoleCP() == 0)
		flags |= DETACHED_PROCESS;
	/* Wine 8 fails so now and then, when the machine is busy. */
	for (int i = 0; i < TRIES && !good; i++) {
		good = CreateProcessW(NULL, start->line, NULL, NULL, start->count > 0, flags, NULL,
				      start->folder, &how.StartupInfo, &made);
		if (!good && GetLastError() != ERROR_INTERNAL_ERROR)
			break;
	}
	if (value)
		SetEnvironmentVariableW(start->variable, NULL);
	if (!good)
		FAIL("the tool cannot be executed: %s: error %lu", getenv("MOTE_TEST_CLI"),
		     GetLastError());
	CloseHandle(made.hThread);
	return made.hProcess;
}

static void release(struct start *start)
{
	for (unsigned i = 0; i < start->count; i++)
		CloseHandle(start->inherited[i]);
	DeleteProcThreadAttributeList(start->list);
	free(start->list);
	free(start->line);
	free(start->folder);
	free(start->variable);
}

static HANDLE handle_of(int file)
{
	return (HANDLE)_get_osfhandle(file);
}

void tool_start(struct tool *tool, const char *const *arguments)
{
	const HANDLE nothing =
		CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
	struct start start = {.count = 0};
	HANDLE handles[3];

	if (!getenv("MOTE_TEST_CLI"))
		FAIL("MOTE_TEST_CLI is not set; run the tests with ctest or ./dev test");
	if (tool->hold.number || tool->ignored || tool->pending || tool->hostile_signals)
		FAIL("Windows has no signals, and holds no system calls");
	tool->feeder = 0;
	tool->out_file = make_file();
	tool->err_file = make_file();
	handles[0] = tool->in >= 0 ? handle_of(tool->in) : tool->input ? feed(tool) : nothing;
	handles[1] = handle_of(tool->out >= 0 ? tool->out : tool->out_file);
	handles[2] = handle_of(tool->err >= 0 ? tool->err : tool->err_file);
	prepare_line(&start, tool, arguments);
	prepare_handles(&start, handles, tool->closes);
	tool->process = (intptr_t)create(&start);
	release(&start);
	if (tool->feeder)
		CloseHandle(handles[0]);
	CloseHandle(nothing);
}

/* ---- Waiting ----------------------------------------------------------------------------- */

/* Where the tool writes is not moved. */
static char *read_file_from(int file, size_t *length)
{
	HANDLE own = ReOpenFile(handle_of(file), GENERIC_READ,
				FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, 0);
	LARGE_INTEGER size;
	DWORD got = 0;
	char *data;

	if (own == INVALID_HANDLE_VALUE || !GetFileSizeEx(own, &size))
		FAIL("what the tool printed cannot be read: error %lu", GetLastError());
	*length = (size_t)size.QuadPart;
	data = malloc(*length + 1);
	if (!data || !ReadFile(own, data, (DWORD)*length, &got, NULL) || got != *length)
		FAIL("what the tool printed cannot be read: error %lu", GetLastError());
	data[*length] = '\0';
	CloseHandle(own);
	return data;
}

static void wait_for(struct tool *tool)
{
	const unsigned patience = tool->patience != 0 ? tool->patience : PATIENCE;
	const HANDLE process = (HANDLE)tool->process;
	DWORD code = 0;

	if (WaitForSingleObject(process, (DWORD)test_slow(patience) * 1000) != WAIT_OBJECT_0) {
		TerminateProcess(process, 1);
		WaitForSingleObject(process, INFINITE);
		tool->code = -1;
	} else {
		GetExitCodeProcess(process, &code);
		/* An exception's number. */
		tool->code = code >= 0xc0000000 ? TOOL_DIED + (int)(code & 0xffff) : (int)code;
	}
	CloseHandle(process);
}

void tool_finish(struct tool *tool)
{
	wait_for(tool);
	if (tool->feeder) {
		WaitForSingleObject((HANDLE)tool->feeder, INFINITE);
		CloseHandle((HANDLE)tool->feeder);
	}
	tool->output = read_file_from(tool->out_file, &tool->output_length);
	tool->errors = read_file_from(tool->err_file, &tool->errors_length);
	close(tool->out_file);
	close(tool->err_file);
}

void tool_await_hold(struct tool *tool)
{
	(void)tool;
	FAIL("Windows holds no system calls");
}

void tool_await(struct tool *tool, const char *part)
{
	uint64_t deadline = test_now_ns() + test_slow(PATIENCE) * 1000000000u;
	bool found = false;

	while (!found) {
		size_t length;
		char *text = read_file_from(tool->err_file, &length);

		found = strstr(text, part) != NULL;
		free(text);
		if (!found && test_now_ns() > deadline) {
			TerminateProcess((HANDLE)tool->process, 1);
			FAIL("the tool did not say \"%s\"", part);
		}
		Sleep(1);
	}
}

void tool_need_vm(void)
{
	struct tool tool;
	bool usable;

	TOOL_RUN(&tool, "doctor");
	usable = tool.code == 0;
	tool_clear(&tool);
	if (!usable)
		test_missing("no usable hypervisor, says mote doctor");
}

/* ---- Files ------------------------------------------------------------------------------- */

static char folder[300];

const char *test_folder(void)
{
	char temporary[MAX_PATH];

	if (folder[0])
		return folder;
	GetTempPathA(sizeof(temporary), temporary);
	/* An aborted run may have left one of this number. */
	snprintf(folder, sizeof(folder), "%smote-cli-%lu-%llx", temporary, GetCurrentProcessId(),
		 (unsigned long long)test_now_ns());
	for (char *at = folder; *at; at++)
		if (*at == '\\')
			*at = '/';
	if (mkdir(folder, 0700) != 0)
		FAIL("%s: error %lu", folder, GetLastError());
	return folder;
}

void test_write_file(const char *path, const void *data, size_t length)
{
	wchar_t *name = wide(path);
	HANDLE file = CreateFileW(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
				  FILE_ATTRIBUTE_NORMAL, NULL);
	DWORD written = 0;

	free(name);
	if (file == INVALID_HANDLE_VALUE ||
	    (length > 0 &&
	     (!WriteFile(file, data, (DWORD)length, &written, NULL) || written != length)) ||
	    !CloseHandle(file))
		FAIL("%s: error %lu", path, GetLastError());
}

static void remove_tree(const wchar_t *path)
{
	wchar_t *pattern = calloc(wcslen(path) + MAX_PATH + 3, sizeof(*pattern));
	WIN32_FIND_DATAW found;
	HANDLE search;

	wcscat(wcscpy(pattern, path), L"\\*");
	search = FindFirstFileW(pattern, &found);
	if (search != INVALID_HANDLE_VALUE) {
		do {
			if (wcscmp(found.cFileName, L".") == 0 ||
			    wcscmp(found.cFileName, L"..") == 0)
				continue;
			wcscat(wcscat(wcscpy(pattern, path), L"\\"), found.cFileName);
			SetFileAttributesW(pattern, FILE_ATTRIBUTE_NORMAL);
			if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
				remove_tree(pattern);
			else
				DeleteFileW(pattern);
		} while (FindNextFileW(search, &found));
		FindClose(search);
	}
	RemoveDirectoryW(path);
	free(pattern);
}

void test_remove_folder(void)
{
	if (folder[0]) {
		wchar_t whole[400] = L"\\\\?\\"; /* what is in it may have long names */
		wchar_t *name = wide(folder);

		GetFullPathNameW(name, 390, whole + 4, NULL);
		remove_tree(whole);
		free(name);
	}
	folder[0] = '\0';
}
