/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: any bytes as what a debugger's client sends, to a pretended guest of either
 * architecture.  Whatever comes back is a sequence of acknowledgments and intact packets, and the
 * session ends or waits for more.
 */
#include <stdlib.h>
#include <string.h>

#include "fake_target.h"
#include "fuzz.h"
#include "hypervisor/gdb/session.h"

static struct fake_target fake;
static struct mote_gdb_session session;
static struct mote_gdb_decoder client;

const char *fuzz_missing(void)
{
	return NULL;
}

/* ---- What comes back --------------------------------------------------------------------- */

/* An escape hides what it follows; '*' would begin a run. */
static void check_frame(const char *frame, size_t length)
{
	for (size_t i = 1; i + 3 < length; i++)
		FUZZ_CHECK(frame[i] != '$' && frame[i] != '#' && frame[i] != '*');
	for (size_t i = 0; i < length; i++) {
		const enum mote_gdb_received received = mote_gdb_decode(&client, (uint8_t)frame[i]);

		FUZZ_CHECK(received == (i + 1 == length ? MOTE_GDB_PACKET : MOTE_GDB_NOTHING));
	}
	FUZZ_CHECK(length <= MOTE_GDB_PACKET_BYTES + 4);
}

static void check_output(void)
{
	const char *bytes;
	size_t length = mote_gdb_session_send(&session, &bytes);

	if (length > 0 && (bytes[0] == '+' || bytes[0] == '-')) {
		bytes++;
		length--;
	}
	if (length > 0)
		check_frame(bytes, length);
	FUZZ_CHECK(mote_gdb_session_send(&session, &bytes) == 0);
}

/* As the server does it. */
static void advance(const uint8_t *bytes, size_t length)
{
	size_t taken;

	do {
		mote_gdb_session_look(&session);
		taken = mote_gdb_session_receive(&session, bytes, length);
		FUZZ_CHECK(taken <= length);
		bytes += taken;
		length -= taken;
		check_output();
		if (mote_gdb_session_can_answer(&session)) {
			mote_gdb_session_answer(&session);
			taken = 1;
		}
	} while (taken > 0);
	/* What is left waits for the guest, which a pretended one does not do for long. */
	FUZZ_CHECK(length == 0 || session.state != MOTE_GDB_STOPPED);
}

/* ---- What is sent ------------------------------------------------------------------------ */

static void begin(uint8_t kind)
{
	if (kind & 1)
		fake_target_aarch64(&fake);
	else
		fake_target_x86_64(&fake, kind & 2);
	fake.is_endless = kind & 4;
	fake.fails = kind & 8;
	if (kind & 16) {
		fake.guest.file_name = "/a";
		fake.guest.file = fake.memory;
		fake.guest.file_bytes = sizeof(fake.memory);
	}
	mote_gdb_session_begin(&session, &fake_target_functions, &fake, &fake.guest);
	mote_gdb_session_look(&session);
}

/* A line is a packet's content; one that begins with '!' is something that happens to the guest. */
static void send_line(const uint8_t *line, size_t length)
{
	static uint8_t frame[MOTE_GDB_PACKET_BYTES + 8];
	static const char digits[] = "0123456789abcdef";
	uint8_t sum = 0;

	if (length > 2 && line[0] == '!') {
		fake_stop(&fake, (enum mote_gdb_stop_kind)(line[1] % 5),
			  (enum mote_gdb_signal)(line[2] % 16));
		fake.stop.watch = (enum mote_gdb_point)(2 + line[2] % 3);
		advance(line, 0);
		return;
	}
	if (length > MOTE_GDB_PACKET_BYTES)
		length = MOTE_GDB_PACKET_BYTES;
	frame[0] = '$';
	for (size_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + line[i]);
	memcpy(frame + 1, line, length);
	frame[length + 1] = '#';
	frame[length + 2] = (uint8_t)digits[sum >> 4];
	frame[length + 3] = (uint8_t)digits[sum & 15];
	advance(frame, length + 4);
}

static void send_lines(const uint8_t *data, size_t size)
{
	while (size > 0) {
		const uint8_t *end = memchr(data, '\n', size);
		const size_t length = end != NULL ? (size_t)(end - data) : size;

		send_line(data, length);
		data += length;
		size -= length;
		if (size > 0) {
			data++;
			size--;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	begin(data[0]);
	if (data[0] & 32)
		send_lines(data + 1, size - 1);
	else
		advance(data + 1, size - 1);
	FUZZ_CHECK(fake.point_count <= FAKE_POINTS);
	return 0;
}
