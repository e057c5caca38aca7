/* SPDX-License-Identifier: Apache-2.0
 *
 * Fills error objects.
 */
#include "error_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/text.h"

/* How much text fits into the caller's structure; 0 when it is too small to be written at all. */
static size_t text_capacity(const mote_error *error)
{
	size_t before = offsetof(mote_error, text);

	if (error == NULL || error->size <= before)
		return 0;
	if (error->size - before > MOTE_ERROR_TEXT_BYTES)
		return MOTE_ERROR_TEXT_BYTES;
	return error->size - before;
}

/* A text that did not fit may end inside a character. */
static size_t whole_length(const char *text, int wanted)
{
	size_t length = strlen(text);

	return wanted >= MOTE_ERROR_TEXT_BYTES ? mote_text_whole(text, length) : length;
}

/* A caller's structure may end before the subject. */
static void set_subject(mote_error *error, mote_error_subject subject, size_t offset)
{
	if (error->size < offsetof(mote_error, subject_offset) + sizeof(error->subject_offset))
		return;
	error->subject = subject;
	error->subject_offset = (uint32_t)offset;
}

static void fill(mote_error *error, mote_status status, const struct mote_failed_call *call,
		 const char *format, va_list arguments)
{
	char text[MOTE_ERROR_TEXT_BYTES];
	size_t capacity = text_capacity(error);
	int length;

	if (capacity == 0)
		return;
	/* The arguments may point into the error that is being written. */
	length = vsnprintf(text, sizeof(text), format, arguments);
	if (length < 0)
		text[0] = '\0';
	if (call->reason != NULL && length >= 0 && (size_t)length < sizeof(text))
		length += snprintf(text + length, sizeof(text) - (size_t)length, ": %s",
				   call->reason);
	/* Names and messages may come from hostile files and guests. */
	mote_text_copy(error->text, capacity, text, whole_length(text, length));
	error->status = status;
	error->domain = call->domain;
	error->os_code = call->code;
	set_subject(error, MOTE_SUBJECT_NONE, 0);
}

mote_status mote_fail(mote_error *error, mote_status status, const char *format, ...)
{
	static const struct mote_failed_call none = {.domain = MOTE_DOMAIN_MOTE};
	va_list arguments;

	va_start(arguments, format);
	fill(error, status, &none, format, arguments);
	va_end(arguments);
	return status;
}

mote_status mote_fail_option(mote_error *error, mote_status status, mote_error_subject subject,
			     const char *format, ...)
{
	static const struct mote_failed_call none = {.domain = MOTE_DOMAIN_MOTE};
	size_t capacity = text_capacity(error);
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	fill(error, status, &none, format, arguments);
	va_end(arguments);
	if (capacity == 0)
		return status;
	length = strlen(error->text);
	snprintf(error->text + length, capacity - length, " %s", mote_error_subject_name(subject));
	/* Nothing of the name may have fit. */
	set_subject(error, subject, length + (error->text[length] == ' '));
	return status;
}

mote_status mote_fail_call(mote_error *error, mote_status status,
			   const struct mote_failed_call *call, const char *format,
			   va_list arguments)
{
	fill(error, status, call, format, arguments);
	return status;
}

mote_status mote_fail_as(mote_error *error, const mote_error *from)
{
	size_t capacity = text_capacity(error);

	if (capacity == 0)
		return from->status;
	mote_text_copy(error->text, capacity, from->text, strlen(from->text));
	error->status = from->status;
	error->domain = from->domain;
	error->os_code = from->os_code;
	set_subject(error, from->subject, from->subject_offset);
	return from->status;
}

mote_status mote_fail_memory(mote_error *error, const char *what)
{
	return mote_fail(error, MOTE_NO_MEMORY, "out of host memory: %s; %s", what,
			 mote_memory_limits);
}
