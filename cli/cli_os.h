/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tool needs from its operating system.  The rest of cli/ knows ISO C only.  Functions
 * that can fail return 0 or a code of the system's own; what they give is written on success only.
 */
#ifndef CLI_OS_H
#define CLI_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Failures that have no code of the system's. */
enum {
	CLI_OS_NO_MEMORY = -1,
	CLI_OS_NOT_REGULAR = -2,
	CLI_OS_TIME_UP = -3,
	CLI_OS_IS_FOLDER = -4,
};

/* "No such file or directory": what a code means. */
const char *cli_os_error_text(int code);

/* ---- The process ------------------------------------------------------------------------- */

/* Makes the process fit for the tool, whatever its caller left closed, blocked or ignored, and puts
 * the arguments as UTF-8 in the place of main's where the system does not give them so.  False when
 * that is impossible; then nothing can be printed either. */
bool cli_os_start(int *argc, char ***argv);

/* The machine as mote_machine_name calls it; NULL when it is unknown. */
enum { CLI_OS_MACHINE_BYTES = 128 };
const char *cli_os_machine(char text[CLI_OS_MACHINE_BYTES]);

/* What a report says about this system and this computer; what nobody tells is empty. */
struct cli_os_description {
	char name[128];	     /* "Linux", "macOS" */
	char release[128];   /* "6.18.5", "15.1" */
	char build[128];     /* "#1 SMP PREEMPT_DYNAMIC", "24B83" */
	char model[128];     /* of the computer: "Mac14,2" */
	char processor[128]; /* "Apple M2" */
};

void cli_os_describe(struct cli_os_description *description);

/* Whether the system says of itself that programs may have virtual machines (macOS:
 * kern.hv_support): 1 or 0; -1: it says nothing. */
int cli_os_hypervisor_support(void);

/* Where /proc and /sys are, in which this machine's kernel tells of the processor: "", in their
 * usual place; NULL where no kernel does that, whatever folders have such names. */
const char *cli_os_kernel_root(void);

/* The path of this program, free of links, with a slash between folders.  False when it is unknown
 * or longer than capacity - 1. */
bool cli_os_program_path(char *path, size_t capacity);

/* Never goes back, and goes on at the pace of real time. */
uint64_t cli_os_monotonic_ns(void);
/* Less than a second. */
void cli_os_pause_ns(uint64_t ns);

/* For mote bench: the cheapest call of the system, and a process that ends as soon as it began. */
void cli_os_call_system(void);
int cli_os_run_process(void);

/* ---- Another program --------------------------------------------------------------------- */

struct cli_os_process;

/* Starts a program, found as a shell finds it, with this terminal.  Until it was waited for, Ctrl-C
 * is the program's affair.  arguments: NULL at the end. */
int cli_os_process_start(const char *const *arguments, struct cli_os_process **process);
/* Waits for its end; any thread. */
void cli_os_process_wait(struct cli_os_process *process);

/* How a program ended. */
struct cli_os_ending {
	bool by_signal;
	int number; /* of the signal, or its exit code */
};

/* One program at a time whose output is read.  It and what it starts are no affair of the terminal:
 * Ctrl-C does not reach them. */
struct cli_os_child;

int cli_os_child_create(struct cli_os_child **child);
void cli_os_child_destroy(struct cli_os_child *child); /* may be NULL; not while a program runs */

/* Starts a program by its path, arguments[0]; NULL at the end.  It has no input. */
int cli_os_child_start(struct cli_os_child *child, const char *const *arguments);
/* Waits for something that it writes, to standard output or standard error, but not longer than the
 * monotonic clock shows end_ns: CLI_OS_TIME_UP.  got: 0 at the end. */
int cli_os_child_read(struct cli_os_child *child, uint64_t end_ns, void *to, size_t bytes,
		      size_t *got);
/* Ends the program that runs, if one does, and what it has started.  Any thread. */
void cli_os_child_kill(struct cli_os_child *child);
/* Waits for its end, whatever it still writes, and ends what it has left behind. */
void cli_os_child_wait(struct cli_os_child *child, struct cli_os_ending *ending);

