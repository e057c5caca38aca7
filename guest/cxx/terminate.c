/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a guest in C++: an exception that nobody catches, std::terminate.  In place of what
 * libstdc++ does there (the linker asks for this name first, -u), since that goes to stderr and
 * leaves no more than `abort() called` to the host.  All by the names and layouts of the Itanium
 * C++ ABI.
 */
#include <mote_guest.h>
#include <stdlib.h>

struct type {
	const void *virtual_functions;
	const char *name;
};

/* An object of a class with virtual functions: std::exception, whose third one is what(). */
struct exception {
	const char *(*const *virtual_functions)(const struct exception *);
};
enum { EXCEPTION_WHAT = 2 };

/* std::exception_ptr: a pointer.  It is returned in memory, as is a structure of C that is too
 * large for registers. */
struct exception_pointer {
	void *object;
	void *unused[7];
};

/* std::current_exception, the type of std::exception, and whether a handler of a type catches
 * another one, which changes the object to its part of that type. */
struct exception_pointer _ZSt17current_exceptionv(void);
extern const struct type _ZTISt9exception;
bool _ZNK10__cxxabiv117__class_type_info10__do_catchEPKSt9type_infoPPvj(const struct type *type,
									const struct type *thrown,
									void **object,
									unsigned int depth);

const struct type *__cxa_current_exception_type(void);
char *__cxa_demangle(const char *name, char *text, size_t *bytes, int *status);

/* __gnu_cxx::__verbose_terminate_handler */
_Noreturn void _ZN9__gnu_cxx27__verbose_terminate_handlerEv(void);

/* NULL if it is no std::exception. */
static const char *what(const struct type *type)
{
	void *object = _ZSt17current_exceptionv().object;
	const struct exception *exception;

	if (!object || !_ZNK10__cxxabiv117__class_type_info10__do_catchEPKSt9type_infoPPvj(
			       &_ZTISt9exception, type, &object, 1))
		return NULL;
	exception = object;
	return exception->virtual_functions[EXCEPTION_WHAT](exception);
}

void _ZN9__gnu_cxx27__verbose_terminate_handlerEv(void)
{
	static bool again;
	const struct type *type = __cxa_current_exception_type();
	const char *name, *readable, *text;

	if (!type)
		mote_abort("std::terminate() called");
	name = type->name + (type->name[0] == '*'); /* a type of one source file */
	readable = __cxa_demangle(name, NULL, NULL, NULL);
	if (readable)
		name = readable;
	if (again)
		mote_abort("uncaught exception %s, whose what() ended in another one", name);
	again = true;
	text = what(type);
	if (text)
		mote_abort("uncaught exception %s: %s", name, text);
	mote_abort("uncaught exception %s", name);
}
