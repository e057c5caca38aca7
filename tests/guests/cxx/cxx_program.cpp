// SPDX-License-Identifier: Apache-2.0
//
// Test guest: a program in C++, and what is destroyed when it exits, in which order.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

namespace
{

struct loud {
	const char *name;

	explicit loud(const char *text) : name(text)
	{
	}
	~loud()
	{
		std::cout << "~" << name << "\n";
	}
};

loud first("first static");
thread_local loud local("thread local");

void handler()
{
	std::cout << "atexit\n";
}

} // namespace

int main(int argc, char **argv)
{
	const std::string what = argc > 1 ? argv[1] : "";
	loud automatic("automatic");
	static loud second("second static");
	std::string line;

	std::atexit(handler);
	if (local.name == nullptr || what.empty())
		return 1;
	while (std::getline(std::cin, line))
		std::cout << "[" << line << "]\n";
	std::ofstream("/result") << "written " << 2.5 << "\n";
	std::cerr << "to errors\n";
	if (what == "exit")
		std::exit(4);
	if (what == "quick")
		std::quick_exit(5);
	if (what == "throw")
		throw std::runtime_error("nobody catches it");
	return 3;
}
