// SPDX-License-Identifier: Apache-2.0
//
// Self tests: the library of C++ where it computes.
#include <algorithm>
#include <any>
#include <charconv>
#include <cmath>
#include <complex>
#include <deque>
#include <iomanip>
#include <list>
#include <locale>
#include <map>
#include <memory>
#include <memory_resource>
#include <numeric>
#include <optional>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "cxx_tests.h"

void test_containers()
{
	std::vector<int> numbers(1000);
	std::map<std::string, int> ordered;
	std::unordered_map<std::string, int> counted;
	std::istringstream words("one two three two one two");
	std::string word;

	std::iota(numbers.begin(), numbers.end(), 0);
	std::shuffle(numbers.begin(), numbers.end(), std::mt19937(1));
	std::sort(numbers.begin(), numbers.end());
	CHECK(numbers[0] == 0 && numbers[999] == 999);
	std::stable_sort(numbers.begin(), numbers.end(),
			 [](int a, int b) { return a % 10 < b % 10; });
	CHECK(numbers[0] == 0 && numbers[999] == 999 && numbers[1] == 10);
	while (words >> word)
		counted[word]++;
	ordered.insert(counted.begin(), counted.end());
	CHECK(ordered.size() == 3 && ordered.begin()->first == "one" && ordered["two"] == 3);
	CHECK_THROWS(std::out_of_range, numbers.at(1000));
	CHECK_THROWS(std::out_of_range, ordered.at("four"));

	std::list<std::shared_ptr<int>> shared(5, std::make_shared<int>(3));
	CHECK(shared.front().use_count() == 5 && *shared.back() == 3);
	CHECK_THROWS(std::bad_weak_ptr, std::shared_ptr<int>(std::weak_ptr<int>()));
	CHECK_THROWS(std::bad_optional_access, std::optional<int>().value());
	std::variant<int, std::string> either = "text";
	CHECK(std::get<std::string>(either) == "text");
	CHECK_THROWS(std::bad_variant_access, std::get<int>(either));
	CHECK_THROWS(std::bad_any_cast, std::any_cast<int>(std::any(1.5)));

	// Its objects hold locks, in the library's own memory.
	std::pmr::synchronized_pool_resource pool;
	std::pmr::deque<std::pmr::string> texts(&pool);
	for (int i = 0; i < 100; i++)
		texts.emplace_back(static_cast<std::size_t>(i), 'x');
	CHECK(texts[99].size() == 99);

	std::shared_ptr<int> first = std::make_shared<int>(1), second = std::make_shared<int>(2);
	CHECK(*std::atomic_exchange(&first, second) == 1 && *std::atomic_load(&first) == 2);
	CHECK(std::abs(std::complex<double>(3, 4)) == 5);
}

void test_conversions()
{
	char text[64];
	double number = 0;
	int integer = 0;

	static_assert(!std::is_same_v<decltype(NULL), std::nullptr_t>, "NULL may be a number too");
	CHECK(std::stoi("42") == 42 && std::stol("-7") == -7 &&
	      std::stoul("ff", nullptr, 16) == 255);
	CHECK(std::stod("2.5e3") == 2500 && std::stof("-0.5") == -0.5f && std::stold("1e2") == 100);
	CHECK_THROWS(std::invalid_argument, std::stoi("none"));
	CHECK_THROWS(std::out_of_range, std::stoi("99999999999"));
	CHECK_THROWS(std::out_of_range, std::stod("1e999"));
	CHECK(std::to_string(3.25) == "3.250000" && std::to_string(-1L) == "-1");

	// These change the locale of the thread in between.
	std::string_view digits = "2.718281828459045";
	CHECK(std::from_chars(digits.data(), digits.data() + digits.size(), number).ec ==
	      std::errc());
	CHECK(number == 2.718281828459045);
	std::to_chars_result end = std::to_chars(text, text + sizeof(text), number);
	CHECK(std::string(text, end.ptr) == digits);
	long double precise = 0;
	digits = "1.25";
	std::from_chars(digits.data(), digits.data() + digits.size(), precise);
	CHECK(precise == 1.25L);
	digits = "x";
	CHECK(std::from_chars(digits.data(), digits.data() + 1, integer).ec ==
	      std::errc::invalid_argument);
}

