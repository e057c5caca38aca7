/* SPDX-License-Identifier: Apache-2.0
 *
 * The implementation of MOTE_EXPORT and MOTE_IMPORT: type codes, marshaling, and
 * the preprocessor loops.  Included by mote_guest.h; do not use anything here
 * directly.
 */
#ifndef MOTE_GUEST_MACROS_H
#define MOTE_GUEST_MACROS_H

/* Records must survive --gc-sections and keep the order of the source. */
#ifndef __has_attribute
#define __has_attribute(name) 0
#endif
#if __has_attribute(retain)
#define MOTE_GUEST_RETAIN retain
#else
#define MOTE_GUEST_RETAIN
#endif
#if __has_attribute(no_reorder)
#define MOTE_GUEST_ORDERED no_reorder
#else
#define MOTE_GUEST_ORDERED
#endif
#define MOTE_GUEST_KEEP used, MOTE_GUEST_RETAIN, MOTE_GUEST_ORDERED

/* ---- Records ------------------------------------------------------------------------------ */

/* Unmarshals the arguments, calls the function, marshals its result. */
typedef struct mote_abi_value mote_guest_wrapper(const struct mote_abi_value *arguments);

/* struct mote_abi_export, with entry as a pointer, which it is in the guest. */
struct mote_guest_export {
	char name[MOTE_ABI_NAME_BYTES];
	uint8_t result;
	uint8_t argument_count;
	uint8_t arguments[MOTE_ABI_MAXIMUM_ARGUMENTS];
	uint8_t reserved[6];
	mote_guest_wrapper *entry;
};
MOTE_ABI_ASSERT(sizeof(struct mote_guest_export) == sizeof(struct mote_abi_export),
		"export record");
MOTE_ABI_ASSERT(offsetof(struct mote_guest_export, entry) ==
			offsetof(struct mote_abi_export, entry),
		"export record");

/* An ELF note; like in every note, needs is aligned to only 4 bytes. */
struct mote_guest_needs {
	uint32_t name_bytes;
	uint32_t needs_bytes;
	uint32_t type;
	char name[8];
	struct mote_abi_needs_note needs;
} __attribute__((packed, aligned(4)));

#ifdef __cplusplus
extern "C" {
#endif

/* Calls a host function.  For a string or bytes result, bits is its address. */
struct mote_abi_value mote_guest_host_call(const struct mote_abi_import *import,
					   const struct mote_abi_value *arguments);

/* ---- Values ------------------------------------------------------------------------------- */

/* In the guest, bits of a string or bytes value is an address. */
struct mote_abi_value mote_guest_put_string(mote_string string);

#ifdef __cplusplus
}
#endif

static inline struct mote_abi_value mote_guest_value(uint32_t type, uint32_t length, uint64_t bits)
{
	struct mote_abi_value value;

	value.type = type;
	value.length = length;
	value.bits = bits;
	return value;
}

static inline struct mote_abi_value mote_guest_put_i32(int32_t v)
{
	return mote_guest_value(MOTE_TYPE_I32, 0, (uint32_t)v);
}

static inline int32_t mote_guest_get_i32(const struct mote_abi_value *value)
{
	return (int32_t)(uint32_t)value->bits;
}

static inline struct mote_abi_value mote_guest_put_u32(uint32_t v)
{
	return mote_guest_value(MOTE_TYPE_U32, 0, v);
}

static inline uint32_t mote_guest_get_u32(const struct mote_abi_value *value)
{
	return (uint32_t)value->bits;
}

static inline struct mote_abi_value mote_guest_put_i64(int64_t v)
{
	return mote_guest_value(MOTE_TYPE_I64, 0, (uint64_t)v);
}

static inline int64_t mote_guest_get_i64(const struct mote_abi_value *value)
{
	return (int64_t)value->bits;
}

static inline struct mote_abi_value mote_guest_put_u64(uint64_t v)
{
	return mote_guest_value(MOTE_TYPE_U64, 0, v);
}

