/* SPDX-License-Identifier: Apache-2.0
 *
 * Marshalling between values and the shared mailbox.
 */
#include "sandbox/mailbox.h"

#include <string.h>

#include "compiler.h"
#include "error_internal.h"
#include "value_internal.h"

enum { COPY_ALIGNMENT = 16 }; /* of each copy handed to a host function */

/* Copies out of shared memory once: the compiler must not read the source again later. */
static void copy_in(void *to, const void *from, size_t bytes)
{
	memcpy(to, from, bytes);
	MOTE_COMPILER_BARRIER();
}

static size_t align_up(size_t value)
{
	return (value + COPY_ALIGNMENT - 1) & ~(size_t)(COPY_ALIGNMENT - 1);
}

/* Makes room for bytes, at most all data with a NUL and a gap for each argument.  Discards what is
 * in space: it is no longer needed, and keeping it would need a second copy. */
static mote_status reserve(const struct mote_channel *channel, const mote_allocator *allocator,
			   struct mote_buffer_space *space, size_t bytes, mote_error *error)
{
	const size_t most =
		channel->data_bytes + MOTE_ABI_MAXIMUM_ARGUMENTS * (size_t)COPY_ALIGNMENT;
	size_t capacity = space->capacity > 0 ? space->capacity : 64;

	if (bytes <= space->capacity)
		return MOTE_OK;
	while (capacity < bytes)
		capacity *= 2;
	if (capacity > most && bytes <= most)
		capacity = most;
	mote_release(allocator, space->bytes);
	/* Not mote_allocate, which would zero all of it. */
	space->bytes = mote_reallocate(allocator, NULL, capacity);
	space->capacity = space->bytes != NULL ? capacity : 0;
	return space->bytes != NULL ? MOTE_OK : mote_fail_memory(error, "copy of a guest's value");
}

/* ---- To the guest ------------------------------------------------------------------------ */

/* The union's members share their bytes: a float's bits are those of the integer of its size. */
static uint64_t scalar_bits(const mote_value *value)
{
	switch (value->type) {
	case MOTE_TYPE_I32:
	case MOTE_TYPE_U32:
	case MOTE_TYPE_F32:
		return value->as.u32;
	case MOTE_TYPE_I64:
	case MOTE_TYPE_U64:
	case MOTE_TYPE_F64:
		return value->as.u64;
	case MOTE_TYPE_BOOL:
		return value->as.boolean;
	default:
		return 0;
	}
}

static mote_status too_large(const struct mote_channel *channel, mote_error *error)
{
	return mote_fail_option(
		error, MOTE_TOO_LARGE, MOTE_SUBJECT_MAILBOX_BYTES,
		"strings and bytes of one call are larger than the mailbox (%zu bytes), and not in "
		"a buffer that this sandbox has mapped; map one, or raise",
		channel->data_bytes);
}

struct data {
	const void *bytes;
	size_t length;
	bool is_string;
};

static struct data data_of(const mote_value *value)
{
	if (value->type == MOTE_TYPE_STRING)
		return (struct data){value->as.string.data, value->as.string.length, true};
	return (struct data){value->as.bytes.data, value->as.bytes.length, false};
}

/* Whether data can be passed to the guest.  Checks the size before the contents. */
static mote_status check_data(const struct mote_channel *channel, const struct data *data,
			      mote_error *error)
{
	if (data->bytes == NULL && data->length > 0)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "a value of %zu bytes has no data (NULL)", data->length);
	if (!data->is_string)
		return MOTE_OK;
	if (data->length >= channel->data_bytes)
		return too_large(channel, error);
	if (data->length > 0 && memchr(data->bytes, '\0', data->length) != NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "a string contains a NUL");
	return MOTE_OK;
}

/* Whether bytes lie in a shared buffer, and where the guest sees them. */
static bool find_shared(const struct mote_channel *channel, const struct data *data, uint64_t *gva)
{
	for (size_t i = 0; i < channel->buffer_count; i++) {
		const struct mote_mapped_buffer *buffer = &channel->buffers[i];
		uint64_t into = (uintptr_t)data->bytes - (uintptr_t)buffer->hva;

		if (!data->is_string && into < buffer->bytes &&
		    data->length <= buffer->bytes - into && data->length <= UINT32_MAX) {
			*gva = buffer->gva + into;
			return true;
		}
	}
	return false;
}

/* Appends checked data to the data area; false when it does not fit. */
static bool put_data(struct mote_channel *channel, const struct data *data, size_t *used,
		     struct mote_abi_value *to)
{
	size_t room = channel->data_bytes - *used;

