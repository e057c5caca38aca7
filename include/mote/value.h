/* SPDX-License-Identifier: Apache-2.0
 *
 * Typed values and function signatures.  A signature is written
 * "result(argument,argument,...)", for example "i64(bytes,u32)" or "void()".
 */
#ifndef MOTE_VALUE_H
#define MOTE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mote/abi.h>
#include <mote/error.h>
#include <mote/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOTE_MAXIMUM_ARGUMENTS MOTE_ABI_MAXIMUM_ARGUMENTS

/* A borrowed string: length bytes without a NUL among them.  Where mote hands one out, data is
 * NUL-terminated as well. */
typedef struct mote_text {
	const char *data;
	size_t length; /* bytes, without a terminator */
} mote_text;

/* One value.  Strings and bytes are borrowed: whoever makes the value keeps the memory. */
typedef struct mote_value {
	mote_type type;
	union {
		int32_t i32;
		uint32_t u32;
		int64_t i64;
		uint64_t u64;
		float f32;
		double f64;
		bool boolean;
		mote_text string;
		mote_bytes bytes;
	} as;
} mote_value;

static inline mote_value mote_value_i32(int32_t v)
{
	mote_value value = {MOTE_TYPE_I32, {0}};
	value.as.i32 = v;
	return value;
}

static inline mote_value mote_value_u32(uint32_t v)
{
	mote_value value = {MOTE_TYPE_U32, {0}};
	value.as.u32 = v;
	return value;
}

static inline mote_value mote_value_i64(int64_t v)
{
	mote_value value = {MOTE_TYPE_I64, {0}};
	value.as.i64 = v;
	return value;
}

static inline mote_value mote_value_u64(uint64_t v)
{
	mote_value value = {MOTE_TYPE_U64, {0}};
	value.as.u64 = v;
	return value;
}

static inline mote_value mote_value_f32(float v)
{
	mote_value value = {MOTE_TYPE_F32, {0}};
	value.as.f32 = v;
	return value;
}

static inline mote_value mote_value_f64(double v)
{
	mote_value value = {MOTE_TYPE_F64, {0}};
	value.as.f64 = v;
	return value;
}

static inline mote_value mote_value_bool(bool v)
{
	mote_value value = {MOTE_TYPE_BOOL, {0}};
	value.as.boolean = v;
	return value;
}

/* text: borrowed, not NULL. */
static inline mote_value mote_value_string(mote_string text)
{
	mote_value value = {MOTE_TYPE_STRING, {0}};
	value.as.string.data = text;
	value.as.string.length = strlen(text);
	return value;
}

/* data: borrowed; may be NULL when length (bytes) is 0. */
static inline mote_value mote_value_bytes(const void *data, size_t length)
{
	mote_value value = {MOTE_TYPE_BYTES, {0}};
	value.as.bytes.data = data;
	value.as.bytes.length = length;
	return value;
}

/* A function's type.  Arguments are never MOTE_TYPE_VOID. */
typedef struct mote_signature {
	uint8_t result; /* a mote_type */
	uint8_t argument_count;
	uint8_t arguments[MOTE_MAXIMUM_ARGUMENTS]; /* each a mote_type */
} mote_signature;

/*
 * Reads "i64(bytes,u32)".  Blanks around types are allowed.
 *
 * text       NUL-terminated, not NULL
 * signature  written on success
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_SIGNATURE, MOTE_INVALID_ARGUMENT
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_signature_parse(const char *text, mote_signature *signature,
					  mote_error *error);

#define MOTE_SIGNATURE_TEXT_BYTES 160

/*
 * Writes the canonical text of a signature, NUL-terminated.
 *
 * text       room for MOTE_SIGNATURE_TEXT_BYTES
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_signature_format(const mote_signature *signature, char *text);

/*
 * Whether two signatures are the same.
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API bool mote_signature_is_equal(const mote_signature *a, const mote_signature *b);

/*
 * The identifier of a type ("u32"), and what it is.
 *
 * Returns    never NULL; "unknown" for a value that is not in the list
 * Threads    any
 * Since      0.1
 */
MOTE_API const char *mote_type_name(mote_type type);
MOTE_API const char *mote_type_text(mote_type type);

#ifdef __cplusplus
}
#endif
#endif
