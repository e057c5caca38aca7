/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest SDK: how a C program becomes a guest of mote.
 *
 *	#include <mote_guest.h>
 *
 *	MOTE_IMPORT(mote_bytes, next_block, (uint32_t, maximum))
 *
 *	MOTE_EXPORT(int64_t, count, (mote_bytes, data), (uint32_t, flags))
 *	{
 *		...
 *	}
 *
 * A guest has no main: it starts, runs its constructors, and then serves calls of its exported
 * functions, one at a time.  There is no operating system underneath; a guest reaches the
 * outside only through functions of the host.
 */
#ifndef MOTE_GUEST_H
#define MOTE_GUEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/abi.h>
#include <mote/types.h>

#include <mote_guest_macros.h>

/*
 * MOTE_EXPORT(result, name, (type, parameter)...) { body }
 *
 * Defines the function `result name(type parameter, ...)` and offers it to the host under its name.
 * 0 to 16 parameters of the types int32_t uint32_t int64_t uint64_t float double bool mote_string
 * mote_bytes; the result may also be void. long and long long are 64 bits. Anything else, or a
 * name of more than 63 bytes, does not compile. In C++ the function is extern "C".
 *
 * String and bytes arguments are valid until the function returns.  A string or bytes result must
 * stay valid after the function returns (an argument, static or heap memory, not a local array);
 * the SDK copies it before it returns to the host.
 */
#define MOTE_EXPORT(result, ...)                                                                   \
	MOTE_GUEST_EXPORT(result, MOTE_GUEST_FIRST(__VA_ARGS__), MOTE_GUEST_COUNT(__VA_ARGS__),    \
			  MOTE_GUEST_SELECT(MOTE_GUEST_MAP_, MOTE_GUEST_COUNT(__VA_ARGS__)),       \
			  __VA_ARGS__)

/*
 * MOTE_IMPORT(result, name, (type, parameter)...)
 *
 * Defines the static function `result name(type parameter, ...)`, which calls the host's function
 * of that name. No semicolon after it. Types as above. The host must provide only the imports
 * that the program uses, so a header may declare more than one guest needs.
 *
 * A string or bytes result is valid until the next host call (logging does not count as one).
 */
#define MOTE_IMPORT(result, ...)                                                                   \
	MOTE_GUEST_IMPORT(result, MOTE_GUEST_FIRST(__VA_ARGS__), MOTE_GUEST_COUNT(__VA_ARGS__),    \
			  MOTE_GUEST_SELECT(MOTE_GUEST_MAP_, MOTE_GUEST_COUNT(__VA_ARGS__)),       \
			  __VA_ARGS__)

/*
 * MOTE_NEEDS(.heap_bytes = 1 << 20, .stack_bytes = 256 << 10)
 *
 * The minimum that the program needs; the host does not run it with less. At most once in a
 * program, outside any function, no semicolon after it.
 */
#define MOTE_NEEDS(...)                                                                            \
	extern const struct mote_guest_needs mote_guest_needs;                                     \
	const struct mote_guest_needs mote_guest_needs                                             \
		__attribute__((section(".note.mote.needs"), used, aligned(4))) = {                 \
			sizeof(MOTE_ABI_NOTE_NAME),                                                \
			sizeof(struct mote_abi_needs_note),                                        \
			MOTE_ABI_NOTE_NEEDS,                                                       \
			MOTE_ABI_NOTE_NAME,                                                        \
			{__VA_ARGS__},                                                             \
	};

/*
 * MOTE_RESTORED(void, name, (uint64_t, generation)) { body }
 *
 * Defines a static function that runs before the first call after the host has put the program back
 * to an earlier state, or has made another one from it: that is when something that must be unique
 * (a key, an identifier, the seed of a generator) is made anew.  generation differs each time.  Any
 * number in a program; their order is unspecified.  Host functions may be called in it.
 * mote_random needs none.
 */
#define MOTE_RESTORED(result, function, parameter)                                                 \
	static result function(MOTE_GUEST_PARAMETER_ parameter);                                   \
	static result (*const mote_guest_restored_##function)(uint64_t)                            \
		__attribute__((section("mote_restored"), aligned(8), MOTE_GUEST_KEEP)) = function; \
	static result function(MOTE_GUEST_PARAMETER_ parameter)

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Sends one line to the host's log, formatted as by printf.  A message below the
 * host's log level costs only a comparison.  Messages are truncated to 1023 bytes.
 */
void mote_log(mote_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mote_log_arguments(mote_log_level level, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* Ends the program permanently; the host's call gets the message, formatted as by printf. */
void mote_abort(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn, cold));

/* How many bytes the string and bytes arguments of one call may take in all, and as many its
 * result. */
size_t mote_call_capacity(void);

/* 64 unpredictable bits; the sequence differs in each sandbox, and after each return to a
 * snapshot.  Not for long-lived keys. */
uint64_t mote_random(void);

#ifdef __cplusplus
}
#endif

#endif
