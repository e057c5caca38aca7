// SPDX-License-Identifier: Apache-2.0
//
// Self tests: what the library of C++ asks of an operating system.
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <shared_mutex>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>

#include "cxx_tests.h"

using namespace std::chrono_literals;
namespace fs = std::filesystem;

void test_no_threads()
{
	for (int i = 0; i < 3; i++)
		try {
			std::thread([] {}).join();
			CHECK(false);
		} catch (const std::system_error &e) {
			CHECK(e.code() == std::errc::resource_unavailable_try_again);
		}
	CHECK_THROWS(std::system_error, std::async(std::launch::async, [] { return 1; }).get());
	CHECK(std::async(std::launch::deferred, [] { return 1; }).get() == 1);
	CHECK(std::thread::hardware_concurrency() == 1);
	CHECK(std::this_thread::get_id() == std::this_thread::get_id());
	CHECK(std::this_thread::get_id() != std::thread::id());

	std::promise<int> promise;
	std::future<int> future = promise.get_future();
	CHECK(future.wait_for(0s) == std::future_status::timeout);
	CHECK(future.wait_for(1h) == std::future_status::timeout);
	promise.set_value(5);
	CHECK(future.get() == 5);
	CHECK_THROWS(std::future_error, promise.set_value(6));
}

void test_locks()
{
	std::mutex plain;
	std::recursive_mutex recursive;
	std::timed_mutex timed;
	std::recursive_timed_mutex recursive_timed;
	std::shared_mutex shared;
	std::shared_timed_mutex shared_timed;
	std::condition_variable condition;
	std::condition_variable_any any;
	std::once_flag once;
	int calls = 0;

	{
		std::scoped_lock lock(plain, timed);
		CHECK(!plain.try_lock() && !timed.try_lock());
		CHECK(!timed.try_lock_for(1ms));
		CHECK(!timed.try_lock_until(std::chrono::steady_clock::now() + 1ms));
	}
	{
		std::lock_guard<std::recursive_mutex> outer(recursive);
		std::lock_guard<std::recursive_mutex> inner(recursive);
		CHECK(recursive_timed.try_lock() && recursive_timed.try_lock_for(1ms));
		recursive_timed.unlock();
		recursive_timed.unlock();
	}
	{
		std::shared_lock reading(shared), also(shared);
		CHECK(!shared.try_lock());
		std::unique_lock writing(shared_timed);
		CHECK(!shared_timed.try_lock_shared() && !shared_timed.try_lock_shared_for(1ms));
	}
	std::unique_lock lock(plain);
	CHECK(condition.wait_for(lock, 1ms) == std::cv_status::timeout);
	CHECK(condition.wait_until(lock, std::chrono::system_clock::now() + 1ms) ==
	      std::cv_status::timeout);
	CHECK(!any.wait_for(lock, 1h, [] { return false; }));
	CHECK(!condition.wait_for(lock, 1h, [] { return false; }));
	condition.notify_all();
	CHECK_THROWS(int, std::call_once(once, [&] { throw ++calls; }));
	for (int i = 0; i < 3; i++)
		std::call_once(once, [&] { ++calls; });
	CHECK(calls == 2);
	CHECK_THROWS(std::system_error, lock.lock());
}

namespace
{

// What is beside it would be hit if headers and archive did not agree on its size.
template <typename type> struct fenced {
	std::uint64_t before = 0x1122334455667788;
	type object;
	std::uint64_t behind = 0x8877665544332211;

	bool intact() const
	{
		return before == 0x1122334455667788 && behind == 0x8877665544332211;
	}
};

} // namespace

