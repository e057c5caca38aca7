// SPDX-License-Identifier: Apache-2.0
//
// Self tests: what the language asks of its runtime library.
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

#include "cxx_tests.h"

namespace
{

std::string trace;

struct marker {
	char name;

	explicit marker(char which) : name(which)
	{
	}
	~marker()
	{
		trace += name;
	}
};

__attribute__((noinline)) void throw_at(int depth)
{
	marker here(static_cast<char>('0' + depth));

	if (depth == 0)
		throw std::out_of_range("bottom");
	throw_at(depth - 1);
}

struct half_made {
	marker first{'f'};

	half_made()
	{
		throw std::runtime_error("constructor");
	}
	~half_made()
	{
		trace += '!';
	}
};

struct function_try {
	marker member;

	function_try()
	try : member('m') {
		throw 1;
	} catch (int) {
		trace += 't';
	}
};

} // namespace

void test_exceptions()
{
	trace.clear();
	CHECK_THROWS(std::out_of_range, throw_at(5));
	CHECK(trace == "012345");

	// By a base class, with the text, and another type passes by.
	try {
		try {
			throw_at(0);
		} catch (const std::runtime_error &) {
			CHECK(false);
		}
	} catch (const std::logic_error &e) {
		CHECK(std::string(e.what()) == "bottom");
	}

	// Thrown again, as what it was.
	try {
		try {
			throw_at(1);
		} catch (const std::exception &) {
			throw;
		}
	} catch (const std::out_of_range &e) {
		CHECK(std::string(e.what()) == "bottom");
	}

	trace.clear();
	CHECK_THROWS(std::runtime_error, half_made());
	CHECK(trace == "f");
	trace.clear();
	CHECK_THROWS(int, function_try());
	CHECK(trace == "mt");

	// Through functions of the library, and with any type.
	std::function<int(int)> thrower = [](int v) -> int { throw v; };
	try {
		thrower(7);
		CHECK(false);
	} catch (int v) {
		CHECK(v == 7);
	}
	CHECK_THROWS(std::bad_function_call, std::function<void()>()());
	CHECK(std::uncaught_exceptions() == 0);

	// Ten thousand of them leave nothing behind.
	for (int i = 0; i < 10000; i++)
		try {
			throw std::string(100, 'x');
		} catch (const std::string &s) {
			CHECK(s.size() == 100);
		}
}

void test_exception_pointers()
{
	std::exception_ptr kept;

	try {
		throw_at(2);
	} catch (...) {
		kept = std::current_exception();
	}
	CHECK(kept && !std::current_exception());
	for (int i = 0; i < 2; i++)
		CHECK_THROWS(std::out_of_range, std::rethrow_exception(kept));
	try {
		try {
			std::rethrow_exception(kept);
		} catch (...) {
			std::throw_with_nested(std::runtime_error("outer"));
		}
	} catch (const std::exception &e) {
		CHECK(std::string(e.what()) == "outer");
		CHECK_THROWS(std::out_of_range, std::rethrow_if_nested(e));
	}
	CHECK_THROWS(int, std::rethrow_exception(std::make_exception_ptr(3)));
}

namespace
{

struct root {
	virtual ~root()
	{
	}
};
struct left : virtual root {
	int a = 1;
};
struct right : virtual root {
	int b = 2;
};
struct both : left, right {
	int c = 3;
};
struct other : root {
};

} // namespace

void test_types()
{
	both object;
	other stranger;
	root *as_root = &object;
	left *as_left = &object;

	CHECK(dynamic_cast<both *>(as_root) == &object);
	CHECK(dynamic_cast<right *>(as_left) == &object);
	CHECK(dynamic_cast<void *>(as_left) == &object);
	CHECK(dynamic_cast<both *>(static_cast<root *>(&stranger)) == nullptr);
	CHECK_THROWS(std::bad_cast, dynamic_cast<left &>(static_cast<root &>(stranger)));
	CHECK(typeid(*as_root) == typeid(both) && typeid(*as_root) != typeid(other));
	CHECK(std::string(typeid(int).name()) == "i");
	as_root = nullptr;
	CHECK_THROWS(std::bad_typeid, typeid(*as_root).name());
}

namespace
{

int attempts;

int third_time()
{
	if (++attempts < 3)
		throw attempts;
	return attempts * 10;
}

int guarded()
{
	static int value = third_time();

	return value;
}

struct early {
	std::vector<int> values{1, 2, 3};
} constructed_at_start;

} // namespace

void test_statics()
{
	CHECK(constructed_at_start.values.size() == 3);
	while (attempts < 2)
		CHECK_THROWS(int, guarded());
	CHECK(guarded() == 30 && guarded() == 30 && attempts == 3);
}

namespace
{

thread_local std::string local = "local " + std::to_string(1);
thread_local int counter = 40;

} // namespace

void test_thread_locals()
{
	static thread_local std::vector<int> within(3, 7);

	CHECK(local == "local 1" && within.size() == 3);
	local += "!";
	within.push_back(++counter);
	CHECK(local == "local 1!" && within.back() == 41);
	local = "local 1";
	counter = 40;
	within.assign(3, 7);
}

namespace
{

void *volatile kept;

// Or a compiler leaves the allocation out.
void *keep(void *memory)
{
	kept = memory;
	return memory;
}

int asked;

void give_up()
{
	asked++;
	std::set_new_handler(nullptr);
}

struct alignas(64) wide {
	char bytes[64];
};

} // namespace

void test_new()
{
	const std::size_t huge = std::size_t(1) << 40;
	volatile std::size_t too_many = SIZE_MAX / 2;

	CHECK_THROWS(std::bad_alloc, keep(::operator new(huge)));
	CHECK(keep(::operator new(huge, std::nothrow)) == nullptr);
	CHECK_THROWS(std::bad_alloc, keep(new int[too_many]));
	CHECK_THROWS(std::length_error, std::vector<char>(SIZE_MAX));
	asked = 0;
	std::set_new_handler(give_up);
	CHECK_THROWS(std::bad_alloc, keep(::operator new(huge)));
	CHECK(asked == 1);

	// All that there is, caught, and given back.
	std::vector<void *> blocks;
	blocks.reserve(1 << 16);
	try {
		for (;;)
			blocks.push_back(::operator new(1 << 18));
	} catch (const std::bad_alloc &e) {
		CHECK(std::string(e.what()) == "std::bad_alloc");
	}
	CHECK(blocks.size() > 4);
	for (void *block : blocks)
		::operator delete(block);
	::operator delete(keep(::operator new(1 << 20)));

	wide *aligned = new wide();
	CHECK(reinterpret_cast<std::uintptr_t>(aligned) % 64 == 0);
	delete aligned;
}
