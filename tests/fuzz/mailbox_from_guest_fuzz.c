/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: any bytes in the mailbox, taken in by the host while the guest
 * changes them.  Changes come at the worst moment that can be chosen (when the host
 * allocates, between its check and its copy), and from a second thread at any
 * moment.  Whatever comes out lies in the host's own copy and is well-formed.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "sandbox/mailbox.h"

enum { MAXIMUM_DATA = 1024, THREAD_ROUNDS = 40 };

/* Each part of the mailbox is a block of its own, so that the sanitizer guards its ends. */
struct guest {
	struct mote_mailbox mailbox;
	struct fuzz_input changes; /* what the guest writes when the host allocates */
	mote_allocator allocator;
	_Atomic bool stop;
};

const char *fuzz_missing(void)
{
	return NULL;
}

static void *block(size_t bytes)
{
	void *memory = malloc(bytes > 0 ? bytes : 1);

	if (memory == NULL)
		abort();
	return memory;
}

/* ---- The guest's side -------------------------------------------------------------------- */

/* Writes over a few bytes of what both share. */
static void change(struct guest *guest, struct fuzz_input *input)
{
	uint8_t *const areas[] = {
		(uint8_t *)&guest->mailbox.shared->call,
		(uint8_t *)&guest->mailbox.shared->host_call,
		(uint8_t *)&guest->mailbox.shared->message,
		guest->mailbox.call.data,
		guest->mailbox.host_call.data,
	};
	const size_t bytes[] = {sizeof(struct mote_abi_call), sizeof(struct mote_abi_call),
				sizeof(struct mote_abi_message), guest->mailbox.call.data_bytes,
				guest->mailbox.call.data_bytes};
	unsigned area = fuzz_u8(input) % 5;
	size_t at = fuzz_u16(input), count = fuzz_u8(input) % 16;

	for (size_t i = 0; i < count; i++)
		areas[area][(at + i) % bytes[area]] = fuzz_u8(input);
}

static void *allocate(void *user, size_t bytes)
{
	(void)user;
	return malloc(bytes);
}

static void *reallocate(void *user, void *pointer, size_t bytes)
{
	struct guest *guest = user;

	while (guest->changes.left > 0 && fuzz_u8(&guest->changes) % 4 != 0)
		change(guest, &guest->changes);
	return realloc(pointer, bytes);
}

static void release(void *user, void *pointer)
{
	(void)user;
	free(pointer);
}

/* The thread: lengths, offsets and text change all the time.  It races with the host on
 * purpose, as a guest does; the thread sanitizer need not say so. */
__attribute__((no_sanitize("thread"))) static void *keep_changing(void *user)
{
	struct guest *guest = user;
	volatile uint8_t *call = (volatile uint8_t *)&guest->mailbox.shared->call;
	volatile uint8_t *host_call = (volatile uint8_t *)&guest->mailbox.shared->host_call;
	volatile uint8_t *message = (volatile uint8_t *)&guest->mailbox.shared->message;
	volatile uint8_t *text = guest->mailbox.host_call.data;
	uint8_t random = 1;

	while (!atomic_load_explicit(&guest->stop, memory_order_relaxed)) {
		for (unsigned i = 0; i < 64; i++) {
			random = (uint8_t)(random * 141 + 3);
			/* Bytes 4 to 9 of a value: its length and its offset's low part. */
			call[8 + 4 + random % 6] ^= random;
			host_call[24 + 16 * (random % 16) + 4 + random / 16 % 6] ^= random;
			message[4 + random % 2] ^= random;
			text[random % guest->mailbox.call.data_bytes] ^= random;
		}
	}
	return NULL;
}

/* ---- The host's side --------------------------------------------------------------------- */

/* What has come out of shared memory lies in [begin, begin+bytes), and a string is one. */
static size_t check_value(const mote_value *value, const uint8_t *begin, size_t bytes)
{
	const uint8_t *data = value->as.bytes.data;
	size_t length = value->as.bytes.length;
	bool is_string = value->type == MOTE_TYPE_STRING;

	_Static_assert(offsetof(mote_text, length) == offsetof(mote_bytes, length), "");
	if (!is_string && value->type != MOTE_TYPE_BYTES)
		return 0;
	FUZZ_CHECK(data >= begin && (size_t)(data - begin) <= bytes);
	FUZZ_CHECK(length + is_string <= bytes - (size_t)(data - begin));
	if (is_string)
		FUZZ_CHECK(data[length] == '\0' && memchr(data, '\0', length) == NULL);
	return length;
}

