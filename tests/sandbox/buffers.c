/* SPDX-License-Identifier: Apache-2.0 */
#include "buffers.h"

void buffers_setup(struct buffers *shared, const mote_sandbox_options *options)
{
	mote_error error = MOTE_ERROR_INIT;

	shared->engine = fixture_engine();
	shared->sandbox = fixture_sandbox(shared->engine, "buffers", options);
	REQUIRE_EQ(mote_buffer_create(shared->engine, BYTES, &shared->buffer, &error), MOTE_OK);
	shared->data = mote_buffer_get_data(shared->buffer);
	CHECK_EQ(mote_buffer_get_bytes(shared->buffer), BYTES);
	for (unsigned int i = 0; i < BYTES; i++)
		shared->data[i] = (unsigned char)(i * 31);
}

uint64_t buffers_page_bytes(void)
{
	mote_engine *engine = fixture_engine();
	const uint64_t bytes = mote_engine_page_bytes(engine);

	mote_engine_release(engine);
	return bytes;
}

void buffers_teardown(struct buffers *shared)
{
	mote_buffer_release(shared->buffer);
	fixture_destroy(shared->sandbox, shared->engine);
}

uint64_t buffers_sum(const unsigned char *data, size_t length)
{
	uint64_t total = 0;

	for (size_t i = 0; i < length; i++)
		total += data[i];
	return total;
}

bool buffers_can_be_read_only(const struct buffers *shared)
{
	return shared->engine->hypervisor->capabilities.read_only_slots;
}

void buffers_map(struct buffers *shared, bool writable)
{
	mote_error error = MOTE_ERROR_INIT;

	writable |= !buffers_can_be_read_only(shared);
	CHECK_STATUS(mote_sandbox_map_buffer(shared->sandbox, shared->buffer, writable, &error),
		     MOTE_OK, &error);
}