void test_file_streams()
{
	auto out = std::make_unique<fenced<std::ofstream>>();
	auto in = std::make_unique<fenced<std::ifstream>>();
	auto both = std::make_unique<fenced<std::fstream>>();
	auto strings = std::make_unique<fenced<std::stringstream>>();
	std::string line;

	out->object.open("/tmp/stream");
	CHECK(out->object.is_open());
	for (int i = 0; i < 10000; i++)
		out->object << "line " << i << '\n';
	out->object.close();
	CHECK(fs::file_size("/tmp/stream") == 98890);
	in->object.open("/tmp/stream");
	for (int i = 0; i < 10000; i++)
		CHECK(std::getline(in->object, line) && line == "line " + std::to_string(i));
	CHECK(!std::getline(in->object, line) && in->object.eof());
	in->object.clear();
	in->object.seekg(7);
	CHECK(std::getline(in->object, line) && line == "line 1" && in->object.tellg() == 14);

	both->object.open("/tmp/both", std::ios::in | std::ios::out | std::ios::trunc);
	both->object << "0123456789";
	both->object.seekp(-3, std::ios::end);
	both->object << "ABC";
	both->object.seekg(5);
	CHECK(std::getline(both->object, line) && line == "56ABC");
	strings->object << 1 << ' ' << 2;
	CHECK(strings->object.str() == "1 2");
	CHECK(out->intact() && in->intact() && both->intact() && strings->intact());

	std::ifstream missing("/tmp/missing");
	CHECK(!missing);
	missing.exceptions(std::ios::badbit);
	CHECK_THROWS(std::ios_base::failure, missing.exceptions(std::ios::failbit));

	// Positions carry the state of the encoding.
	auto wide = std::make_unique<fenced<std::wfstream>>();
	wide->object.imbue(std::locale("C.UTF-8"));
	wide->object.open("/tmp/wide", std::ios::in | std::ios::out | std::ios::trunc);
	wide->object << L"\u20ac5\n\u00fc6\n";
	CHECK(wide->object.flush() && fs::file_size("/tmp/wide") == 9);
	wide->object.seekg(0);
	std::wstring text;
	CHECK(std::getline(wide->object, text) && text == L"\u20ac5");
	const std::wfstream::pos_type position = wide->object.tellg();
	CHECK(std::getline(wide->object, text) && text == L"\u00fc6" && position == 5);
	wide->object.seekg(position);
	CHECK(std::getline(wide->object, text) && text == L"\u00fc6" && wide->intact());
	for (const char *name : {"/tmp/stream", "/tmp/both", "/tmp/wide"})
		CHECK(fs::remove(name));
}

void test_filesystem()
{
	const fs::path folder = fs::temp_directory_path() / "some" / "where";
	const fs::path file = folder / "file.txt";
	std::set<std::string> found;
	std::error_code error;

	CHECK(folder == "/tmp/some/where" && fs::create_directories(folder));
	CHECK(fs::is_directory(folder) && fs::is_empty(folder) && !fs::exists(file));
	std::ofstream(file) << "contents";
	CHECK(fs::is_regular_file(file) && fs::file_size(file) == 8 &&
	      fs::hard_link_count(file) == 1);
	CHECK(fs::last_write_time(file) >= fs::last_write_time("/tmp/some"));
	fs::last_write_time(file, fs::file_time_type(100000s));
	CHECK(fs::last_write_time(file) == fs::file_time_type(100000s));
	fs::permissions(file, fs::perms::owner_read);
	CHECK((fs::status(file).permissions() & fs::perms::owner_read) != fs::perms::none);
	fs::permissions(file, fs::perms::owner_all);
	fs::resize_file(file, 4);
	CHECK(fs::file_size(file) == 4);

	CHECK(fs::copy_file(file, folder / "copy") && fs::file_size(folder / "copy") == 4);
	CHECK(!fs::copy_file(file, folder / "copy", fs::copy_options::skip_existing));
	CHECK_THROWS(fs::filesystem_error, fs::copy_file(file, folder / "copy"));
	fs::rename(folder / "copy", folder / "moved");
	for (const fs::directory_entry &entry : fs::recursive_directory_iterator("/tmp/some"))
		found.insert(entry.path().filename().string() + (entry.is_directory() ? "/" : ""));
	CHECK(found == (std::set<std::string>{"where/", "file.txt", "moved"}));
	CHECK(fs::equivalent(file, folder / "." / "file.txt"));
	CHECK(fs::canonical(folder / ".." / "where") == folder);
	fs::current_path(folder);
	CHECK(fs::current_path() == folder && fs::exists("file.txt") &&
	      fs::absolute("x") == folder / "x");
	fs::current_path("/");
	CHECK(fs::relative(file, "/tmp") == "some/where/file.txt");

	CHECK(fs::file_size("/tmp/none", error) == static_cast<std::uintmax_t>(-1));
	CHECK(error == std::errc::no_such_file_or_directory);
	try {
		fs::rename("/tmp/none", "/tmp/other");
		CHECK(false);
	} catch (const fs::filesystem_error &e) {
		CHECK(e.path1() == "/tmp/none" &&
		      std::strstr(e.what(), "No such file or directory"));
	}
	fs::create_symlink("a", "/tmp/link", error);
	CHECK(error);
	(void)fs::space("/", error);
	CHECK(error);
	CHECK(fs::remove_all("/tmp/some") == 4 && !fs::exists("/tmp/some"));
}

void test_clock_and_random()
{
	const auto before = std::chrono::steady_clock::now();
	const auto wall = std::chrono::system_clock::now();
	std::random_device device;
	std::set<unsigned int> numbers;

	CHECK(std::chrono::steady_clock::now() > before);
	CHECK(std::chrono::system_clock::to_time_t(wall) >= 0);
	for (int i = 0; i < 100; i++)
		numbers.insert(device());
	CHECK(numbers.size() > 95);
	std::mt19937 twister(5489);
	twister.discard(9999);
	CHECK(twister() == 4123659995U);
}
