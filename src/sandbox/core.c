/* SPDX-License-Identifier: Apache-2.0
 *
 * When a sandbox writes a core, and into which file.
 */
#include <stdio.h>
#include <string.h>

#include "error_internal.h"
#include "options.h"
#include "os/os_file.h"
#include "os/os_process.h"
#include "sandbox/core_internal.h"
#include "text/text.h"

enum { PATH_BYTES = 4096, FIELD_BYTES = 256 };

static const char DEFAULT_PATTERN[] = "core.%n.%p.%i";

/* A sandbox's settings, and what became of the last call. */
struct mote_core_settings {
	uint64_t maximum_bytes;
	uint32_t causes;
	char pattern[PATH_BYTES]; /* the folder, a slash, the name; no % but in the name */
	size_t folder_bytes;
	char path[PATH_BYTES]; /* empty: none */
	mote_error error;      /* MOTE_OK: none */
};

/* ---- Settings ---------------------------------------------------------------------------- */

static mote_status check_pattern(const char *pattern, mote_error *error)
{
	if (pattern[0] == '\0' || strchr(pattern, '/') != NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "core options: pattern %s: it must be a file name",
				 mote_text_short(pattern).text);
	for (const char *at = strchr(pattern, '%'); at != NULL; at = strchr(at + 2, '%'))
		if (at[1] == '\0' || strchr("npit%", at[1]) == NULL)
			return mote_fail(error, MOTE_INVALID_ARGUMENT,
					 "core options: pattern %s: %% is followed by n, p, i, t "
					 "or %%",
					 mote_text_short(pattern).text);
	return MOTE_OK;
}

static mote_status check(mote_core_options *options, mote_error *error)
{
	mote_status status;

	if (options->pattern == NULL)
		options->pattern = DEFAULT_PATTERN;
	if (options->directory == NULL || options->directory[0] == '\0')
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "core options: directory is %s",
				 options->directory == NULL ? "NULL" : "empty");
	status = check_pattern(options->pattern, error);
	if (status != MOTE_OK)
		return status;
	if (options->causes & ~(uint32_t)MOTE_CORE_ALL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "core options: causes 0x%x: there are 0x%x", options->causes,
				 MOTE_CORE_ALL);
	if (strlen(options->directory) + strlen(options->pattern) + 2 > PATH_BYTES)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "core options: directory and pattern are longer than %d bytes",
				 PATH_BYTES - 2);
	return MOTE_OK;
}

static mote_status set(mote_sandbox *sandbox, const mote_core_options *options, mote_error *error)
{
	static const struct mote_structure structure = {"core options", "MOTE_CORE_OPTIONS_INIT",
							sizeof(mote_core_options)};
	const mote_allocator *allocator = &sandbox->engine->allocator;
	mote_core_options taken = MOTE_CORE_OPTIONS_INIT;
	struct mote_core_settings *settings = NULL;
	mote_status status;

	if (options != NULL) {
		status = mote_structure_take(&structure, &taken, options, error);
		if (status == MOTE_OK)
			status = check(&taken, error);
		if (status != MOTE_OK)
			return status;
		settings = mote_allocate(allocator, sizeof(*settings));
		if (settings == NULL)
			return mote_fail_memory(error, "core options");
		settings->causes = taken.causes;
		settings->maximum_bytes = taken.maximum_bytes;
		settings->folder_bytes = strlen(taken.directory) + 1;
		snprintf(settings->pattern, sizeof(settings->pattern), "%s/%s", taken.directory,
			 taken.pattern);
	}
	mote_release(allocator, sandbox->core);
	sandbox->core = settings;
	return MOTE_OK;
}

mote_status mote_sandbox_set_core_options(mote_sandbox *sandbox, const mote_core_options *options,
					  mote_error *error)
{
	mote_status status;

	if (sandbox == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "sandbox is NULL");
	status = mote_sandbox_claim(sandbox, error);
	if (status != MOTE_OK)
		return status;
	status = set(sandbox, options, error);
	(void)mote_sandbox_unclaim(sandbox);
	return status;
}

/* ---- The file ---------------------------------------------------------------------------- */

static mote_status write_part(void *user, uint64_t offset, const void *data, size_t bytes,
			      mote_error *error)
{
	return mote_os_new_file_write(user, offset, data, bytes, error);
}