void test_regex()
{
	std::smatch match;
	std::string text = "mail joe@home or ann@work now";
	std::regex address("(\\w+)@(\\w+)", std::regex::icase);

	CHECK(std::regex_search(text, match, address) && match[1] == "joe" && match[2] == "home");
	CHECK(std::regex_replace(text, address, "$2.$1") == "mail home.joe or work.ann now");
	CHECK(std::distance(std::sregex_iterator(text.begin(), text.end(), address),
			    std::sregex_iterator()) == 2);
	CHECK(std::regex_match("a1 ", std::regex("[[:alpha:]][[:digit:]][[:space:]]")));
	CHECK(!std::regex_match("a1x", std::regex("[[:alpha:]][[:digit:]][[:space:]]")));
	CHECK(std::regex_match(L"\u00e4b", std::wregex(L".[a-c]")));
	CHECK_THROWS(std::regex_error, std::regex("("));
}

void test_formatting()
{
	std::ostringstream out;
	std::istringstream in("12 0x1f 3.5 true word");
	int decimal = 0, hexadecimal = 0;
	double real = 0;
	bool truth = false;
	std::string word;

	out << std::setw(6) << std::setfill('*') << 42 << ' ' << std::hex << std::showbase << 255
	    << std::dec << ' ' << std::fixed << std::setprecision(3) << 3.14159 << ' '
	    << std::scientific << 1234.5 << ' ' << std::boolalpha << true << ' '
	    << std::quoted("a \"b\"");
	CHECK(out.str() == "****42 0xff 3.142 1.234e+03 true \"a \\\"b\\\"\"");
	in >> decimal >> std::hex >> hexadecimal >> std::dec >> real >> std::boolalpha >> truth >>
		word;
	CHECK(decimal == 12 && hexadecimal == 31 && real == 3.5 && truth && word == "word");
	CHECK(!(in >> decimal) && in.eof());
	in.clear();
	in.exceptions(std::ios::failbit);
	CHECK_THROWS(std::ios_base::failure, in >> decimal);
	out.str("");
	out << std::defaultfloat << std::setprecision(17) << 0.1 << ' ' << HUGE_VAL << ' '
	    << static_cast<void *>(nullptr);
	CHECK(out.str() == "0.10000000000000001 inf 0");

	// num_put with an iterator of its own is compiled here, not taken from the archive.
	std::string direct;
	typedef std::num_put<char, std::back_insert_iterator<std::string>> putter;
	std::locale with(std::locale::classic(), new putter);
	std::use_facet<putter>(with).put(std::back_inserter(direct), out, ' ', 2.5);
	CHECK(direct == "2.5");
}

void test_characters()
{
	const std::locale &classic = std::locale::classic();
	const std::ctype<char> &types = std::use_facet<std::ctype<char>>(classic);
	const std::ctype<wchar_t> &wide = std::use_facet<std::ctype<wchar_t>>(classic);
	static const struct {
		std::ctype_base::mask mask;
		int (*function)(int);
	} classes[] = {
		{std::ctype_base::upper, isupper},   {std::ctype_base::lower, islower},
		{std::ctype_base::alpha, isalpha},   {std::ctype_base::digit, isdigit},
		{std::ctype_base::xdigit, isxdigit}, {std::ctype_base::space, isspace},
		{std::ctype_base::print, isprint},   {std::ctype_base::graph, isgraph},
		{std::ctype_base::cntrl, iscntrl},   {std::ctype_base::punct, ispunct},
		{std::ctype_base::alnum, isalnum},   {std::ctype_base::blank, isblank},
	};

	for (int c = 0; c < 128; c++) {
		for (const auto &one : classes) {
			CHECK(types.is(one.mask, static_cast<char>(c)) == (one.function(c) != 0));
			CHECK(wide.is(one.mask, static_cast<wchar_t>(c)) == (one.function(c) != 0));
		}
		CHECK(types.toupper(static_cast<char>(c)) == static_cast<char>(toupper(c)));
		CHECK(types.tolower(static_cast<char>(c)) == static_cast<char>(tolower(c)));
		CHECK(wide.toupper(c) == static_cast<wchar_t>(toupper(c)));
		CHECK(wide.narrow(wide.widen(static_cast<char>(c)), '?') == static_cast<char>(c));
	}
	for (int c = 128; c < 256; c++)
		CHECK(!types.is(std::ctype_base::print, static_cast<char>(c)));
	CHECK(std::isalpha('a', classic) && !std::isalpha('1', classic));
	CHECK(std::toupper('z', classic) == 'Z');
}
