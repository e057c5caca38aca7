/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: every type goes in and comes back.
 */
#include <mote_guest.h>

MOTE_EXPORT(void, empty)
{
}

MOTE_EXPORT(int32_t, echo_i32, (int32_t, v))
{
	return v;
}

MOTE_EXPORT(uint32_t, echo_u32, (uint32_t, v))
{
	return v;
}

MOTE_EXPORT(int64_t, echo_i64, (int64_t, v))
{
	return v;
}

MOTE_EXPORT(uint64_t, echo_u64, (uint64_t, v))
{
	return v;
}

MOTE_EXPORT(float, echo_f32, (float, v))
{
	return v;
}

MOTE_EXPORT(double, echo_f64, (double, v))
{
	return v;
}

MOTE_EXPORT(bool, echo_bool, (bool, v))
{
	return v;
}

MOTE_EXPORT(mote_string, echo_string, (mote_string, v))
{
	return v;
}

MOTE_EXPORT(mote_bytes, echo_bytes, (mote_bytes, v))
{
	return v;
}

MOTE_EXPORT(int64_t, add, (int64_t, a), (int64_t, b))
{
	return a + b;
}

/* Not at the start of the data area, and no copy of an argument. */
MOTE_EXPORT(mote_bytes, second, (mote_bytes, a), (mote_bytes, b))
{
	(void)a;
	return b;
}

/* The sum of all bytes: an argument that nothing is returned of. */
MOTE_EXPORT(uint64_t, sum_bytes, (mote_bytes, data))
{
	const unsigned char *at = data.data;
	uint64_t sum = 0;

	for (size_t i = 0; i < data.length; i++)
		sum += at[i];
	return sum;
}

MOTE_EXPORT(double, sum16, (int32_t, a), (uint32_t, b), (int64_t, c), (uint64_t, d), (float, e),
	    (double, f), (bool, g), (mote_string, h), (mote_bytes, i), (int32_t, j), (uint32_t, k),
	    (mote_string, l), (mote_bytes, m), (float, n), (double, o), (bool, p))
{
	/* A string counts as its first byte, bytes as their length. */
	return (double)a + b + (double)c + (double)d + (double)e + f + g + (unsigned char)h[0] +
	       (double)i.length + j + k + (unsigned char)l[0] + (double)m.length + (double)n + o +
	       p;
}

/* How many calls this sandbox has served: state that must not survive it. */
MOTE_EXPORT(uint32_t, count)
{
	static uint32_t calls;

	return ++calls;
}

static uint32_t constructed;

__attribute__((constructor)) static void construct(void)
{
	constructed += 7;
}

/* 7: the constructor ran once. */
MOTE_EXPORT(uint32_t, constructor_result)
{
	return constructed;
}

/* length bytes that begin with 0, 1, 2, ...: a result larger than its arguments. */
MOTE_EXPORT(mote_bytes, pattern, (uint32_t, length))
{
	static unsigned char bytes[1 << 20];
	mote_bytes result = {bytes, length};

	for (uint32_t i = 0; i < length && i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	return result;
}