static void check_outcome(mote_status status, const char *problem, const mote_error *error)
{
	FUZZ_CHECK(status == MOTE_GUEST_FAULT || status == MOTE_TOO_LARGE);
	FUZZ_CHECK((status == MOTE_GUEST_FAULT) == (problem != NULL));
	if (status == MOTE_TOO_LARGE)
		fuzz_check_error(status, error);
}

/* Host memory stays within one mailbox and little more, whatever the guest says. */
static void check_space(const struct guest *guest, const struct mote_buffer_space *space)
{
	FUZZ_CHECK(space->capacity <=
		   guest->mailbox.call.data_bytes + 16 * (size_t)MOTE_MAXIMUM_ARGUMENTS);
}

static void take_result(struct guest *guest, mote_type type, size_t capacity)
{
	const struct mote_channel channel = guest->mailbox.call;
	struct mote_buffer_space space = {0};
	mote_value result = {.type = MOTE_TYPE_COUNT};
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;
	uint8_t *buffer = capacity > 0 ? block(capacity) : NULL;
	mote_status status =
		mote_channel_get_result(&channel, type, buffer, capacity, &guest->allocator, &space,
					&result, &problem, &error);

	if (status != MOTE_OK) {
		FUZZ_CHECK(result.type == (mote_type)MOTE_TYPE_COUNT);
		check_outcome(status, problem, &error);
	} else {
		FUZZ_CHECK(result.type == type);
		FUZZ_CHECK(check_value(&result, buffer ? buffer : space.bytes,
				       buffer ? capacity : space.capacity) <=
			   guest->mailbox.call.data_bytes);
	}
	check_space(guest, &space);
	free(buffer);
	free(space.bytes);
}

static void take_arguments(struct guest *guest, const mote_signature *signature)
{
	const struct mote_channel channel = guest->mailbox.host_call;
	struct mote_buffer_space space = {0};
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;
	const uint8_t *end = NULL;
	size_t total = 0;
	mote_status status = mote_channel_get_arguments(&channel, signature, &guest->allocator,
							&space, arguments, &problem, &error);

	check_space(guest, &space);
	if (status != MOTE_OK)
		check_outcome(status, problem, &error);
	for (unsigned i = 0; status == MOTE_OK && i < signature->argument_count; i++) {
		const mote_value *value = &arguments[i];

		FUZZ_CHECK(value->type == (mote_type)signature->arguments[i]);
		total += check_value(value, space.bytes, space.capacity);
		if (value->type != MOTE_TYPE_STRING && value->type != MOTE_TYPE_BYTES)
			continue;
		/* One behind the other: no copy overwrites another. */
		FUZZ_CHECK(end == NULL || (const uint8_t *)value->as.bytes.data >= end);
		end = (const uint8_t *)value->as.bytes.data + value->as.bytes.length +
		      (value->type == MOTE_TYPE_STRING);
	}
	FUZZ_CHECK(total <= guest->mailbox.call.data_bytes);
	free(space.bytes);
}

static void take_message(struct guest *guest)
{
	struct mote_buffer_space space = {0};
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;
	mote_value text = {.type = MOTE_TYPE_STRING};
	uint32_t level;
	mote_status status = mote_mailbox_get_message(&guest->mailbox, &guest->allocator, &space,
						      &level, &text.as.string, &problem, &error);

	if (status == MOTE_OK)
		FUZZ_CHECK(check_value(&text, space.bytes, space.capacity) <=
			   guest->mailbox.call.data_bytes);
	else
		check_outcome(status, problem, &error);
	check_space(guest, &space);
	free(space.bytes);
}

