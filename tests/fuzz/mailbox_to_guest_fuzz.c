/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: any values on their way to a guest, as a call, a batch of calls or a
 * result.  Nothing is written outside the record and the data area, whatever
 * lengths and pointers the values have; what was put reads back the same, in the
 * guest's way and in the host's.  Some inputs are put once more while a second
 * thread, the guest, changes what the host writes: the host does not look back.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "sandbox/mailbox.h"

enum {
	MAXIMUM_DATA = 4096,
	POOL_BYTES = 2 * MAXIMUM_DATA,
	MAXIMUM_CALLS = 40, /* of a batch */
	THREAD_ROUNDS = 20,
	BUFFER_GVA = 0x7000000,
	FUNCTION = 7,
};

/* Each part of the mailbox is a block of its own, so that the sanitizer guards its ends. */
struct parts {
	struct mote_mailbox mailbox;
	uint8_t *pool;			  /* what the values point to */
	struct mote_mapped_buffer buffer; /* a part of the pool */
	bool moves;			  /* the guest changes what is put: it is not read back */
	_Atomic bool stop;
};

const char *fuzz_missing(void)
{
	return NULL;
}

static void *block(size_t bytes)
{
	void *memory = malloc(bytes);

	if (memory == NULL)
		abort();
	memset(memory, 0xa5, bytes);
	return memory;
}

/* ---- Values ------------------------------------------------------------------------------ */

/* Mostly small, sometimes at the edge of the data area, sometimes longer than any memory. */
static size_t take_length(struct fuzz_input *input, const struct parts *parts)
{
	switch (fuzz_u8(input) % 8) {
	case 0:
		return 0;
	case 1:
		return parts->mailbox.call.data_bytes;
	case 2:
		return parts->mailbox.call.data_bytes - 1;
	case 3:
		return (size_t)fuzz_edge(input);
	case 4:
		return fuzz_u16(input) % (MAXIMUM_DATA + 2);
	default:
		return fuzz_u8(input);
	}
}

/* What is too long for the pool is too long for the mailbox and the buffer, so it is not read. */
static const uint8_t *take_data(struct fuzz_input *input, const struct parts *parts, size_t length)
{
	uint8_t choice = fuzz_u8(input);

	if (choice % 16 == 0)
		return NULL;
	if (length > POOL_BYTES || choice % 16 == 1)
		return parts->pool + (length > POOL_BYTES ? fuzz_u16(input) % POOL_BYTES : 0);
	return parts->pool + POOL_BYTES - length;
}

static mote_value take_value(struct fuzz_input *input, const struct parts *parts, mote_type type)
{
	mote_value value = {.type = type};
	size_t length;

	switch (type) {
	case MOTE_TYPE_STRING:
		length = take_length(input, parts);
		value.as.string =
			(mote_text){(const char *)take_data(input, parts, length), length};
		break;
	case MOTE_TYPE_BYTES:
		length = take_length(input, parts);
		value.as.bytes = (mote_bytes){take_data(input, parts, length), length};
		break;
	case MOTE_TYPE_BOOL:
		value.as.boolean = fuzz_u8(input) & 1;
		break;
	case MOTE_TYPE_VOID:
		break;
	default:
		value.as.u64 = fuzz_edge(input);
	}
	return value;
}

static bool same_data(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
	return a_bytes == b_bytes && (a_bytes == 0 || memcmp(a, b, a_bytes) == 0);
}

static bool same(const mote_value *a, const mote_value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case MOTE_TYPE_VOID:
		return true;
	case MOTE_TYPE_I32:
	case MOTE_TYPE_U32:
	case MOTE_TYPE_F32:
		return memcmp(&a->as, &b->as, 4) == 0;
	case MOTE_TYPE_BOOL:
		return a->as.boolean == b->as.boolean;
	case MOTE_TYPE_STRING:
		return b->as.string.data[b->as.string.length] == '\0' &&
		       same_data(a->as.string.data, a->as.string.length, b->as.string.data,
				 b->as.string.length);
	case MOTE_TYPE_BYTES:
		return same_data(a->as.bytes.data, a->as.bytes.length, b->as.bytes.data,
				 b->as.bytes.length);
	default:
		return memcmp(&a->as, &b->as, 8) == 0;
	}
}