static inline uint64_t mote_guest_get_u64(const struct mote_abi_value *value)
{
	return value->bits;
}

static inline struct mote_abi_value mote_guest_put_bool(bool v)
{
	return mote_guest_value(MOTE_TYPE_BOOL, 0, v);
}

static inline bool mote_guest_get_bool(const struct mote_abi_value *value)
{
	return value->bits != 0;
}

static inline struct mote_abi_value mote_guest_put_f32(float v)
{
	uint32_t bits;

	__builtin_memcpy(&bits, &v, sizeof(bits));
	return mote_guest_value(MOTE_TYPE_F32, 0, bits);
}

static inline float mote_guest_get_f32(const struct mote_abi_value *value)
{
	uint32_t bits = (uint32_t)value->bits;
	float v;

	__builtin_memcpy(&v, &bits, sizeof(v));
	return v;
}

static inline struct mote_abi_value mote_guest_put_f64(double v)
{
	uint64_t bits;

	__builtin_memcpy(&bits, &v, sizeof(bits));
	return mote_guest_value(MOTE_TYPE_F64, 0, bits);
}

static inline double mote_guest_get_f64(const struct mote_abi_value *value)
{
	uint64_t bits = (uint64_t)value->bits;
	double v;

	__builtin_memcpy(&v, &bits, sizeof(v));
	return v;
}

static inline mote_string mote_guest_get_string(const struct mote_abi_value *value)
{
	return (mote_string)(uintptr_t)value->bits;
}

static inline struct mote_abi_value mote_guest_put_bytes(mote_bytes v)
{
	/* A length too large for the field is too large for any data area; UINT32_MAX is too. */
	uint32_t length = v.length > UINT32_MAX ? UINT32_MAX : (uint32_t)v.length;

	return mote_guest_value(MOTE_TYPE_BYTES, length, (uintptr_t)v.data);
}

static inline mote_bytes mote_guest_get_bytes(const struct mote_abi_value *value)
{
	mote_bytes v = {(const void *)(uintptr_t)value->bits, value->length};

	return v;
}

static inline struct mote_abi_value mote_guest_put_void(void)
{
	return mote_guest_value(MOTE_TYPE_VOID, 0, 0);
}

/* ---- Types -------------------------------------------------------------------------------- */

/*
 * C and C++ both define for a type: MOTE_GUEST_CODE(type), a constant, which rejects a type that
 * cannot cross the border; MOTE_GUEST_GET_AS(type, value); MOTE_GUEST_PUT_AS(type, variable). The
 * last two accept every type, so that the rejection is the only error.
 */
#define MOTE_GUEST_REFUSAL                                                                         \
	"cannot cross the border; use int32_t, uint32_t, int64_t, uint64_t, float, double, bool, " \
	"mote_string or mote_bytes"

#ifdef __cplusplus

template <typename type> struct mote_guest_traits {
	static_assert(sizeof(type) == 0,
		      "mote: a parameter or result of this type " MOTE_GUEST_REFUSAL);
	enum { code = MOTE_TYPE_VOID };
	static type get(const mote_abi_value *value);
	static mote_abi_value put(const type &value);
};

