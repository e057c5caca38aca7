/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of an address.
 */
#include "os/os_address.h"

#include <string.h>

#include "test.h"

static void hosts_and_ports_are_split(void)
{
	static const struct {
		const char *text, *host;
		bool is_ip6;
		uint16_t port;
	} good[] = {
		{"127.0.0.1:4711", "127.0.0.1", false, 4711},
		{"[::1]:0", "::1", true, 0},
		{"[]:65535", "", true, 65535},
		{":7", "", false, 7},
		{"::1:80", "::1", false, 80}, /* no system takes that host */
		{"[x:1", "[x", false, 1},
	};

	for (size_t i = 0; i < TEST_COUNT(good); i++) {
		struct mote_os_address_text address;

		REQUIRE(mote_os_split_address(good[i].text, &address));
		CHECK_STR(address.host, good[i].host);
		CHECK_EQ(address.is_ip6, good[i].is_ip6);
		CHECK_EQ(address.port, good[i].port);
	}
}

static void other_texts_are_refused(void)
{
	static const char *const bad[] = {
		"",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1: 1",
		"127.0.0.1:-1",
		"[::1]",
		"[::1]:+1",
		"x:65536",
		"x:184467440737095516160",
		"x:1x",
		"x:0x10",
	};
	struct mote_os_address_text address;

	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		if (!CHECK(!mote_os_split_address(bad[i], &address)))
			test_note("%s", bad[i]);
}

static void long_hosts_are_refused(void)
{
	struct mote_os_address_text address;
	char text[MOTE_OS_HOST_BYTES + 8];

	memset(text, 'x', sizeof(text));
	strcpy(text + MOTE_OS_HOST_BYTES - 1, ":1");
	CHECK(mote_os_split_address(text, &address));
	CHECK_EQ(strlen(address.host), MOTE_OS_HOST_BYTES - 1);
	memset(text, 'x', sizeof(text));
	strcpy(text + MOTE_OS_HOST_BYTES, ":1");
	CHECK(!mote_os_split_address(text, &address));
}

static const struct test_case cases[] = {
	CASE(hosts_and_ports_are_split),
	CASE(other_texts_are_refused),
	CASE(long_hosts_are_refused),
};

int main(int argc, char **argv)
{
	return test_main("os_address", cases, TEST_COUNT(cases), argc, argv);
}
