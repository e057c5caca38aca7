/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the compiler's own checks end: the stack protector, and the length
 * checks of code that was built with _FORTIFY_SOURCE against a larger libc.
 */
#include <mote_guest.h>
#include <stdio.h>
#include <string.h>

_Noreturn void __stack_chk_fail(void);
_Noreturn void __chk_fail(void);
void *__memcpy_chk(void *to, const void *from, size_t length, size_t room);
void *__memmove_chk(void *to, const void *from, size_t length, size_t room);
void *__memset_chk(void *to, int byte, size_t length, size_t room);
char *__strcpy_chk(char *to, const char *from, size_t room);
char *__stpcpy_chk(char *to, const char *from, size_t room);
char *__strncpy_chk(char *to, const char *from, size_t length, size_t room);
char *__strcat_chk(char *to, const char *from, size_t room);
char *__strncat_chk(char *to, const char *from, size_t maximum, size_t room);

void __stack_chk_fail(void)
{
	mote_abort("stack smashing detected");
}

void __chk_fail(void)
{
	mote_abort("buffer overflow detected");
}

static void check(size_t needed, size_t room)
{
	if (needed > room)
		__chk_fail();
}

void *__memcpy_chk(void *to, const void *from, size_t length, size_t room)
{
	check(length, room);
	return memcpy(to, from, length);
}

void *__memmove_chk(void *to, const void *from, size_t length, size_t room)
{
	check(length, room);
	return memmove(to, from, length);
}

void *__memset_chk(void *to, int byte, size_t length, size_t room)
{
	check(length, room);
	return memset(to, byte, length);
}

char *__strcpy_chk(char *to, const char *from, size_t room)
{
	check(strlen(from) + 1, room);
	return strcpy(to, from);
}

char *__stpcpy_chk(char *to, const char *from, size_t room)
{
	check(strlen(from) + 1, room);
	return stpcpy(to, from);
}

char *__strncpy_chk(char *to, const char *from, size_t length, size_t room)
{
	check(length, room);
	return strncpy(to, from, length);
}

char *__strcat_chk(char *to, const char *from, size_t room)
{
	check(strlen(to) + strlen(from) + 1, room);
	return strcat(to, from);
}

char *__strncat_chk(char *to, const char *from, size_t maximum, size_t room)
{
	check(strlen(to) + strnlen(from, maximum) + 1, room);
	return strncat(to, from, maximum);
}