static mote_status write_file(const struct mote_core *core, const char *path, uint64_t length,
			      mote_error *error)
{
	struct mote_os_new_file file;
	const struct mote_core_writer writer = {write_part, &file};
	mote_status status = mote_os_new_file_create(path, &file, error);

	if (status != MOTE_OK)
		return status;
	status = mote_core_write(core, &writer, error);
	if (status == MOTE_OK)
		return mote_os_new_file_commit(&file, length, error);
	mote_os_new_file_discard(&file);
	return status;
}

/* maximum: of bytes that are written; 0: any number. */
static mote_status write_core(struct mote_core_dump *dump, const char *path, uint64_t maximum,
			      mote_error *error)
{
	char has[MOTE_SIZE_TEXT_BYTES], may[MOTE_SIZE_TEXT_BYTES];
	uint64_t written, length;
	mote_status status = mote_core_dump_gather(dump, error);

	if (status == MOTE_OK)
		status = mote_core_measure(&dump->core, &written, &length, error);
	if (status == MOTE_OK && maximum != 0 && written > maximum)
		status = mote_fail(error, MOTE_LIMIT,
				   "core %s: it would take %s and may take %s; raise "
				   "maximum_bytes of its options",
				   mote_text_short(path).text, mote_size_text(written, has),
				   mote_size_text(maximum, may));
	if (status == MOTE_OK)
		status = write_file(&dump->core, path, length, error);
	return status;
}

/* The breakpoints of a debugger are no part of the guest. */
static mote_status write_guest(struct mote_core_dump *dump, const char *path, uint64_t maximum,
			       mote_error *error)
{
	const mote_sandbox *sandbox = dump->sandbox;
	mote_status status;

	if (sandbox->debug != NULL)
		sandbox->debug_ops->hide(sandbox->debug, true);
	status = write_core(dump, path, maximum, error);
	if (sandbox->debug != NULL)
		sandbox->debug_ops->hide(sandbox->debug, false);
	return status;
}

/* A core is too large for a stack.  is_stopped: by a debugger. */
static mote_status dump(mote_sandbox *sandbox, bool is_stopped, mote_status ended,
			const char *reason, const char *path, uint64_t maximum, mote_error *error)
{
	const mote_allocator *allocator = &sandbox->engine->allocator;
	struct mote_core_dump *core = mote_allocate(allocator, sizeof(*core));
	mote_status status;

	if (core == NULL)
		return mote_fail_memory(error, "core");
	core->sandbox = sandbox;
	core->status = ended;
	core->reason = reason;
	core->is_stopped = is_stopped;
	status = write_guest(core, path, maximum, error);
	mote_release(allocator, core->notes.bytes);
	mote_release(allocator, core);
	return status;
}

/* ---- At the end of a call ------------------------------------------------------------------ */

static uint32_t cause_of(const mote_sandbox *sandbox, mote_status status)
{
	switch (status) {
	case MOTE_GUEST_FAULT:
		return sandbox->fault.kind == MOTE_FAULT_MAILBOX ? MOTE_CORE_MAILBOX
								 : MOTE_CORE_FAULT;
	case MOTE_GUEST_ABORT:
		return MOTE_CORE_ABORT;
	case MOTE_WALL_DEADLINE:
	case MOTE_CPU_DEADLINE:
		return MOTE_CORE_DEADLINE;
	case MOTE_KILLED:
		return MOTE_CORE_KILL;
	default:
		return 0;
	}
}

/* The last part of the image's name, without what has a meaning in a path. */
static void guest_field(const mote_sandbox *sandbox, char field[FIELD_BYTES])
{
	const char *name = sandbox->image->given_name;
	const char *slash = strrchr(name, '/');
	size_t length;

	name = slash != NULL ? slash + 1 : name;
	length = mote_text_copy(field, FIELD_BYTES, name, strlen(name));
	if (length == 0)
		snprintf(field, FIELD_BYTES, "guest");
}

/* Without what a path may not have on every system. */
static void time_field(char field[FIELD_BYTES])
{
	char now[MOTE_CORE_TIME_BYTES];

	mote_core_time_text(now);
	for (const char *at = now; *at != '\0'; at++)
		if (*at != '-' && *at != ':')
			*field++ = *at;
	*field = '\0';
}