/* The results of a batch stand in the data area; the host knows how many and where. */
static void take_batch(struct guest *guest, const mote_signature *signature)
{
	struct mote_batch batch = {
		.result = (mote_type)(signature->result % MOTE_TYPE_STRING),
		.argument_count = signature->argument_count,
	};
	size_t count = guest->mailbox.call.data_bytes / sizeof(struct mote_abi_value) /
		       (batch.argument_count + 1);
	mote_value results[MAXIMUM_DATA / sizeof(struct mote_abi_value)];
	const char *problem = NULL;

	mote_mailbox_get_batch(&guest->mailbox, &batch, count, results, &problem);
	for (size_t i = 0; problem == NULL && i < count; i++)
		FUZZ_CHECK(results[i].type == batch.result);
}

static void take_everything(struct guest *guest, const mote_signature *signature, size_t capacity)
{
	take_result(guest, (mote_type)signature->result, 0);
	take_result(guest, (mote_type)signature->result, capacity);
	take_arguments(guest, signature);
	take_message(guest);
	take_batch(guest, signature);
}

/* ---- The target -------------------------------------------------------------------------- */

static void take_with_thread(struct guest *guest, const mote_signature *signature, size_t capacity)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, keep_changing, guest) != 0)
		abort();
	for (unsigned i = 0; i < THREAD_ROUNDS; i++)
		take_everything(guest, signature, capacity);
	atomic_store(&guest->stop, true);
	pthread_join(thread, NULL);
}

/* Random records hardly ever pass: types and counts are put right, unless the input says no. */
static void put_right(struct guest *guest, const mote_signature *signature, uint8_t refuse)
{
	struct mote_abi_mailbox *shared = guest->mailbox.shared;

	if (refuse & 1)
		return;
	shared->call.result.type = signature->result;
	shared->host_call.argument_count = signature->argument_count;
	for (unsigned i = 0; i < signature->argument_count; i++)
		shared->host_call.arguments[i].type = signature->arguments[i];
	if (refuse & 2)
		return;
	shared->call.result.bits %= guest->mailbox.call.data_bytes + 2;
	shared->call.result.length %= guest->mailbox.call.data_bytes + 2;
	shared->message.length %= guest->mailbox.call.data_bytes + 2;
	for (unsigned i = 0; i < signature->argument_count; i++) {
		struct mote_abi_value *value = &shared->host_call.arguments[i];

		value->bits %=
			value->type == MOTE_TYPE_BOOL ? 3 : guest->mailbox.call.data_bytes + 2;
		value->length %= refuse & 4 ? guest->mailbox.call.data_bytes + 2 : 40;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	struct guest guest = {.allocator = {allocate, reallocate, release, &guest}};
	uint8_t flags = fuzz_u8(&input);
	size_t capacity = fuzz_u8(&input) + 1u, data_bytes;
	mote_signature signature = {.result = fuzz_u8(&input) % MOTE_TYPE_COUNT};

	signature.argument_count = fuzz_u8(&input) % (MOTE_MAXIMUM_ARGUMENTS + 1);
	for (unsigned i = 0; i < signature.argument_count; i++)
		signature.arguments[i] = 1 + fuzz_u8(&input) % (MOTE_TYPE_COUNT - 1);
	data_bytes = flags & 1 ? MAXIMUM_DATA : 1 + fuzz_u16(&input) % MAXIMUM_DATA;
	guest.mailbox = mote_mailbox_view(block(sizeof(*guest.mailbox.shared)), block(data_bytes),
					  block(data_bytes), data_bytes);
	fuzz_bytes(&input, &guest.mailbox.shared->message, sizeof(struct mote_abi_message));
	fuzz_bytes(&input, &guest.mailbox.shared->call.result, sizeof(struct mote_abi_value));
	fuzz_bytes(&input, &guest.mailbox.shared->host_call,
		   offsetof(struct mote_abi_call, arguments) +
			   signature.argument_count * sizeof(struct mote_abi_value));
	memset(guest.mailbox.call.data, 'a', data_bytes);
	if (flags & 0x10)
		fuzz_bytes(&input, guest.mailbox.call.data, data_bytes);
	memset(guest.mailbox.host_call.data, 'b', data_bytes);
	put_right(&guest, &signature, flags >> 1);
	guest.changes = input;
	take_everything(&guest, &signature, capacity);
	if (flags >= 0xf0)
		take_with_thread(&guest, &signature, capacity);
	free(guest.mailbox.host_call.data);
	free(guest.mailbox.call.data);
	free(guest.mailbox.shared);
	return 0;
}
