/* SPDX-License-Identifier: Apache-2.0
 *
 * Log and abort messages.  Both travel in the data area of host calls.  A log
 * message gives back what it covered there, so that the result of the last
 * import survives it.
 */
#include "format.h"
#include "text.h"

static void ring_message(uint32_t level, const char *text, size_t length)
{
	struct mote_abi_message *message = &mote_guest_runtime.mailbox->message;

	memcpy(mote_guest_runtime.host_call_data, text, length);
	message->level = level;
	message->length = (uint32_t)length;
}

/* log_level is read where it stands: the host may change it between calls. */
static bool wanted(mote_log_level level)
{
	return level != MOTE_LOG_OFF && (uint32_t)level <= mote_guest_runtime.mailbox->log_level;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void mote_log_text(mote_log_level level, const char *text, size_t length)
{
	struct mote_guest_runtime *runtime = &mote_guest_runtime;
	unsigned char covered[MOTE_GUEST_MESSAGE_BYTES];
	size_t covered_bytes;

	if (!wanted(level))
		return;
	length = smaller(length, smaller(sizeof(covered), runtime->data_bytes));
	covered_bytes = smaller(length, runtime->host_result_bytes);
	memcpy(covered, runtime->host_call_data, covered_bytes);
	ring_message(level, text, length);
	MOTE_GUEST_RING(MOTE_ABI_PORT_LOG);
	memcpy(runtime->host_call_data, covered, covered_bytes);
}

void mote_log_arguments(mote_log_level level, const char *format, va_list arguments)
{
	char text[MOTE_GUEST_MESSAGE_BYTES];

	if (!wanted(level))
		return;
	mote_log_text(level, text, mote_guest_format(text, sizeof(text), format, arguments));
}

void mote_log(mote_log_level level, const char *format, ...)
{
	va_list arguments;

	if (!wanted(level))
		return;
	va_start(arguments, format);
	mote_log_arguments(level, format, arguments);
	va_end(arguments);
}

void mote_abort(const char *format, ...)
{
	char text[MOTE_GUEST_MESSAGE_BYTES];
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	length = mote_guest_format(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (mote_guest_flush)
		mote_guest_flush();
	ring_message(MOTE_LOG_ERROR, text, smaller(length, mote_guest_runtime.data_bytes));
	MOTE_GUEST_RING(MOTE_ABI_PORT_ABORT);
	mote_guest_trap();
}
