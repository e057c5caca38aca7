/* SPDX-License-Identifier: Apache-2.0
 *
 * A program whose output the tool reads, on Windows: a pipe, and a job, so that what it leaves
 * behind can be ended with it.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli_os.h"
#include "cli_os_windows.h"

enum { NS_PER_MS = 1000000, PIPE_BYTES = 65536 };

/* What TerminateJobObject makes the exit code of what it ends: an application's own error, as bit
 * 29 says. */
static const DWORD ENDED = 0xe0006d74;

struct cli_os_child {
	SRWLOCK lock;
	HANDLE process, job; /* NULL: there is none.  Under the lock. */
	HANDLE output;	     /* what it writes */
	HANDLE ready;	     /* an event: a read has ended */
};

int cli_os_child_create(struct cli_os_child **child)
{
	struct cli_os_child *created = calloc(1, sizeof(*created));

	if (created == NULL)
		return CLI_OS_NO_MEMORY;
	InitializeSRWLock(&created->lock);
	created->ready = CreateEventW(NULL, TRUE, FALSE, NULL);
	if (created->ready == NULL) {
		const int code = (int)GetLastError();

		free(created);
		return code;
	}
	*child = created;
	return 0;
}

void cli_os_child_destroy(struct cli_os_child *child)
{
	if (child == NULL)
		return;
	CloseHandle(child->ready);
	free(child);
}

/* ---- Starting ---------------------------------------------------------------------------- */

/* What a start needs, until it has succeeded. */
struct start {
	HANDLE output;	     /* of the pipe: this process's end */
	HANDLE input, own;   /* the program's: nothing to read, and its end of the pipe */
	HANDLE inherited[2]; /* the same, for the system */
	HANDLE job;
	LPPROC_THREAD_ATTRIBUTE_LIST list;
};

static void close_handle(HANDLE handle)
{
	if (handle != NULL && handle != INVALID_HANDLE_VALUE)
		CloseHandle(handle);
}

/* One with a name, because others cannot be waited for. */
static bool make_pipe(struct start *start)
{
	static atomic_uint number;
	SECURITY_ATTRIBUTES inherit = {.nLength = sizeof(inherit), .bInheritHandle = TRUE};
	wchar_t name[64];

	swprintf(name, sizeof(name) / sizeof(name[0]), L"\\\\.\\pipe\\mote-%lu-%u",
		 GetCurrentProcessId(), atomic_fetch_add(&number, 1));
	start->output = CreateNamedPipeW(
		name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
		PIPE_TYPE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1, PIPE_BYTES, PIPE_BYTES,
		0, NULL);
	if (start->output == INVALID_HANDLE_VALUE)
		return false;
	start->own = CreateFileW(name, GENERIC_WRITE, 0, &inherit, OPEN_EXISTING, 0, NULL);
	start->input = CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE,
				   &inherit, OPEN_EXISTING, 0, NULL);
	return start->own != INVALID_HANDLE_VALUE && start->input != INVALID_HANDLE_VALUE;
}

/* Its processes end with it, and with this one. */
static bool make_job(struct start *start)
{
	JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};

	limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
	start->job = CreateJobObjectW(NULL, NULL);
	return start->job != NULL &&
	       SetInformationJobObject(start->job, JobObjectExtendedLimitInformation, &limits,
				       sizeof(limits));
}

/* The program gets these handles, and no others that happen to be there. */
static bool list_handles(struct start *start)
{
	SIZE_T bytes = 0;

	InitializeProcThreadAttributeList(NULL, 1, 0, &bytes);
	start->list = malloc(bytes);
	if (start->list == NULL) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return false;
	}
	start->inherited[0] = start->input;
	start->inherited[1] = start->own;
	return InitializeProcThreadAttributeList(start->list, 1, 0, &bytes) &&
	       UpdateProcThreadAttribute(start->list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
					 start->inherited, sizeof(start->inherited), NULL, NULL);
}

/* It is in the job before its first instruction. */
static bool create_process(const struct start *start, const char *const *arguments, HANDLE *process)
{
	STARTUPINFOEXW how = {.StartupInfo = {.cb = sizeof(how),
					      .dwFlags = STARTF_USESTDHANDLES,
					      .hStdInput = start->input,
					      .hStdOutput = start->own,
					      .hStdError = start->own},
			      .lpAttributeList = start->list};
	/* Without a console, no event of one reaches it. */
	const DWORD flags = CREATE_SUSPENDED | DETACHED_PROCESS | EXTENDED_STARTUPINFO_PRESENT;
	wchar_t *path = cli_os_wide_path(arguments[0]), *line = cli_os_command_line(arguments);
	PROCESS_INFORMATION made;
	bool good = path != NULL && line != NULL &&
		    CreateProcessW(path, line, NULL, NULL, TRUE, flags, NULL, NULL,
				   &how.StartupInfo, &made);

	free(path);
	free(line);
	if (!good)
		return false;
	good = AssignProcessToJobObject(start->job, made.hProcess) &&
	       ResumeThread(made.hThread) != (DWORD)-1;
	CloseHandle(made.hThread);
	if (good)
		*process = made.hProcess;
	else
		TerminateProcess(made.hProcess, ENDED), CloseHandle(made.hProcess);
	return good;
}

