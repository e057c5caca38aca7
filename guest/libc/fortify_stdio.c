/* SPDX-License-Identifier: Apache-2.0
 *
 * The printf family as _FORTIFY_SOURCE calls it: a flag, and the room behind
 * the pointer.
 */
#include <mote_guest.h>
#include <stdio.h>

_Noreturn void __chk_fail(void);
int __vsnprintf_chk(char *to, size_t bytes, int flag, size_t room, const char *format,
		    va_list arguments);
int __snprintf_chk(char *to, size_t bytes, int flag, size_t room, const char *format, ...);
int __vsprintf_chk(char *to, int flag, size_t room, const char *format, va_list arguments);
int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...);
int __vprintf_chk(int flag, const char *format, va_list arguments);
int __printf_chk(int flag, const char *format, ...);
int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list arguments);
int __fprintf_chk(FILE *stream, int flag, const char *format, ...);

int __vsnprintf_chk(char *to, size_t bytes, int flag, size_t room, const char *format,
		    va_list arguments)
{
	(void)flag;
	if (bytes > room)
		__chk_fail();
	return vsnprintf(to, bytes, format, arguments);
}

int __snprintf_chk(char *to, size_t bytes, int flag, size_t room, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = __vsnprintf_chk(to, bytes, flag, room, format, arguments);
	va_end(arguments);
	return length;
}

int __vsprintf_chk(char *to, int flag, size_t room, const char *format, va_list arguments)
{
	int length = vsnprintf(to, room, format, arguments);

	(void)flag;
	if (length >= 0 && (size_t)length >= room)
		__chk_fail();
	return length;
}

int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = __vsprintf_chk(to, flag, room, format, arguments);
	va_end(arguments);
	return length;
}

int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list arguments)
{
	(void)flag;
	return vfprintf(stream, format, arguments);
}

int __fprintf_chk(FILE *stream, int flag, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = __vfprintf_chk(stream, flag, format, arguments);
	va_end(arguments);
	return length;
}

int __vprintf_chk(int flag, const char *format, va_list arguments)
{
	return __vfprintf_chk(stdout, flag, format, arguments);
}

int __printf_chk(int flag, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = __vprintf_chk(flag, format, arguments);
	va_end(arguments);
	return length;
}