/* ---- The guest's side -------------------------------------------------------------------- */

/* What a guest finds at an address in its memory. */
static const uint8_t *guest_memory(const struct parts *parts, uint64_t gva, size_t bytes)
{
	const struct mote_mapped_buffer *buffer = &parts->buffer;

	FUZZ_CHECK(gva >= buffer->gva && gva - buffer->gva <= buffer->bytes);
	FUZZ_CHECK(bytes <= buffer->bytes - (gva - buffer->gva));
	return buffer->hva + (gva - buffer->gva);
}

static const uint8_t *guest_data(const struct parts *parts, const struct mote_channel *channel,
				 const struct mote_abi_value *value)
{
	if (value->bits & MOTE_ABI_ADDRESS) {
		FUZZ_CHECK(value->type == MOTE_TYPE_BYTES && channel->buffer_count > 0);
		return guest_memory(parts, value->bits & ~MOTE_ABI_ADDRESS, value->length);
	}
	FUZZ_CHECK(value->bits <= channel->data_bytes);
	FUZZ_CHECK(value->length <= channel->data_bytes - value->bits);
	return channel->data + value->bits;
}

/* That a value in the record is what was put. */
static void check_put(const struct parts *parts, const struct mote_channel *channel,
		      const struct mote_abi_value *value, const mote_value *put)
{
	mote_value read = {.type = (mote_type)value->type};

	switch (value->type) {
	case MOTE_TYPE_STRING:
		read.as.string =
			(mote_text){(const char *)guest_data(parts, channel, value), value->length};
		FUZZ_CHECK(value->length < channel->data_bytes - value->bits);
		break;
	case MOTE_TYPE_BYTES:
		read.as.bytes = (mote_bytes){guest_data(parts, channel, value), value->length};
		break;
	case MOTE_TYPE_BOOL:
		FUZZ_CHECK(value->bits <= 1);
		read.as.boolean = value->bits != 0;
		break;
	case MOTE_TYPE_I32:
	case MOTE_TYPE_U32:
	case MOTE_TYPE_F32:
		FUZZ_CHECK(value->bits <= UINT32_MAX);
		read.as.u32 = (uint32_t)value->bits;
		break;
	default:
		read.as.u64 = value->bits;
	}
	FUZZ_CHECK(same(put, &read));
}

/* ---- The host's side --------------------------------------------------------------------- */

/* What put must say of one value alone, where no shared buffer holds it. */
static mote_status expected(const mote_value *value, size_t room)
{
	bool is_string = value->type == MOTE_TYPE_STRING;
	size_t length = is_string ? value->as.string.length : value->as.bytes.length;
	const void *data = is_string ? (const void *)value->as.string.data : value->as.bytes.data;

	if (!is_string && value->type != MOTE_TYPE_BYTES)
		return MOTE_OK;
	if (data == NULL && length > 0)
		return MOTE_INVALID_ARGUMENT;
	if (length > room || (is_string && length == room))
		return MOTE_TOO_LARGE;
	return is_string && length > 0 && memchr(data, '\0', length) != NULL ? MOTE_INVALID_ARGUMENT
									     : MOTE_OK;
}

static void check_status(mote_status status, const mote_error *error)
{
	if (status == MOTE_OK)
		return;
	FUZZ_CHECK(status == MOTE_INVALID_ARGUMENT || status == MOTE_TOO_LARGE);
	fuzz_check_error(status, error);
}

/* What the host put, taken in by the host. */
static void check_back(const struct mote_channel *channel, const mote_signature *signature,
		       const mote_value *values)
{
	struct mote_buffer_space space = {0};
	mote_value back[MOTE_MAXIMUM_ARGUMENTS];
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;

	FUZZ_CHECK(mote_channel_get_arguments(channel, signature, &mote_default_allocator, &space,
					      back, &problem, &error) == MOTE_OK);
	for (unsigned i = 0; i < signature->argument_count; i++)
		FUZZ_CHECK(same(&values[i], &back[i]));
	mote_release(&mote_default_allocator, space.bytes);
}