int cli_os_child_start(struct cli_os_child *child, const char *const *arguments)
{
	struct start start = {.output = NULL};
	HANDLE process = NULL;
	const bool good = make_pipe(&start) && make_job(&start) && list_handles(&start) &&
			  create_process(&start, arguments, &process);
	const DWORD code = good ? 0 : GetLastError();

	free(start.list);
	close_handle(start.own);
	close_handle(start.input);
	if (!good) {
		close_handle(start.output);
		close_handle(start.job);
		return (int)code;
	}
	child->output = start.output;
	AcquireSRWLockExclusive(&child->lock);
	child->process = process;
	child->job = start.job;
	ReleaseSRWLockExclusive(&child->lock);
	return 0;
}

/* ---- Reading ----------------------------------------------------------------------------- */

/* The end of a read that was begun, or taken back when the time is up. */
static DWORD end_read(struct cli_os_child *child, OVERLAPPED *read, uint64_t end_ns, DWORD *count)
{
	const uint64_t now_ns = cli_os_monotonic_ns();
	const uint64_t left_ms = end_ns > now_ns ? (end_ns - now_ns) / NS_PER_MS + 1 : 0;

	if (WaitForSingleObject(child->ready, left_ms < INFINITE ? (DWORD)left_ms : INFINITE - 1) !=
	    WAIT_OBJECT_0)
		CancelIoEx(child->output, read);
	/* It may have succeeded before that. */
	return GetOverlappedResult(child->output, read, count, TRUE) ? 0 : GetLastError();
}

int cli_os_child_read(struct cli_os_child *child, uint64_t end_ns, void *to, size_t bytes,
		      size_t *got)
{
	const DWORD part = bytes < PIPE_BYTES ? (DWORD)bytes : PIPE_BYTES;

	while (cli_os_monotonic_ns() < end_ns) {
		OVERLAPPED read = {.hEvent = child->ready};
		DWORD count = 0, code;

		code = ReadFile(child->output, to, part, NULL, &read) ? 0 : GetLastError();
		if (code == 0 || code == ERROR_IO_PENDING)
			code = end_read(child, &read, end_ns, &count);
		if (code == 0 && count == 0)
			continue; /* somebody wrote nothing */
		if (code == 0 || code == ERROR_BROKEN_PIPE) {
			*got = count;
			return 0;
		}
		if (code != ERROR_OPERATION_ABORTED)
			return (int)code;
	}
	return CLI_OS_TIME_UP;
}

/* ---- Its end ----------------------------------------------------------------------------- */

void cli_os_child_kill(struct cli_os_child *child)
{
	AcquireSRWLockExclusive(&child->lock);
	if (child->job != NULL)
		TerminateJobObject(child->job, ENDED);
	ReleaseSRWLockExclusive(&child->lock);
}

/* What other systems tell with signals. */
static const struct {
	DWORD code;
	int number;
} signals[] = {
	{ENDED, 9},		       /* SIGKILL */
	{STATUS_ACCESS_VIOLATION, 11}, /* SIGSEGV */
	{STATUS_STACK_OVERFLOW, 11},
	{STATUS_ILLEGAL_INSTRUCTION, 4}, /* SIGILL */
	{STATUS_PRIVILEGED_INSTRUCTION, 4},
	{STATUS_INTEGER_DIVIDE_BY_ZERO, 8}, /* SIGFPE */
	{STATUS_CONTROL_C_EXIT, 2},	    /* SIGINT */
	{0xc0000409, 6},		    /* SIGABRT: __fastfail */
};

void cli_os_child_wait(struct cli_os_child *child, struct cli_os_ending *ending)
{
	DWORD code = 0;

	CloseHandle(child->output);
	WaitForSingleObject(child->process, INFINITE);
	GetExitCodeProcess(child->process, &code);
	AcquireSRWLockExclusive(&child->lock);
	TerminateJobObject(child->job, ENDED);
	CloseHandle(child->job);
	CloseHandle(child->process);
	child->job = child->process = NULL;
	ReleaseSRWLockExclusive(&child->lock);
	*ending = (struct cli_os_ending){.number = (int)(code & INT_MAX)};
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (signals[i].code == code)
			*ending = (struct cli_os_ending){true, signals[i].number};
}
