// SPDX-License-Identifier: Apache-2.0
//
// The self tests of the test guest in C++: each of them checks one part.
#ifndef CXX_TESTS_H
#define CXX_TESTS_H

#include "../libc_check.h"

// Runs the expression, and checks that it throws this.
#define CHECK_THROWS(type, expression)                                                             \
	do {                                                                                       \
		bool mote_thrown = false;                                                          \
		try {                                                                              \
			(void)(expression);                                                        \
		} catch (const type &) {                                                           \
			mote_thrown = true;                                                        \
		}                                                                                  \
		CHECK(mote_thrown &&#expression);                                                  \
	} while (0)

// cxx_language.cpp
void test_exceptions();
void test_exception_pointers();
void test_types();
void test_statics();
void test_thread_locals();
void test_new();

// cxx_library.cpp
void test_containers();
void test_conversions();
void test_regex();
void test_formatting();
void test_characters();

// cxx_locale.cpp
void test_locale_names();
void test_locale_facets();
void test_wide_facets();
void test_utf8();

// cxx_system.cpp
void test_no_threads();
void test_locks();
void test_file_streams();
void test_filesystem();
void test_clock_and_random();

#endif
