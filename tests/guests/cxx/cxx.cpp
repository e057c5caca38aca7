// SPDX-License-Identifier: Apache-2.0
//
// Test guest in C++ with its library: checks itself, prints, and ends in the ways that C++ has.
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "cxx_tests.h"

uint32_t failures;

// Outside of a namespace without a name, where a compiler would see that there is no other class.
struct base {
	base();
	virtual ~base()
	{
	}
	virtual void missing() = 0;
};

struct derived : base {
	void missing() override
	{
	}
};

base::base()
{
	base *volatile object = this;

	object->missing();
}

namespace
{

const struct {
	const char *name;
	void (*run)();
} tests[] = {
	{"exceptions", test_exceptions},
	{"exception_pointers", test_exception_pointers},
	{"types", test_types},
	{"statics", test_statics},
	{"thread_locals", test_thread_locals},
	{"new", test_new},
	{"containers", test_containers},
	{"conversions", test_conversions},
	{"regex", test_regex},
	{"formatting", test_formatting},
	{"characters", test_characters},
	{"locale_names", test_locale_names},
	{"locale_facets", test_locale_facets},
	{"wide_facets", test_wide_facets},
	{"utf8", test_utf8},
	{"no_threads", test_no_threads},
	{"locks", test_locks},
	{"file_streams", test_file_streams},
	{"filesystem", test_filesystem},
	{"clock_and_random", test_clock_and_random},
};

struct loud {
	~loud()
	{
		mote_abort("a destructor of a static object ran in a guest with functions");
	}
};

loud never_destroyed;

struct strange_error {
	int number;
};

[[noreturn]] __attribute__((noinline)) void fail(int depth)
{
	std::string kept(static_cast<std::size_t>(depth) + 20, 'x');

	if (depth == 0)
		throw std::runtime_error("five frames down");
	fail(depth - 1);
	mote_abort("%s", kept.c_str());
}

[[noreturn]] void promise_broken() noexcept
{
	fail(0);
}

struct throwing_text : std::exception {
	const char *what() const noexcept override
	{
		fail(0);
	}
};

} // namespace

MOTE_EXPORT(uint32_t, test_count)
{
	return sizeof(tests) / sizeof(tests[0]);
}

MOTE_EXPORT(mote_string, test_name, (uint32_t, index))
{
	return tests[index].name;
}

// Whether one test passed; what did not hold is in the log.
MOTE_EXPORT(bool, run_test, (uint32_t, index))
{
	failures = 0;
	try {
		tests[index].run();
	} catch (const std::exception &e) {
		mote_log(MOTE_LOG_ERROR, "%s: %s", tests[index].name, e.what());
		failures++;
	}
	return failures == 0;
}

MOTE_EXPORT(bool, run_all)
{
	bool passed = true;

	for (uint32_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		if (!run_test(i)) {
			mote_log(MOTE_LOG_ERROR, "%s failed", tests[i].name);
			passed = false;
		}
	return passed;
}

MOTE_EXPORT(void, print)
{
	std::cout << "a line of cout " << 42 << std::endl;
	std::cerr << "a line of cerr\n";
	std::clog << "and of clog\n";
	std::wcout << L"wide " << 1.5 << L"\n";
	std::printf("printf and ");
	std::cout << "cout in order";
}

// ---- Ends ----------------------------------------------------------------------------------

MOTE_EXPORT(void, leave, (mote_string, text))
{
	throw std::invalid_argument(text);
}

MOTE_EXPORT(void, leave_deep)
{
	fail(5);
}

MOTE_EXPORT(void, leave_with_int)
{
	throw 42;
}

MOTE_EXPORT(void, leave_with_strange_error)
{
	throw strange_error{1};
}

MOTE_EXPORT(void, leave_with_rethrown)
{
	std::exception_ptr kept;

	try {
		fail(1);
	} catch (...) {
		kept = std::current_exception();
	}
	std::rethrow_exception(kept);
}

MOTE_EXPORT(void, leave_noexcept)
{
	promise_broken();
}

MOTE_EXPORT(void, leave_no_memory)
{
	std::vector<std::unique_ptr<char[]>> kept;

	for (;;)
		kept.push_back(std::make_unique<char[]>(1 << 20));
}

MOTE_EXPORT(void, leave_throwing_text)
{
	throw throwing_text();
}

MOTE_EXPORT(void, terminate)
{
	std::terminate();
}

MOTE_EXPORT(void, call_pure_virtual)
{
	derived object;

	object.missing();
}