	if (data->length > room || (data->is_string && data->length == room))
		return false;
	if (data->length > 0)
		memcpy(channel->data + *used, data->bytes, data->length);
	if (data->is_string)
		channel->data[*used + data->length] = '\0';
	to->length = (uint32_t)data->length;
	to->bits = *used;
	*used += align_up(data->length + data->is_string);
	if (*used > channel->data_bytes)
		*used = channel->data_bytes;
	mote_channel_note_written(channel, *used);
	return true;
}

/* A string or bytes. */
static mote_status put_with_data(struct mote_channel *channel, const mote_value *value,
				 size_t *used, struct mote_abi_value *to, mote_error *error)
{
	struct mote_abi_value made = {.type = (uint32_t)value->type};
	const struct data data = data_of(value);
	mote_status status = check_data(channel, &data, error);

	if (status != MOTE_OK)
		return status;
	if (find_shared(channel, &data, &made.bits)) {
		made.bits |= MOTE_ABI_ADDRESS;
		made.length = (uint32_t)data.length;
	} else if (!put_data(channel, &data, used, &made)) {
		return too_large(channel, error);
	}
	*to = made;
	return MOTE_OK;
}

static mote_status put_value(struct mote_channel *channel, const mote_value *value, size_t *used,
			     struct mote_abi_value *to, mote_error *error)
{
	if (mote_type_has_data(value->type))
		return put_with_data(channel, value, used, to, error);
	*to = (struct mote_abi_value){(uint32_t)value->type, 0, scalar_bits(value)};
	return MOTE_OK;
}

mote_status mote_channel_put_call(struct mote_channel *channel, const mote_signature *signature,
				  uint32_t function, const mote_value *arguments, size_t count,
				  mote_error *error)
{
	struct mote_abi_call *record = channel->record;
	size_t used = 0;

	if (count != signature->argument_count || (count > 0 && arguments == NULL))
		return mote_signature_check(signature, arguments, count, error);
	for (size_t i = 0; i < count; i++) {
		mote_status status;

		if (arguments[i].type != (mote_type)signature->arguments[i])
			return mote_signature_check(signature, arguments, count, error);
		status = put_value(channel, &arguments[i], &used, &record->arguments[i], error);
		if (status != MOTE_OK)
			return status;
	}
	record->function = function;
	record->argument_count = (uint32_t)count;
	record->result = (struct mote_abi_value){0};
	return MOTE_OK;
}

mote_status mote_channel_measure(const struct mote_channel *channel, const mote_value *values,
				 size_t count, size_t taken, size_t *bytes, mote_error *error)
{
	*bytes = 0;
	for (size_t i = 0; i < count; i++) {
		struct data data;
		mote_status status;
		uint64_t gva;

		if (!mote_type_has_data(values[i].type))
			continue;
		data = data_of(&values[i]);
		status = check_data(channel, &data, error);
		if (status != MOTE_OK)
			return status;
		if (find_shared(channel, &data, &gva))
			continue;
		if (data.length >= channel->data_bytes)
			return too_large(channel, error);
		*bytes += align_up(data.length + data.is_string);
	}
	return *bytes + taken <= channel->data_bytes ? MOTE_OK : too_large(channel, error);
}

/* The space of one call of a batch besides its data: its arguments and its result. */
static size_t batch_record_bytes(const struct mote_batch *batch)
{
	return (batch->argument_count + 1) * sizeof(struct mote_abi_value);
}

/* Fails when not even the first call fits. */
static mote_status batch_fit(const struct mote_channel *channel, const struct mote_batch *batch,
			     size_t first, size_t *count, mote_error *error)
{
	size_t used = 0, bytes;

	for (*count = 0; first + *count < batch->calls; ++*count) {
		size_t at = (first + *count) * batch->argument_count;
		mote_status status =
			mote_channel_measure(channel, &batch->arguments[at], batch->argument_count,
					     used + batch_record_bytes(batch), &bytes,
					     *count == 0 ? error : NULL);

		if (status != MOTE_OK)
			return *count == 0 ? status : MOTE_OK;
		used += batch_record_bytes(batch) + bytes;
	}
	return MOTE_OK;
}

