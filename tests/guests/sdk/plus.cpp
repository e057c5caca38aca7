// SPDX-License-Identifier: Apache-2.0
//
// A guest in C++: every type across the border, a constructor, a template, a class with virtual
// functions, and all of the SDK's headers.
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>
#include <unistd.h>

#include <mote_guest.h>
#include <mote_guest_runtime.h>

MOTE_NEEDS({0, 0}, 1 << 16, 1 << 16)

namespace
{

struct shape {
	virtual ~shape() {}
	virtual long long area() const = 0;
};

struct square : shape {
	long long side;

	explicit square(long long length) : side(length) {}
	long long area() const override { return side * side; }
};

struct counter {
	int value;

	counter() : value(40) {}
	~counter() { mote_abort("a destructor ran"); }
};

counter started;

template <typename type> type larger(type a, type b)
{
	return a < b ? b : a;
}

} // namespace

MOTE_RESTORED(void, begin_anew, (uint64_t, generation))
{
	mote_log(MOTE_LOG_TRACE, "generation %llu", static_cast<unsigned long long>(generation));
}

MOTE_EXPORT(int32_t, count)
{
	static counter later; // made at the first call

	return ++started.value + ++later.value - 40;
}

MOTE_EXPORT(long long, area, (long long, side))
{
	const shape *any = new square(side);
	const long long result = any->area();

	assert(result >= 0);
	delete any;
	return result;
}

MOTE_EXPORT(unsigned long long, mix, (int32_t, a), (uint32_t, b), (long, c), (unsigned long, d),
	    (unsigned long long, e), (float, f), (double, g), (bool, h))
{
	return static_cast<unsigned long long>(a + b + static_cast<unsigned long>(c) + d + e) +
	       static_cast<unsigned long long>(f + g) + (h ? 1 : 0);
}

MOTE_EXPORT(mote_string, shout, (mote_string, text))
{
	char *copy = strdup(text);

	for (char *c = copy; *c; c++)
		*c = static_cast<char>(toupper(*c));
	return copy;
}

MOTE_EXPORT(mote_bytes, tail, (mote_bytes, data), (uint32_t, length))
{
	const size_t kept = data.length - larger<size_t>(data.length - length, 0);

	return mote_bytes{static_cast<const char *>(data.data) + data.length - kept, kept};
}

MOTE_EXPORT(void, say, (mote_string, text))
{
	printf("%s\n", text);
	mote_log(MOTE_LOG_TRACE, "%s", text);
}

#ifdef WITH_AN_IMPORT /* which the tool has not */
MOTE_IMPORT(int64_t, host_add, (int64_t, a), (int64_t, b))

MOTE_EXPORT(int64_t, ask, (int64_t, a))
{
	return host_add(a, 1);
}
#endif