static void check_call(struct fuzz_input *input, const struct parts *parts)
{
	struct mote_channel channel = parts->mailbox.call;
	size_t count = fuzz_u8(input) % (MOTE_MAXIMUM_ARGUMENTS + 1);
	mote_signature signature = {.argument_count = (uint8_t)count};
	mote_value values[MOTE_MAXIMUM_ARGUMENTS];
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	for (size_t i = 0; i < count; i++) {
		signature.arguments[i] = fuzz_u8(input) % MOTE_TYPE_COUNT;
		values[i] = take_value(input, parts, (mote_type)signature.arguments[i]);
	}
	status = mote_channel_put_call(&channel, &signature, FUNCTION, values, count, &error);
	check_status(status, &error);
	if (channel.buffer_count == 0 && count > 0 &&
	    expected(&values[0], channel.data_bytes) != MOTE_OK)
		FUZZ_CHECK(status == expected(&values[0], channel.data_bytes));
	if (status != MOTE_OK || parts->moves)
		return;
	FUZZ_CHECK(mote_channel_function(&channel) == FUNCTION);
	FUZZ_CHECK(channel.record->argument_count == count);
	for (size_t i = 0; i < count; i++)
		check_put(parts, &channel, &channel.record->arguments[i], &values[i]);
	if (channel.buffer_count == 0)
		check_back(&channel, &signature, values);
}

static void check_result(struct fuzz_input *input, const struct parts *parts)
{
	struct mote_channel channel = parts->mailbox.host_call;
	const mote_value value =
		take_value(input, parts, (mote_type)(fuzz_u8(input) % MOTE_TYPE_COUNT));
	struct mote_buffer_space space = {0};
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;
	mote_value back;
	mote_status status = mote_channel_put_result(&channel, &value, &error);

	check_status(status, &error);
	FUZZ_CHECK(status == expected(&value, channel.data_bytes));
	if (status != MOTE_OK || parts->moves)
		return;
	check_put(parts, &channel, &channel.record->result, &value);
	FUZZ_CHECK(mote_channel_get_result(&channel, value.type, NULL, 0, &mote_default_allocator,
					   &space, &back, &problem, &error) == MOTE_OK);
	FUZZ_CHECK(same(&value, &back));
	mote_release(&mote_default_allocator, space.bytes);
}

/* ---- Batches ----------------------------------------------------------------------------- */

/* What was put of a batch from call `first` on. */
static void check_batch_part(const struct parts *parts, const struct mote_batch *batch,
			     size_t first, size_t count)
{
	const struct mote_channel channel = parts->mailbox.call;
	const struct mote_abi_mailbox *shared = parts->mailbox.shared;
	size_t values = count * batch->argument_count;
	mote_value results[MAXIMUM_CALLS];
	const char *problem = NULL;

	FUZZ_CHECK(shared->batch_count == count && shared->call.function == FUNCTION);
	FUZZ_CHECK(shared->batch_results_offset == values * sizeof(struct mote_abi_value));
	FUZZ_CHECK((values + count) * sizeof(struct mote_abi_value) <= channel.data_bytes);
	for (size_t i = 0; i < values; i++) {
		struct mote_abi_value value;

		memcpy(&value, channel.data + i * sizeof(value), sizeof(value));
		/* No data lies where the results will be. */
		if ((value.type == MOTE_TYPE_STRING || value.type == MOTE_TYPE_BYTES) &&
		    value.length > 0)
			FUZZ_CHECK(value.bits >= (values + count) * sizeof(value));
		check_put(parts, &channel, &value,
			  &batch->arguments[first * batch->argument_count + i]);
	}
	mote_mailbox_get_batch(&parts->mailbox, batch, count, results, &problem);
	FUZZ_CHECK((problem == NULL) == (batch->result == MOTE_TYPE_VOID));
}