mote_status mote_mailbox_put_batch(struct mote_mailbox *mailbox, const struct mote_batch *batch,
				   size_t first, size_t *count, mote_error *error)
{
	struct mote_channel *channel = &mailbox->call;
	struct mote_abi_value *to = (struct mote_abi_value *)(void *)channel->data;
	const mote_value *from = &batch->arguments[first * batch->argument_count];
	mote_status status = batch_fit(channel, batch, first, count, error);
	size_t values = *count * batch->argument_count;
	size_t used = *count * batch_record_bytes(batch);

	mote_channel_note_written(channel, used);
	for (size_t i = 0; status == MOTE_OK && i < values; i++)
		status = put_value(channel, &from[i], &used, &to[i], error);
	if (status != MOTE_OK)
		return status;
	memset(to + values, 0, *count * sizeof(*to));
	channel->record->function = batch->function;
	channel->record->argument_count = (uint32_t)batch->argument_count;
	mailbox->shared->batch_count = (uint32_t)*count;
	mailbox->shared->batch_results_offset = (uint32_t)(values * sizeof(*to));
	return MOTE_OK;
}

mote_status mote_channel_put_result(struct mote_channel *channel, const mote_value *result,
				    mote_error *error)
{
	size_t used = 0;

	return put_value(channel, result, &used, &channel->record->result, error);
}

/* ---- From the guest ---------------------------------------------------------------------- */

/* Copies a value once and checks the copy: its type and, for strings and bytes, that it lies in the
 * data area. */
static const char *take_value(const struct mote_channel *channel, const struct mote_abi_value *from,
			      mote_type type, struct mote_abi_value *copy)
{
	copy_in(copy, from, sizeof(*copy));
	if (copy->type != (uint32_t)type)
		return "a value of the wrong type";
	if (type == MOTE_TYPE_BOOL && copy->bits > 1)
		return "a bool that is neither 0 nor 1";
	if (mote_type_has_data(type) &&
	    (copy->bits > channel->data_bytes || copy->length > channel->data_bytes - copy->bits))
		return "data outside the mailbox";
	return NULL;
}

static void get_scalar(const struct mote_abi_value *from, mote_type type, mote_value *to)
{
	switch (type) {
	case MOTE_TYPE_I32:
	case MOTE_TYPE_U32:
	case MOTE_TYPE_F32:
		to->as.u32 = (uint32_t)from->bits;
		break;
	case MOTE_TYPE_BOOL:
		to->as.boolean = from->bits != 0;
		break;
	default:
		to->as.u64 = from->bits;
	}
}

/* Copies a checked string or bytes to memory with room for a NUL. */
static const char *get_data(const struct mote_channel *channel, const struct mote_abi_value *from,
			    mote_type type, uint8_t *memory, mote_value *to)
{
	copy_in(memory, channel->data + from->bits, from->length);
	if (type == MOTE_TYPE_BYTES) {
		to->as.bytes = (mote_bytes){memory, from->length};
		return NULL;
	}
	memory[from->length] = '\0';
	to->as.string = (mote_text){(const char *)memory, from->length};
	return memchr(memory, '\0', from->length) != NULL ? "a string that contains a NUL" : NULL;
}

static mote_status invalid(const char *what, const char **problem)
{
	*problem = what;
	return MOTE_GUEST_FAULT;
}

const char *mote_channel_get_scalar(const struct mote_channel *channel, mote_type type,
				    mote_value *result)
{
	struct mote_abi_value from;
	const char *bad = take_value(channel, &channel->record->result, type, &from);

	if (bad != NULL)
		return bad;
	result->type = type;
	get_scalar(&from, type, result);
	return NULL;
}

mote_status mote_channel_get_result(const struct mote_channel *channel, mote_type type,
				    void *buffer, size_t capacity, const mote_allocator *allocator,
				    struct mote_buffer_space *space, mote_value *result,
				    const char **problem, mote_error *error)
{
	struct mote_abi_value from;
	mote_value made = {.type = type};
	const char *bad;
	mote_status status;

	if (!mote_type_has_data(type)) {
		bad = mote_channel_get_scalar(channel, type, result);
		return bad == NULL ? MOTE_OK : invalid(bad, problem);
	}
	bad = take_value(channel, &channel->record->result, type, &from);
	if (bad != NULL)
		return invalid(bad, problem);
	if (buffer == NULL) {
		status = reserve(channel, allocator, space, (size_t)from.length + 1, error);
		if (status != MOTE_OK)
			return status;
		buffer = space->bytes;
	} else if (capacity < (size_t)from.length + (type == MOTE_TYPE_STRING)) {
		return mote_fail(error, MOTE_TOO_LARGE,
				 "the result has %u bytes, result_capacity is %zu", from.length,
				 capacity);
	}
	bad = get_data(channel, &from, type, buffer, &made);
	if (bad != NULL)
		return invalid(bad, problem);
	*result = made;
	return MOTE_OK;
}