/* ---- Files ------------------------------------------------------------------------------- */

/* Standard files that are always open. */
enum { CLI_OS_INPUT = 0, CLI_OS_OUTPUT = 1, CLI_OS_MESSAGES = 2 };

int cli_os_open(const char *path, int *file);
/* Creates or truncates it, for writing. */
int cli_os_create(const char *path, int *file);
int cli_os_close(int file);
/* What the library knows it by. */
intptr_t cli_os_handle(int file);

/* Only a regular file, and never waits; for names that a file told.  bytes: its length. */
int cli_os_open_regular(const char *path, int *file, uint64_t *bytes);
/* Up to that many of the bytes at an offset.  got: 0 behind the end. */
int cli_os_read_at(int file, uint64_t offset, void *to, size_t bytes, size_t *got);

/* How much is in a regular file; 0 for anything else. */
int cli_os_file_bytes(int file, uint64_t *bytes);
/* Whether it is open for reading, or for writing.  Returns the code that its use would. */
int cli_os_check_use(int file, bool writes);
/* Waits until there is something.  got: 0 at the end. */
int cli_os_read(int file, void *to, size_t bytes, size_t *got);
/* Waits until all of it is written. */
int cli_os_write(int file, const void *data, size_t length);
bool cli_os_is_terminal(int file);
/* Whether terminals show UTF-8, whatever the locale is called. */
bool cli_os_terminals_are_utf8(void);

/* ---- Folders ----------------------------------------------------------------------------- */

struct cli_os_folder {
	const char *path; /* as given: outlives the folder */
	int handle;
};

/* made: whether it was not there before. */
int cli_os_folder_make(const char *path, bool *made);
int cli_os_folder_is_empty(const char *path, bool *empty);
/* Its files are those of the folder that was opened, whatever comes in its place. */
int cli_os_folder_open(const char *path, struct cli_os_folder *folder);
void cli_os_folder_close(const struct cli_os_folder *folder);
/* Only if it is empty. */
void cli_os_folder_remove(const char *path);

/* A new file with that in it; none when it fails. */
int cli_os_folder_write(const struct cli_os_folder *folder, const char *name, const char *text,
			size_t length);
void cli_os_folder_remove_file(const struct cli_os_folder *folder, const char *name);

/* Names in a folder, sorted by their bytes, without those that begin with a dot. */
struct cli_os_names {
	char **name;
	size_t count;
};

int cli_os_names_read(const char *folder, struct cli_os_names *names);
/* Accepts a zeroed structure. */
void cli_os_names_release(struct cli_os_names *names);

/* ---- Threads ----------------------------------------------------------------------------- */

/* They leave signals to the main thread. */
struct cli_os_thread;

int cli_os_thread_start(void (*body)(void *user), void *user, struct cli_os_thread **thread);
/* Waits for its end. */
void cli_os_thread_join(struct cli_os_thread *thread);

/* Calls on_end, on a thread of its own, unless cli_os_timer_stop comes within that time. */
struct cli_os_timer;

int cli_os_timer_start(uint64_t ns, void (*on_end)(void *user), void *user,
		       struct cli_os_timer **timer);
/* Waits for on_end if it has begun. */
void cli_os_timer_stop(struct cli_os_timer *timer);

/*
 * From cli_os_stops_begin to cli_os_stops_end, a signal that tells the process to end (SIGINT,
 * SIGTERM, SIGHUP, or what stands for one of them) calls on_stop with its number instead.  That
 * happens on one thread of its own, so on_stop may do anything, and the next signal waits for it.
 * Signals that were ignored stay so.
 */
struct cli_os_stops;

int cli_os_stops_begin(void (*on_stop)(void *user, int number), void *user,
		       struct cli_os_stops **stops);
/* Waits for on_stop if it has begun.  Signals that came too late do what they always do. */
void cli_os_stops_end(struct cli_os_stops *stops);

/* What the user did: "SIGINT", "Ctrl-C"; "a signal" for those that call no on_stop. */
const char *cli_os_stop_name(int number);

#endif