static void put_field(mote_sandbox *sandbox, char letter, char field[FIELD_BYTES])
{
	switch (letter) {
	case 'n':
		guest_field(sandbox, field);
		break;
	case 'p':
		snprintf(field, FIELD_BYTES, "%llu", (unsigned long long)mote_os_process_id());
		break;
	case 'i':
		snprintf(field, FIELD_BYTES, "%llu",
			 (unsigned long long)atomic_fetch_add(&sandbox->engine->cores, 1) + 1);
		break;
	case 't':
		time_field(field);
		break;
	default:
		snprintf(field, FIELD_BYTES, "%c", letter);
	}
}

static mote_status make_path(mote_sandbox *sandbox, mote_error *error)
{
	struct mote_core_settings *settings = sandbox->core;
	const char *from = settings->pattern + settings->folder_bytes;
	size_t used = settings->folder_bytes;
	char field[FIELD_BYTES];

	memcpy(settings->path, settings->pattern, used);
	for (; *from != '\0'; from++) {
		size_t length;

		if (*from == '%') {
			put_field(sandbox, *++from, field);
		} else {
			field[0] = *from;
			field[1] = '\0';
		}
		length = strlen(field);
		if (length >= sizeof(settings->path) - used)
			return mote_fail(error, MOTE_FILE, "the path of a core is too long");
		memcpy(settings->path + used, field, length);
		used += length;
	}
	settings->path[used] = '\0';
	return MOTE_OK;
}

void mote_sandbox_core_failed(mote_sandbox *sandbox, mote_status ended, const mote_error *reason)
{
	struct mote_core_settings *settings = sandbox->core;
	mote_status status;

	mote_error_begin(&settings->error);
	if (!(cause_of(sandbox, ended) & settings->causes))
		return;
	status = make_path(sandbox, &settings->error);
	if (status == MOTE_OK)
		status = dump(sandbox, false, ended, reason != NULL ? reason->text : "",
			      settings->path, settings->maximum_bytes, &settings->error);
	if (status != MOTE_OK)
		settings->path[0] = '\0';
}

const char *mote_sandbox_get_core_path(const mote_sandbox *sandbox)
{
	return sandbox->core != NULL && sandbox->core->path[0] != '\0' ? sandbox->core->path : NULL;
}

const mote_error *mote_sandbox_get_core_error(const mote_sandbox *sandbox)
{
	return sandbox->core != NULL && sandbox->core->error.status != MOTE_OK
		       ? &sandbox->core->error
		       : NULL;
}

/* ---- On demand ----------------------------------------------------------------------------- */

static mote_status dump_now(mote_sandbox *sandbox, bool is_stopped, const char *path,
			    mote_error *error)
{
	mote_status ended = sandbox->poisoned ? sandbox->poison_status : MOTE_OK;

	return dump(sandbox, is_stopped, ended, sandbox->poison_text, path, 0, error);
}

/* A core that is written on the thread that may use the guest, while a debugger has stopped it. */
struct visit {
	mote_sandbox *sandbox;
	const char *path;
	mote_error *error;
	mote_status status;
};

static void visit(void *argument)
{
	struct visit *visit = argument;

	visit->status = dump_now(visit->sandbox, true, visit->path, visit->error);
}

mote_status mote_sandbox_dump_core(mote_sandbox *sandbox, const char *path, mote_error *error)
{
	struct visit asked = {.sandbox = sandbox, .path = path, .error = error};
	mote_status status;

	if (sandbox == NULL || path == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "core: NULL argument");
	if (mote_engine_forked(sandbox->engine))
		return mote_fail(error, MOTE_FORKED, "this sandbox belongs to the parent process");
	if (mote_interrupt_is_in_this_thread(sandbox->watch.interrupt))
		return dump_now(sandbox, false, path, error);
	if (mote_sandbox_debug_visit(sandbox, visit, &asked))
		return asked.status;
	status = mote_sandbox_claim(sandbox, error);
	if (status != MOTE_OK)
		return status;
	status = dump_now(sandbox, false, path, error);
	(void)mote_sandbox_unclaim(sandbox);
	return status;
}
