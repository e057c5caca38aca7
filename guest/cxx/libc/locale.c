/* SPDX-License-Identifier: Apache-2.0
 *
 * Locales as libstdc++.a knows them.  It was compiled for glibc: it reads the tables of characters
 * out of a locale where glibc has them, and asks for wide texts by glibc's numbers.  musl's locale
 * is six pointers, one for each category, and these are the first six words here too; so both take
 * such an object for one of their own.  The linker sends their calls to here (--wrap).
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { CATEGORIES = 13, OURS = 6 };

/* glibc's layout. */
struct locale {
	const void *categories[CATEGORIES];
	const unsigned short *masks;
	const int *lower, *upper;
	const char *names[CATEGORIES];
};

const unsigned short **__ctype_b_loc(void);
const int **__ctype_tolower_loc(void);
const int **__ctype_toupper_loc(void);
void *__libc_calloc(size_t count, size_t bytes);

locale_t __real___newlocale(int mask, const char *name, locale_t base);
char *__real___nl_langinfo_l(nl_item item, locale_t locale);
locale_t __wrap___newlocale(int mask, const char *name, locale_t base);
locale_t __wrap___duplocale(locale_t locale);
char *__wrap___nl_langinfo_l(nl_item item, locale_t locale);

/* musl knows any name; elsewhere a locale that is not installed is an error. */
static const char *known(const char *name)
{
	if (!strcmp(name, "C") || !strcmp(name, "POSIX"))
		return "C";
	if (!strcmp(name, "C.UTF-8") || !strcmp(name, "C.utf8"))
		return "C.UTF-8";
	return NULL;
}

static struct locale *make(void)
{
	struct locale *locale = __libc_calloc(1, sizeof(*locale));

	if (locale) {
		locale->masks = *__ctype_b_loc();
		locale->lower = *__ctype_tolower_loc();
		locale->upper = *__ctype_toupper_loc();
	}
	return locale;
}

/* glibc has two ways to say all: a mask of its twelve categories, and the bit behind them. */
static int categories_of(int mask)
{
	return mask == 1 << LC_ALL ? (1 << OURS) - 1 : mask;
}

locale_t __wrap___newlocale(int mask, const char *name, locale_t base)
{
	struct locale *locale = (struct locale *)base;
	const struct locale *from;

	name = known(name);
	if (!name) {
		errno = ENOENT;
		return NULL;
	}
	/* One of musl's constants. */
	from = (const struct locale *)__real___newlocale(LC_ALL_MASK, name, NULL);
	if (!locale)
		locale = make();
	for (int i = 0; locale && i < CATEGORIES; i++) {
		if (i < OURS && categories_of(mask) & 1 << i)
			locale->categories[i] = from->categories[i];
		if (!locale->names[i] || categories_of(mask) & 1 << i)
			locale->names[i] = name;
	}
	return (locale_t)locale;
}

locale_t __wrap___duplocale(locale_t locale)
{
	struct locale *copy = make();

	if (copy)
		*copy = *(const struct locale *)locale;
	return (locale_t)copy;
}

/* Numbers of glibc's items in wide characters.  Those of LC_TIME follow the narrow ones, in the
 * same order but for one that is only narrow. */
enum {
	TIME_ITEMS = 0x32,
	WIDE_TIME = 0x20034,
	WIDE_ERA = 0x20060,
	WIDE_TIME_END = 0x20065,
	WIDE_DECIMAL_POINT = 0x10003,
	WIDE_THOUSANDS_SEPARATOR = 0x10004,
	WIDE_MONETARY_DECIMAL_POINT = 0x4002b,
	WIDE_MONETARY_THOUSANDS_SEPARATOR = 0x4002c,
};

/* In locales that there are, all of it is ASCII. */
static char *wide_time(nl_item item, locale_t locale)
{
	static wchar_t texts[TIME_ITEMS][24];
	const int index = item < WIDE_ERA ? item - WIDE_TIME : item - WIDE_TIME + 1;
	const char *text = __real___nl_langinfo_l(ABDAY_1 + index, locale);

	for (size_t i = 0; text[i]; i++)
		texts[index][i] = (unsigned char)text[i];
	return (char *)texts[index];
}

/* Where the item is one wide character, glibc returns it in place of a pointer. */
char *__wrap___nl_langinfo_l(nl_item item, locale_t locale)
{
	switch (item) {
	case WIDE_DECIMAL_POINT:
		return (char *)(uintptr_t)L'.';
	case WIDE_THOUSANDS_SEPARATOR:
	case WIDE_MONETARY_DECIMAL_POINT:
	case WIDE_MONETARY_THOUSANDS_SEPARATOR:
		return NULL;
	default:
		if (item >= WIDE_TIME && item < WIDE_TIME_END)
			return wide_time(item, locale);
		return __real___nl_langinfo_l(item, locale);
	}
}
