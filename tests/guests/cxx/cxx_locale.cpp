// SPDX-License-Identifier: Apache-2.0
//
// Self tests: locales, whose objects libstdc++ shares with the C library.
#include <clocale>
#include <codecvt>
#include <cstdlib>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <string>

#include "cxx_tests.h"

void test_locale_names()
{
	CHECK(std::locale().name() == "C" && std::locale("C") == std::locale::classic());
	CHECK(std::locale("POSIX").name() == "C");
	CHECK(std::locale("C.UTF-8").name() == "C.UTF-8");
	CHECK_THROWS(std::runtime_error, std::locale("de_DE.UTF-8"));
	CHECK_THROWS(std::runtime_error, std::locale(static_cast<const char *>(nullptr)));

	// As the environment says.
	CHECK(std::locale("").name() == "C");
	setenv("LANG", "C.UTF-8", 1);
	CHECK(std::locale("").name() == "C.UTF-8");
	setenv("LANG", "xx_XX", 1);
	CHECK_THROWS(std::runtime_error, std::locale(""));
	unsetenv("LANG");

	// The global one is that of the C library too.
	std::locale before = std::locale::global(std::locale("C.UTF-8"));
	CHECK(std::string(std::setlocale(LC_ALL, nullptr)).find("C.UTF-8") == 0 && MB_CUR_MAX == 4);
	std::locale::global(before);
	CHECK(std::string(std::setlocale(LC_ALL, nullptr)) == "C" && MB_CUR_MAX == 1);

	std::locale mixed(std::locale::classic(), "C.UTF-8", std::locale::ctype);
	CHECK(std::has_facet<std::ctype<wchar_t>>(mixed) && mixed != std::locale::classic());
}

namespace
{

std::tm some_day()
{
	std::tm day = {};

	day.tm_year = 120;
	day.tm_mon = 8;
	day.tm_mday = 2;
	day.tm_wday = 3;
	day.tm_hour = 16;
	day.tm_min = 5;
	return day;
}

} // namespace

void test_locale_facets()
{
	for (const char *name : {"C", "C.UTF-8"}) {
		const std::locale locale(name);
		const auto &numbers = std::use_facet<std::numpunct<char>>(locale);
		const auto &money = std::use_facet<std::moneypunct<char>>(locale);
		const auto &order = std::use_facet<std::collate<char>>(locale);
		const std::tm day = some_day();
		std::ostringstream out;
		std::string a = "abc", b = "abd";

		CHECK(numbers.decimal_point() == '.' && numbers.grouping().empty());
		CHECK(numbers.truename() == "true" && money.curr_symbol().empty());
		CHECK(order.compare(a.data(), a.data() + 3, b.data(), b.data() + 3) < 0);
		CHECK(order.transform(a.data(), a.data() + 3) <
		      order.transform(b.data(), b.data() + 3));
		out.imbue(locale);
		out << 1234567.5 << ' ' << std::put_time(&day, "%A %d %B %Y %I:%M %p %x|%c");
		CHECK(out.str() == "1.23457e+06 Wednesday 02 September 2020 04:05 PM 09/02/20|"
				   "Wed Sep  2 16:05:00 2020");

		std::istringstream in("2021-03-04 Thursday");
		std::tm read = {};
		in.imbue(locale);
		in >> std::get_time(&read, "%Y-%m-%d %A");
		CHECK(!in.fail() && read.tm_year == 121 && read.tm_mon == 2 && read.tm_mday == 4);

		out.str("");
		out << std::put_money(12345);
		CHECK(!out.fail() && out.str() == "12345");
	}
}

void test_wide_facets()
{
	for (const char *name : {"C", "C.UTF-8"}) {
		const std::locale locale(name);
		const auto &numbers = std::use_facet<std::numpunct<wchar_t>>(locale);
		const auto &money = std::use_facet<std::moneypunct<wchar_t>>(locale);
		const std::tm day = some_day();
		std::wostringstream out;

		CHECK(numbers.decimal_point() == L'.' && numbers.thousands_sep() == L',');
		CHECK(numbers.grouping().empty() && money.decimal_point() == L'.');
		out.imbue(locale);
		out << 1234567.5 << L' ' << std::put_time(&day, L"%A %a %d %B %b %Y %p %x|%X|%c");
		CHECK(out.str() == L"1.23457e+06 Wednesday Wed 02 September Sep 2020 PM 09/02/20|"
				   L"16:05:00|Wed Sep  2 16:05:00 2020");

		std::wistringstream in(L"3.5 14:30:15 Sunday");
		std::tm read = {};
		double number = 0;
		in.imbue(locale);
		in >> number >> std::get_time(&read, L"%X %A");
		CHECK(number == 3.5 && read.tm_hour == 14 && read.tm_sec == 15 &&
		      read.tm_wday == 0);
	}
}

void test_utf8()
{
	const std::locale utf8("C.UTF-8");
	const auto &types = std::use_facet<std::ctype<wchar_t>>(utf8);
	const auto &encoding = std::use_facet<std::codecvt<wchar_t, char, std::mbstate_t>>(utf8);
	const std::wstring wide = L"\u00fcber \u20ac \U0001f600";
	const std::string narrow = "\xc3\xbc"
				   "ber \xe2\x82\xac \xf0\x9f\x98\x80";
	char bytes[64];
	wchar_t back[64];
	const wchar_t *wide_next;
	const char *narrow_next;
	char *bytes_next;
	wchar_t *back_next;
	std::mbstate_t state = {};

	CHECK(types.is(std::ctype_base::alpha, L'\u00fc') && types.toupper(L'\u00fc') == L'\u00dc');
	CHECK(types.is(std::ctype_base::upper, L'\u00dc') &&
	      !types.is(std::ctype_base::digit, L'\u00fc'));
	CHECK(encoding.out(state, wide.data(), wide.data() + wide.size(), wide_next, bytes,
			   bytes + sizeof(bytes), bytes_next) == std::codecvt_base::ok);
	CHECK(std::string(bytes, bytes_next) == narrow);
	state = std::mbstate_t();
	CHECK(encoding.in(state, narrow.data(), narrow.data() + narrow.size(), narrow_next, back,
			  back + 64, back_next) == std::codecvt_base::ok);
	CHECK(std::wstring(back, back_next) == wide);
	CHECK(encoding.max_length() == 4 && encoding.encoding() == 0);

	// Cut within a character: the state keeps nothing that the next call would lose.
	state = std::mbstate_t();
	CHECK(encoding.in(state, narrow.data(), narrow.data() + 8, narrow_next, back, back + 64,
			  back_next) == std::codecvt_base::partial);

	// Not in the C locale, and not what is no UTF-8.
	const auto &plain =
		std::use_facet<std::codecvt<wchar_t, char, std::mbstate_t>>(std::locale::classic());
	state = std::mbstate_t();
	CHECK(plain.out(state, wide.data(), wide.data() + 1, wide_next, bytes,
			bytes + sizeof(bytes), bytes_next) == std::codecvt_base::error);
	const char bad[] = "\xff";
	state = std::mbstate_t();
	CHECK(encoding.in(state, bad, bad + 1, narrow_next, back, back + 64, back_next) ==
	      std::codecvt_base::error);
}