void mote_mailbox_get_batch(const struct mote_mailbox *mailbox, const struct mote_batch *batch,
			    size_t count, mote_value *results, const char **problem)
{
	const struct mote_channel *channel = &mailbox->call;
	const struct mote_abi_value *from = (const struct mote_abi_value *)(void *)channel->data;

	from += count * batch->argument_count;
	for (size_t i = 0; i < count; i++) {
		struct mote_abi_value value;

		*problem = take_value(channel, &from[i], batch->result, &value);
		if (*problem != NULL)
			return;
		results[i] = (mote_value){.type = batch->result};
		get_scalar(&value, batch->result, &results[i]);
	}
}

uint32_t mote_channel_function(const struct mote_channel *channel)
{
	uint32_t function;

	copy_in(&function, &channel->record->function, sizeof(function));
	return function;
}

/*
 * Copies and checks all arguments, and converts those without data.  bytes: the size of copies of
 * the data; a guest may make its arguments overlap, so the sum is bounded here.
 */
static const char *get_records(const struct mote_channel *channel, const mote_signature *signature,
			       struct mote_abi_value *from, mote_value *arguments, size_t *bytes)
{
	size_t data = 0;

	*bytes = 0;
	for (unsigned i = 0; i < signature->argument_count; i++) {
		mote_type type = (mote_type)signature->arguments[i];
		const char *bad =
			take_value(channel, &channel->record->arguments[i], type, &from[i]);

		if (bad != NULL)
			return bad;
		arguments[i].type = type;
		if (!mote_type_has_data(type)) {
			get_scalar(&from[i], type, &arguments[i]);
			continue;
		}
		data += from[i].length;
		*bytes += align_up((size_t)from[i].length + 1);
	}
	return data > channel->data_bytes ? "more data than the mailbox holds" : NULL;
}

/* Copies the data of checked arguments, one after the other. */
static const char *get_all_data(const struct mote_channel *channel, const mote_signature *signature,
				const struct mote_abi_value *from, uint8_t *at,
				mote_value *arguments)
{
	const char *bad = NULL;

	for (unsigned i = 0; bad == NULL && i < signature->argument_count; i++) {
		if (!mote_type_has_data(arguments[i].type))
			continue;
		bad = get_data(channel, &from[i], arguments[i].type, at, &arguments[i]);
		at += align_up((size_t)from[i].length + 1);
	}
	return bad;
}

mote_status mote_channel_get_arguments(const struct mote_channel *channel,
				       const mote_signature *signature,
				       const mote_allocator *allocator,
				       struct mote_buffer_space *space, mote_value *arguments,
				       const char **problem, mote_error *error)
{
	struct mote_abi_value from[MOTE_ABI_MAXIMUM_ARGUMENTS];
	uint32_t count;
	const char *bad;
	size_t bytes;
	mote_status status;

	copy_in(&count, &channel->record->argument_count, sizeof(count));
	if (count != signature->argument_count)
		return invalid("the wrong number of arguments", problem);
	bad = get_records(channel, signature, from, arguments, &bytes);
	if (bad != NULL)
		return invalid(bad, problem);
	if (bytes == 0)
		return MOTE_OK;
	status = reserve(channel, allocator, space, bytes, error);
	if (status != MOTE_OK)
		return status;
	bad = get_all_data(channel, signature, from, space->bytes, arguments);
	return bad == NULL ? MOTE_OK : invalid(bad, problem);
}

mote_status mote_mailbox_get_message(const struct mote_mailbox *mailbox,
				     const mote_allocator *allocator,
				     struct mote_buffer_space *space, uint32_t *level,
				     mote_text *text, const char **problem, mote_error *error)
{
	struct mote_abi_message message;
	mote_status status;
	size_t length;

	copy_in(&message, &mailbox->shared->message, sizeof(message));
	if (message.length > mailbox->host_call.data_bytes)
		return invalid("a message larger than the mailbox", problem);
	status = reserve(&mailbox->host_call, allocator, space, (size_t)message.length + 1, error);
	if (status != MOTE_OK)
		return status;
	copy_in(space->bytes, mailbox->host_call.data, message.length);
	space->bytes[message.length] = '\0';
	/* A message ends at its first NUL. */
	length = strlen((const char *)space->bytes);
	*level = message.level;
	*text = (mote_text){(const char *)space->bytes, length};
	return MOTE_OK;
}