static void check_batch(struct fuzz_input *input, struct parts *parts)
{
	const struct mote_channel channel = parts->mailbox.call;
	struct mote_batch batch = {
		.function = FUNCTION,
		.result = (mote_type)(fuzz_u8(input) % MOTE_TYPE_STRING),
		.argument_count = fuzz_u8(input) % (MOTE_MAXIMUM_ARGUMENTS + 1),
		.calls = 1 + fuzz_u8(input) % MAXIMUM_CALLS,
	};
	size_t values = batch.calls * batch.argument_count, bytes;
	size_t records = (batch.argument_count + 1) * sizeof(struct mote_abi_value);
	mote_value *arguments = block(values * sizeof(*arguments) + 1);
	mote_error error = MOTE_ERROR_INIT;
	mote_status status = MOTE_OK;

	for (size_t i = 0; i < values; i++)
		arguments[i] =
			take_value(input, parts, (mote_type)(fuzz_u8(input) % MOTE_TYPE_COUNT));
	batch.arguments = arguments;
	for (size_t i = 0; status == MOTE_OK && i < batch.calls; i++)
		status = mote_channel_measure(&channel, arguments + i * batch.argument_count,
					      batch.argument_count, records, &bytes, &error);
	check_status(status, &error);
	for (size_t done = 0; status == MOTE_OK && done < batch.calls;) {
		size_t count;

		status = mote_mailbox_put_batch(&parts->mailbox, &batch, done, &count, &error);
		FUZZ_CHECK(status == MOTE_OK);
		FUZZ_CHECK(count > 0 && count <= batch.calls - done);
		if (!parts->moves)
			check_batch_part(parts, &batch, done, count);
		done += count;
	}
	free(arguments);
}

/* ---- The guest's side -------------------------------------------------------------------- */

/* It races with the host on purpose, as a guest does; the thread sanitizer need not say so. */
__attribute__((no_sanitize("thread"))) static void *keep_changing(void *user)
{
	struct parts *parts = user;
	volatile uint8_t *areas[] = {
		(volatile uint8_t *)parts->mailbox.shared,
		parts->mailbox.call.data,
		parts->mailbox.host_call.data,
	};
	const size_t bytes[] = {sizeof(struct mote_abi_mailbox), parts->mailbox.call.data_bytes,
				parts->mailbox.call.data_bytes};
	uint32_t random = 1;

	while (!atomic_load_explicit(&parts->stop, memory_order_relaxed)) {
		for (unsigned i = 0; i < 64; i++) {
			random = random * 1664525u + 1013904223u;
			areas[i % 3][(random >> 8) % bytes[i % 3]] ^= (uint8_t)(random >> 24);
		}
	}
	return NULL;
}

/* ---- The target -------------------------------------------------------------------------- */

static struct parts make_parts(struct fuzz_input *input, uint8_t flags)
{
	/* Whole multiples of a value, as whole pages are. */
	size_t data_bytes =
		flags & 1 ? MAXIMUM_DATA : 16 * (1 + fuzz_u8(input) % (MAXIMUM_DATA / 16));
	struct parts parts = {
		.mailbox = mote_mailbox_view(block(sizeof(struct mote_abi_mailbox)),
					     block(data_bytes), block(data_bytes), data_bytes),
		.pool = block(POOL_BYTES),
	};

	if (flags & 2) /* a NUL in some texts */
		parts.pool[POOL_BYTES - 1 - fuzz_u16(input) % 64] = '\0';
	if (flags & 4) {
		uint16_t at = fuzz_u16(input) % POOL_BYTES;

		parts.buffer = (struct mote_mapped_buffer){
			.hva = parts.pool + at,
			.bytes = 1 + fuzz_u16(input) % (POOL_BYTES - at),
			.gva = BUFFER_GVA,
		};
	}
	return parts;
}

static void put_everything(struct fuzz_input input, struct parts *parts)
{
	check_call(&input, parts);
	check_result(&input, parts);
	check_batch(&input, parts);
}

static void put_with_thread(struct fuzz_input input, struct parts *parts)
{
	pthread_t thread;

	parts->moves = true;
	if (pthread_create(&thread, NULL, keep_changing, parts) != 0)
		abort();
	for (unsigned i = 0; i < THREAD_ROUNDS; i++)
		put_everything(input, parts);
	atomic_store(&parts->stop, true);
	pthread_join(thread, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	uint8_t flags = fuzz_u8(&input);
	struct parts parts = make_parts(&input, flags);

	if (parts.buffer.bytes > 0) {
		parts.mailbox.call.buffers = &parts.buffer;
		parts.mailbox.call.buffer_count = 1;
	}
	put_everything(input, &parts);
	if (flags >= 0xf0)
		put_with_thread(input, &parts);
	free(parts.pool);
	free(parts.mailbox.host_call.data);
	free(parts.mailbox.call.data);
	free(parts.mailbox.shared);
	return 0;
}