#define MOTE_GUEST_TRAITS(type, suffix, number)                                                    \
	template <> struct mote_guest_traits<type> {                                               \
		enum { code = number };                                                            \
		static type get(const mote_abi_value *value)                                       \
		{                                                                                  \
			return static_cast<type>(mote_guest_get_##suffix(value));                  \
		}                                                                                  \
		static mote_abi_value put(type value)                                              \
		{                                                                                  \
			return mote_guest_put_##suffix(value);                                     \
		}                                                                                  \
	};
MOTE_GUEST_TRAITS(int, i32, MOTE_TYPE_I32)
MOTE_GUEST_TRAITS(unsigned int, u32, MOTE_TYPE_U32)
MOTE_GUEST_TRAITS(long, i64, MOTE_TYPE_I64)
MOTE_GUEST_TRAITS(unsigned long, u64, MOTE_TYPE_U64)
MOTE_GUEST_TRAITS(long long, i64, MOTE_TYPE_I64)
MOTE_GUEST_TRAITS(unsigned long long, u64, MOTE_TYPE_U64)
MOTE_GUEST_TRAITS(float, f32, MOTE_TYPE_F32)
MOTE_GUEST_TRAITS(double, f64, MOTE_TYPE_F64)
MOTE_GUEST_TRAITS(bool, bool, MOTE_TYPE_BOOL)
MOTE_GUEST_TRAITS(mote_string, string, MOTE_TYPE_STRING)
MOTE_GUEST_TRAITS(mote_bytes, bytes, MOTE_TYPE_BYTES)
#undef MOTE_GUEST_TRAITS

#define MOTE_GUEST_CODE(type) mote_guest_traits<type>::code
#define MOTE_GUEST_GET_AS(type, value) mote_guest_traits<type>::get(value)
#define MOTE_GUEST_PUT_AS(type, variable) mote_guest_traits<type>::put(variable)
#define MOTE_GUEST_LINKAGE extern "C"

MOTE_GUEST_LINKAGE inline __attribute__((weak)) char mote_guest_kind = 0;
#define MOTE_GUEST_HAS_EXPORTS(function)                                                           \
	static const char *const mote_guest_kind_##function __attribute__((used)) =                \
		&mote_guest_kind;

#else

/* One value for each type that can cross, another for all others.  int64_t is long or long long. */
#define MOTE_GUEST_PICK(type, i32, u32, i64, u64, f32, f64, boolean, string, bytes, other)         \
	_Generic((type *)0,                                                                        \
		int *: i32,                                                                        \
		unsigned int *: u32,                                                               \
		long *: i64,                                                                       \
		unsigned long *: u64,                                                              \
		long long *: i64,                                                                  \
		unsigned long long *: u64,                                                         \
		float *: f32,                                                                      \
		double *: f64,                                                                     \
		bool *: boolean,                                                                   \
		mote_string *: string,                                                             \
		mote_bytes *: bytes,                                                               \
		default: other)

#define MOTE_GUEST_CAN_CROSS(type) MOTE_GUEST_PICK(type, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0)

/* The structure only holds the assertion: an expression has no other place for one. */
#define MOTE_GUEST_CODE(type)                                                                      \
	(MOTE_GUEST_PICK(type, MOTE_TYPE_I32, MOTE_TYPE_U32, MOTE_TYPE_I64, MOTE_TYPE_U64,         \
			 MOTE_TYPE_F32, MOTE_TYPE_F64, MOTE_TYPE_BOOL, MOTE_TYPE_STRING,           \
			 MOTE_TYPE_BYTES, MOTE_TYPE_VOID) +                                        \
	 0 * sizeof(struct {                                                                       \
		 int unused;                                                                       \
		 _Static_assert(MOTE_GUEST_CAN_CROSS(type),                                        \
				"mote: the type " #type " " MOTE_GUEST_REFUSAL);                   \
	 }))

#define MOTE_GUEST_GET_AS(type, value)                                                             \
	MOTE_GUEST_PICK(type, mote_guest_get_i32(value), mote_guest_get_u32(value),                \
			mote_guest_get_i64(value), mote_guest_get_u64(value),                      \
			mote_guest_get_f32(value), mote_guest_get_f64(value),                      \
			mote_guest_get_bool(value), mote_guest_get_string(value),                  \
			mote_guest_get_bytes(value), *(type *)(uintptr_t)(value)->bits)

static inline struct mote_abi_value mote_guest_put_nothing(int nothing)
{
	return mote_guest_value(MOTE_TYPE_VOID, 0, (uint64_t)nothing);
}

#define MOTE_GUEST_PUT_AS(type, variable)                                                          \
	MOTE_GUEST_PICK(type, mote_guest_put_i32, mote_guest_put_u32, mote_guest_put_i64,          \
			mote_guest_put_u64, mote_guest_put_f32, mote_guest_put_f64,                \
			mote_guest_put_bool, mote_guest_put_string, mote_guest_put_bytes,          \
			mote_guest_put_nothing)                                                    \
	(MOTE_GUEST_PICK(type, variable, variable, variable, variable, variable, variable,         \
			 variable, variable, variable, ((void)(variable), 0)))
#define MOTE_GUEST_LINKAGE

extern char mote_guest_kind;
#define MOTE_GUEST_HAS_EXPORTS(function) char mote_guest_kind __attribute__((weak, used));

#endif

#define MOTE_GUEST_RESULT_CODE(type) MOTE_GUEST_IF_VOID(type, MOTE_TYPE_VOID, MOTE_GUEST_CODE(type))

/* ---- Preprocessor ------------------------------------------------------------------------- */

#define MOTE_GUEST_PASTE(a, b) a##b
#define MOTE_GUEST_SELECT(prefix, count) MOTE_GUEST_PASTE(prefix, count)

/* Selects one of two replacements, depending on whether the token is void: only
 * MOTE_GUEST_VOID_void adds an argument, which shifts them. */
#define MOTE_GUEST_VOID_void ~, ~
#define MOTE_GUEST_IF_VOID(type, yes, no)                                                          \
	MOTE_GUEST_THIRD(MOTE_GUEST_PASTE(MOTE_GUEST_VOID_, type), yes, no, ~)
#define MOTE_GUEST_THIRD(...) MOTE_GUEST_THIRD_(__VA_ARGS__)
#define MOTE_GUEST_THIRD_(a, b, c, ...) c

/* The number of pairs after the name, up to 32: more than 16 are rejected with a message. */
#define MOTE_GUEST_COUNT(...)                                                                      \
	MOTE_GUEST_COUNT_(__VA_ARGS__, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, \
			  17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, ~)
#define MOTE_GUEST_COUNT_(name, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15,  \
			  p16, p17, p18, p19, p20, p21, p22, p23, p24, p25, p26, p27, p28, p29,    \
			  p30, p31, p32, count, ...)                                               \
	count

#define MOTE_GUEST_FIRST(...) MOTE_GUEST_FIRST_(__VA_ARGS__, ~)
#define MOTE_GUEST_FIRST_(first, ...) first

/* The first 16 of a list, for the record of a function with too many parameters. */
#define MOTE_GUEST_SIXTEEN(...)                                                                    \
	MOTE_GUEST_SIXTEEN_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
#define MOTE_GUEST_SIXTEEN_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ...)                   \
	a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p

/*
 * MAP_n(M, none, name, pair...) becomes M(n, first), M(n - 1, second), ..., M(1, last), or none
 * if there are no pairs. The number passed to M is the count of pairs from its own to the last.
 */
#define MOTE_GUEST_MAP_0(M, none, name) none
#define MOTE_GUEST_MAP_1(M, none, name, p) M(1, p)
#define MOTE_GUEST_MAP_2(M, none, name, p, ...)                                                    \
	M(2, p), MOTE_GUEST_MAP_1(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_3(M, none, name, p, ...)                                                    \
	M(3, p), MOTE_GUEST_MAP_2(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_4(M, none, name, p, ...)                                                    \
	M(4, p), MOTE_GUEST_MAP_3(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_5(M, none, name, p, ...)                                                    \
	M(5, p), MOTE_GUEST_MAP_4(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_6(M, none, name, p, ...)                                                    \
	M(6, p), MOTE_GUEST_MAP_5(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_7(M, none, name, p, ...)                                                    \
	M(7, p), MOTE_GUEST_MAP_6(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_8(M, none, name, p, ...)                                                    \
	M(8, p), MOTE_GUEST_MAP_7(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_9(M, none, name, p, ...)                                                    \
	M(9, p), MOTE_GUEST_MAP_8(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_10(M, none, name, p, ...)                                                   \
	M(10, p), MOTE_GUEST_MAP_9(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_11(M, none, name, p, ...)                                                   \
	M(11, p), MOTE_GUEST_MAP_10(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_12(M, none, name, p, ...)                                                   \
	M(12, p), MOTE_GUEST_MAP_11(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_13(M, none, name, p, ...)                                                   \
	M(13, p), MOTE_GUEST_MAP_12(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_14(M, none, name, p, ...)                                                   \
	M(14, p), MOTE_GUEST_MAP_13(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_15(M, none, name, p, ...)                                                   \
	M(15, p), MOTE_GUEST_MAP_14(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_16(M, none, name, p, ...)                                                   \
	M(16, p), MOTE_GUEST_MAP_15(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_17(M, none, name, p, ...)                                                   \
	M(17, p), MOTE_GUEST_MAP_16(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_18(M, none, name, p, ...)                                                   \
	M(18, p), MOTE_GUEST_MAP_17(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_19(M, none, name, p, ...)                                                   \
	M(19, p), MOTE_GUEST_MAP_18(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_20(M, none, name, p, ...)                                                   \
	M(20, p), MOTE_GUEST_MAP_19(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_21(M, none, name, p, ...)                                                   \
	M(21, p), MOTE_GUEST_MAP_20(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_22(M, none, name, p, ...)                                                   \
	M(22, p), MOTE_GUEST_MAP_21(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_23(M, none, name, p, ...)                                                   \
	M(23, p), MOTE_GUEST_MAP_22(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_24(M, none, name, p, ...)                                                   \
	M(24, p), MOTE_GUEST_MAP_23(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_25(M, none, name, p, ...)                                                   \
	M(25, p), MOTE_GUEST_MAP_24(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_26(M, none, name, p, ...)                                                   \
	M(26, p), MOTE_GUEST_MAP_25(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_27(M, none, name, p, ...)                                                   \
	M(27, p), MOTE_GUEST_MAP_26(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_28(M, none, name, p, ...)                                                   \
	M(28, p), MOTE_GUEST_MAP_27(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_29(M, none, name, p, ...)                                                   \
	M(29, p), MOTE_GUEST_MAP_28(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_30(M, none, name, p, ...)                                                   \
	M(30, p), MOTE_GUEST_MAP_29(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_31(M, none, name, p, ...)                                                   \
	M(31, p), MOTE_GUEST_MAP_30(M, none, name, __VA_ARGS__)
#define MOTE_GUEST_MAP_32(M, none, name, p, ...)                                                   \
	M(32, p), MOTE_GUEST_MAP_31(M, none, name, __VA_ARGS__)

/* The macros that are passed as M: each takes the number and the pair. */
#define MOTE_GUEST_PARAMETER(left, pair) MOTE_GUEST_PARAMETER_ pair
#define MOTE_GUEST_PARAMETER_(type, name) type name
#define MOTE_GUEST_TYPE(type, name) type
#define MOTE_GUEST_NAME(type, name) name
#define MOTE_GUEST_PAIR_CODE(left, pair) MOTE_GUEST_PAIR_CODE_ pair
#define MOTE_GUEST_PAIR_CODE_(type, name) MOTE_GUEST_CODE(type)
#define MOTE_GUEST_GET(left, pair)                                                                 \
	MOTE_GUEST_GET_AS(MOTE_GUEST_TYPE pair, &mote_guest_arguments[mote_guest_count - left])
#define MOTE_GUEST_PUT(left, pair) MOTE_GUEST_PUT_AS(MOTE_GUEST_TYPE pair, MOTE_GUEST_NAME pair)

/* ---- The definitions ---------------------------------------------------------------------- */

#define MOTE_GUEST_CHECK(name, count)                                                              \
	MOTE_ABI_ASSERT(sizeof(#name) <= MOTE_ABI_NAME_BYTES, "mote: the name " #name " is too "   \
							      "long; it may have 63 bytes");       \
	MOTE_ABI_ASSERT((count) <= MOTE_ABI_MAXIMUM_ARGUMENTS,                                     \
			"mote: " #name " has more than 16 parameters")

/* clang-format off */
/* The part of a function's record that the host reads: its beginning. */
#define MOTE_GUEST_SIGNATURE(result_type, function, count, map, ...) \
	#function, MOTE_GUEST_RESULT_CODE(result_type), count, \
	{MOTE_GUEST_SIXTEEN(map(MOTE_GUEST_PAIR_CODE, 0, __VA_ARGS__))}, {0}
/* clang-format on */

#define MOTE_GUEST_EXPORT_VOID(result, call)                                                       \
	call;                                                                                      \
	return mote_guest_put_void()
#define MOTE_GUEST_EXPORT_VALUE(result, call)                                                      \
	result mote_guest_result = call;                                                           \
	return MOTE_GUEST_PUT_AS(result, mote_guest_result)

#define MOTE_GUEST_EXPORT(...) MOTE_GUEST_EXPORT_(__VA_ARGS__)
#define MOTE_GUEST_EXPORT_(result_type, function, count, map, ...)                                 \
	MOTE_GUEST_CHECK(function, count);                                                         \
	/* What keeps the linker from taking the part of the C library that calls main. */         \
	MOTE_GUEST_HAS_EXPORTS(function)                                                           \
	/* Not inlined, so that a fault in it is reported under its own name. */                   \
	MOTE_GUEST_LINKAGE __attribute__((noinline))                                               \
	result_type function(map(MOTE_GUEST_PARAMETER, void, __VA_ARGS__));                        \
	static struct mote_abi_value mote_guest_call_##function(                                   \
		const struct mote_abi_value *mote_guest_arguments)                                 \
	{                                                                                          \
		enum { mote_guest_count = count };                                                 \
		(void)mote_guest_arguments;                                                        \
		MOTE_GUEST_IF_VOID(result_type, MOTE_GUEST_EXPORT_VOID, MOTE_GUEST_EXPORT_VALUE)   \
		(result_type, function(map(MOTE_GUEST_GET, , __VA_ARGS__)));                       \
	}                                                                                          \
	static const struct mote_guest_export mote_guest_export_##function                         \
		__attribute__((section("mote_exports"), aligned(8), MOTE_GUEST_KEEP)) = {          \
			MOTE_GUEST_SIGNATURE(result_type, function, count, map, __VA_ARGS__),      \
			mote_guest_call_##function,                                                \
	};                                                                                         \
	result_type function(map(MOTE_GUEST_PARAMETER, void, __VA_ARGS__))

#define MOTE_GUEST_IMPORT_VOID(result, call) (void)call
#define MOTE_GUEST_IMPORT_VALUE(result, call)                                                      \
	const struct mote_abi_value mote_guest_result = call;                                      \
	return MOTE_GUEST_GET_AS(result, &mote_guest_result)

#define MOTE_GUEST_IMPORT(...) MOTE_GUEST_IMPORT_(__VA_ARGS__)
#define MOTE_GUEST_IMPORT_(result_type, function, count, map, ...)                                 \
	MOTE_GUEST_CHECK(function, count);                                                         \
	static const struct mote_abi_import mote_guest_import_##function                           \
		__attribute__((section("mote_imports"), aligned(8), unused)) = {                   \
			MOTE_GUEST_SIGNATURE(result_type, function, count, map, __VA_ARGS__),      \
	};                                                                                         \
	static __attribute__((unused)) result_type function(                                       \
		map(MOTE_GUEST_PARAMETER, void, __VA_ARGS__))                                      \
	{                                                                                          \
		const struct mote_abi_value mote_guest_arguments[] = {                             \
			map(MOTE_GUEST_PUT, mote_guest_put_void(), __VA_ARGS__)};                  \
		MOTE_GUEST_IF_VOID(result_type, MOTE_GUEST_IMPORT_VOID, MOTE_GUEST_IMPORT_VALUE)   \
		(result_type,                                                                      \
		 mote_guest_host_call(&mote_guest_import_##function, mote_guest_arguments));       \
	}

#endif
