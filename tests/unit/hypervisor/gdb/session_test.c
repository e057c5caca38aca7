/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions with a pretended guest, to the byte: acknowledgments, stops, every packet.
 */
#include "hypervisor/gdb/session.h"

#include "../../unit_test.h"
#include "fake_target.h"

static struct fake_target fake;
static struct mote_gdb_session session;

/* What the session has sent since the last look, NUL-terminated. */
static char sent[2 * (MOTE_GDB_PACKET_BYTES + 8)];
static size_t sent_bytes;

static void collect(void)
{
	const char *bytes;
	const size_t length = mote_gdb_session_send(&session, &bytes);

	REQUIRE(sent_bytes + length < sizeof(sent));
	memcpy(sent + sent_bytes, bytes, length);
	sent_bytes += length;
	sent[sent_bytes] = '\0';
}

/* As the server does it. */
static void receive(const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	sent_bytes = 0;
	sent[0] = '\0';
	for (;;) {
		const size_t taken = mote_gdb_session_receive(&session, at, length);

		at += taken;
		length -= taken;
		collect();
		mote_gdb_session_look(&session);
		collect();
		if (mote_gdb_session_can_answer(&session))
			mote_gdb_session_answer(&session);
		mote_gdb_session_look(&session);
		collect();
		if (length == 0 || (taken == 0 && session.state != MOTE_GDB_STOPPED))
			return;
	}
}

static void receive_packet(const char *content, size_t length)
{
	static char frame[MOTE_GDB_PACKET_BYTES + 8];
	uint8_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + (uint8_t)content[i]);
	frame[0] = '$';
	memcpy(frame + 1, content, length);
	snprintf(frame + 1 + length, 4, "#%02x", sum);
	receive(frame, length + 4);
}

/* The content of the answer to a packet, without acknowledgments. */
static const char *ask(const char *content)
{
	static char answer[sizeof(sent)];

	receive_packet(content, strlen(content));
	if (sent_bytes == 0)
		return "(nothing)";
	REQUIRE(sent_bytes >= 4 && sent[0] == '$' && sent[sent_bytes - 3] == '#');
	memcpy(answer, sent + 1, sent_bytes - 4);
	answer[sent_bytes - 4] = '\0';
	return answer;
}

static void begin(void)
{
	mote_gdb_session_begin(&session, &fake_target_functions, &fake, &fake.guest);
	mote_gdb_session_look(&session);
	REQUIRE_EQ(session.state, MOTE_GDB_STOPPED);
}

static void begin_x86_64(void)
{
	fake_target_x86_64(&fake, true);
	begin();
	session.no_ack = true;
}

static void begin_aarch64(void)
{
	fake_target_aarch64(&fake);
	begin();
	session.no_ack = true;
}

struct exchange {
	const char *request, *response;
};

static void check_exchanges(const struct exchange *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *response = ask(rows[i].request);

		if (strcmp(response, rows[i].response) != 0)
			FAIL("%s: \"%s\", not \"%s\"", rows[i].request, response, rows[i].response);
	}
}

#define CHECK_EXCHANGES(rows) check_exchanges(rows, COUNT(rows))

/* ---- Acknowledgments --------------------------------------------------------------------- */

static void packets_are_acknowledged_until_that_is_turned_off(void)
{
	fake_target_x86_64(&fake, true);
	begin();
	receive("+$qC#b4", 7);
	CHECK_STR(sent, "+$QC1#c5");
	receive("+$QStartNoAckMode#b0", 20);
	CHECK_STR(sent, "+$OK#9a");
	receive("+$qC#b4", 7);
	CHECK_STR(sent, "$QC1#c5");
	/* Nobody looks at a checksum then. */
	receive("$qC#00", 6);
	CHECK_STR(sent, "$QC1#c5");
}

static void damage_is_asked_for_again(void)
{
	fake_target_x86_64(&fake, true);
	begin();
	receive("$qC#b5", 6);
	CHECK_STR(sent, "-");
	receive("-", 1); /* there is nothing to send again */
	CHECK_STR(sent, "");
	receive("$qC#b4", 6);
	CHECK_STR(sent, "+$QC1#c5");
	receive("-", 1);
	CHECK_STR(sent, "$QC1#c5");
	receive("--", 2);
	CHECK_STR(sent, "$QC1#c5$QC1#c5");
}

static void packets_may_come_in_one_piece(void)
{
	begin_x86_64();
	receive("$qC#b4$?#3f$qC#b4", 17);
	CHECK_STR(sent, "$QC1#c5$T0510:0010400000000000;07:003f400000000000;thread:1;#cb$QC1#c5");
}

/* ---- What is offered --------------------------------------------------------------------- */

static void a_client_is_offered_what_it_knows(void)
{
	static const struct exchange rows[] = {
		{"qSupported", "PacketSize=f000;QStartNoAckMode+;vContSupported+;hwbreak+;"
			       "binary-upload+;qXfer:features:read+;qXfer:auxv:read+;"
			       "qXfer:siginfo:read+"},
		{"qSupported:xmlRegisters=i386;no-multiprocess+;swbreak+",
		 "PacketSize=f000;QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+;"
		 "binary-upload+;qXfer:features:read+;qXfer:auxv:read+;qXfer:siginfo:read+"},
		{"qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+",
		 "PacketSize=f000;QStartNoAckMode+;multiprocess+;vContSupported+;swbreak+;"
		 "hwbreak+;binary-upload+;qXfer:features:read+;qXfer:auxv:read+;"
		 "qXfer:siginfo:read+"},
		{"qC", "QCp1.1"},
		{"qfThreadInfo", "mp1.1"},
		{"?", "T0510:0010400000000000;07:003f400000000000;thread:p1.1;"},
	};

	begin_x86_64();
	CHECK_EXCHANGES(rows);
}

static void what_is_not_known_has_an_empty_answer(void)
{
	static const char *const packets[] = {
		"vMustReplyEmpty",
		"qHostInfo",
		"!",
		"",
		"QNonStop:1",
		"qXfer:libraries:read::0,10",
		"vFile:unlink:00",
		"Z5,401000,1",
		"bs",
		"R00",
		"qCRC:0,1",
	};

	begin_x86_64();
	for (size_t i = 0; i < COUNT(packets); i++)
		CHECK_STR(ask(packets[i]), "");
}

static void there_is_one_thread(void)
{
	static const struct exchange rows[] = {
		{"qC", "QC1"},
		{"qfThreadInfo", "m1"},
		{"qsThreadInfo", "l"},
		{"qThreadExtraInfo,1", "76637075"},
		{"qAttached", "1"},
		{"qAttached:1", "1"},
		{"Hg0", "OK"},
		{"Hgp1.1", "OK"},
		{"Hc-1", "OK"},
		{"Hgp2.1", "E22"},
		{"Hgp1.2", "E22"},
		{"Hgp1.1x", "E22"},
		{"Hg", "E22"},
		{"T1", "OK"},
		{"Tp1.1", "OK"},
		{"T2", "E22"},
		{"qSymbol::", "OK"},
		{"qOffsets", "TextSeg=400000"},
		{"qGetTLSAddr:p1.1,10,0", "403010"},
		{"qGetTLSAddr:1,10", "E22"},
		{"qGetTLSAddr:2,10,0", "E22"},
		{"vCont?", "vCont;c;C;s;S;r"},
	};

	begin_x86_64();
	CHECK_EXCHANGES(rows);
	fake.guest.thread_address = 0;
	CHECK_STR(ask("qGetTLSAddr:p1.1,10,0"), "E22");
}

/* ---- Memory ------------------------------------------------------------------------------ */

static void memory_is_read_as_far_as_it_goes(void)
{
	static const struct exchange rows[] = {
		{"m401000,4", "90909090"},
		{"m403ffe,10", "0000"},
		{"m3fffff,2", "E14"},
		{"m404000,1", "E14"},
		{"mffffffffffffffff,2", "E14"},
		{"m401000,0", ""},
		{"m401000", "E22"},
		{"m401000,4,", "E22"},
		{"m,4", "E22"},
		{"m-1,4", "E22"},
		{"m10000000000401000,4", "E22"},
		{"x401000,2", "b\x90\x90"},
		{"x0,0", "b"},
		{"x0,1", "E14"},
	};

	begin_x86_64();
	CHECK_EXCHANGES(rows);
	/* All that was asked for does not fit. */
	CHECK_EQ(strlen(ask("m400000,ffffffffffffffff")), 2 * FAKE_BYTES);
}

static void memory_is_written_as_a_whole(void)
{
	static const struct exchange rows[] = {
		{"M402000,4:01020304", "OK"},
		{"m402000,4", "01020304"},
		{"M402000,4:010203", "E22"},
		{"M402000,4:0102030405", "E22"},
		{"M402000,4:0102030x", "E22"},
		{"M402000,4", "E22"},
		{"M402000,8000000000000002:01020304", "E22"},
		{"M403fff,2:0102", "E14"},
		{"m403fff,1", "00"},
		{"M402000,0:", "OK"},
		{"X402000,0:", "OK"},
		{"X402000,4:ab}\x03}]", "OK"},
		{"m402000,4", "6162237d"},
		{"X402000,4:abc", "E22"},
		{"X402000,4:abcde", "E22"},
		{"Xffffffffffffffff,2:ab", "E14"},
	};

	begin_x86_64();
	CHECK_EXCHANGES(rows);
}

static void points_come_and_go(void)
{
	static const struct exchange rows[] = {
		{"Z0,401010,1", "OK"},	{"Z0,401010,1", "OK"}, {"Z1,401011,1", "OK"},
		{"Z2,402000,4", "OK"},	{"Z3,402000,4", "OK"}, {"Z4,402000,4", "OK"},
		{"Z0,1,1", "E14"},	{"Z0,401010", "E22"},  {"Z0,401010,1;X1,0", "E22"},
		{"Zx,401010,1", "E22"}, {"z0,401012,1", "OK"}, {"z0,401010,1", "OK"},
		{"z4,402000,4", "OK"},
	};
	char packet[32];

	begin_x86_64();
	CHECK_EXCHANGES(rows);
	CHECK_EQ(fake.point_count, 3);
	for (unsigned i = 3; i < FAKE_POINTS; i++) {
		snprintf(packet, sizeof(packet), "Z0,%x,1", (unsigned)FAKE_CODE + i);
		CHECK_STR(ask(packet), "OK");
	}
	CHECK_STR(ask("Z0,401000,1"), "E28");
}

/* ---- Registers --------------------------------------------------------------------------- */

static void check_registers(size_t general, const char *last, const char *behind)
{
	static char packet[2 * MOTE_GDB_VALUE_BYTES + 2];
	const char *all = ask("g");

	CHECK_EQ(strlen(all), 2 * general);
	snprintf(packet, sizeof(packet), "G%s", all);
	packet[1] = '7';
	packet[2] = 'e';
	CHECK_STR(ask(packet), "OK");
	CHECK_MEM(ask("g"), packet + 1, 2 * general);
	packet[strlen(packet) - 1] = '\0';
	CHECK_STR(ask(packet), "E22");
	packet[strlen(packet) - 1] = '\0';
	CHECK_STR(ask(packet), "E22");
	CHECK_EQ(strlen(ask(last)), 16);
	CHECK_STR(ask(behind), "E22");
}

static void registers_of_x86_64_are_read_and_written(void)
{
	static const struct exchange rows[] = {
		{"p7", "003f400000000000"},
		{"p10", "0010400000000000"},
		{"p11", "88898a8b"},
		{"p18", "a4a5a6a7a8a9aaabacad"},
		{"P0=1122334455667788", "OK"},
		{"p0", "1122334455667788"},
		{"P11=01020304", "OK"},
		{"P10=0000000000008000", "E22"},
		{"P10=00000000000000", "E22"},
		{"P10=000000000000000000", "E22"},
		{"P10=0000000000000x00", "E22"},
		{"P10", "E22"},
		{"P4c=0100000000000000", "E22"}, /* cr0 */
		{"P4c=3031323334353637", "OK"},	 /* the value that it has */
		{"p0,", "E22"},
		{"p", "E22"},
		{"pffffffffffffffff", "E22"},
		{"p10", "0010400000000000"},
	};

	begin_x86_64();
	CHECK_EXCHANGES(rows);
	check_registers(816, "p4f", "p50");
	fake.fails = true;
	CHECK_STR(ask("g"), "E05");
	CHECK_STR(ask("p0"), "E05");
	CHECK_STR(ask("P0=1122334455667788"), "E05");
	CHECK_STR(ask("G00"), "E05");
}

static void registers_of_aarch64_are_read_and_written(void)
{
	static const struct exchange rows[] = {
		{"p0", "0001020304050607"},
		{"p1f", "003f400000000000"},
		{"p20", "0010400000000000"},
		{"p21", "08090a0b"},
		{"p22", "0c0d0e0f101112131415161718191a1b"},
		{"P22=00000000000000000000000000005940", "OK"},
		{"p22", "00000000000000000000000000005940"},
		{"P45=0100000000000000", "E22"}, /* sctlr_el1 */
		{"?", "T0520:0010400000000000;1f:003f400000000000;thread:1;"},
	};

	begin_aarch64();
	CHECK_EXCHANGES(rows);
	check_registers(796, "p4d", "p4e");
}

/* ---- Running ----------------------------------------------------------------------------- */

#define AT(pc) "10:" pc "10400000000000;07:003f400000000000;thread:1;"

static void steps_and_breakpoints_stop(void)
{
	static const struct exchange rows[] = {
		{"s", "T05" AT("01")},
		{"vCont;s", "T05" AT("02")},
		{"vCont;s:1;c", "T05" AT("03")},
		{"Z0,401010,1", "OK"},
		{"c", "T05" AT("10")},
		{"qSupported:swbreak+;", NULL},
		{"z0,401010,1", "OK"},
		{"Z0,401012,1", "OK"},
		{"vCont;c:p1.-1", "T05" AT("12") "swbreak:;"},
		{"?", "T05" AT("12") "swbreak:;"},
		{"vCont;s:2;c:7;r401010,401018:1", "T05" AT("18")},
		{"vCont;s:2", "E22"},
		{"vCont;", "E22"},
		{"vCont;t", "E22"},
		{"vCont;r401010", "E22"},
		{"vCont;c;", "E22"},
		{"vCont;C", "E22"},
		{"c401000", "E22"},
		{"C", "E22"},
		{"?", "T05" AT("18")},
		{"vCont;c", "W00"},
	};

	begin_x86_64();
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *response = ask(rows[i].request);

		if (rows[i].response != NULL && strcmp(response, rows[i].response) != 0)
			FAIL("%s: \"%s\", not \"%s\"", rows[i].request, response, rows[i].response);
	}
	CHECK_EQ(session.state, MOTE_GDB_OVER);
}

static void watchpoints_say_what_was_accessed(void)
{
	static const struct exchange rows[] = {
		{"Z2,402000,4", "OK"},
		{"c", "T05" AT("08") "watch:402000;"},
		{"z2,402000,4", "OK"},
		{"Z3,401ff0,20", "OK"},
		{"c", "T05" AT("10") "rwatch:402000;"},
		{"z3,401ff0,20", "OK"},
		{"Z4,402000,1", "OK"},
		{"c", "T05" AT("18") "awatch:402000;"},
	};

	begin_x86_64();
	CHECK_EXCHANGES(rows);
}

static void a_signal_ends_the_guest(void)
{
	begin_x86_64();
	CHECK_STR(ask("vCont;C0b:1"), "X0b");
	CHECK_EQ(fake.resume.signal, MOTE_GDB_SIGSEGV);
	begin_x86_64();
	session.multiprocess = true;
	CHECK_STR(ask("S06"), "X06;process:1");
	CHECK_EQ(fake.resume.kind, MOTE_GDB_STEP);
	CHECK_EQ(session.state, MOTE_GDB_OVER);
	CHECK_EQ(mote_gdb_session_receive(&session, (const uint8_t *)"$", 1), 0);
}

static void a_break_in_stops_an_endless_program(void)
{
	begin_x86_64();
	fake.is_endless = true;
	CHECK_STR(ask("c"), "(nothing)");
	CHECK_EQ(session.state, MOTE_GDB_RUNNING);
	receive("+", 1);
	CHECK_EQ(fake.broken_in, 0);
	receive("\3", 1);
	CHECK_EQ(fake.broken_in, 1);
	CHECK_CONTAINS(sent, "$T0210:");
	/* It has stopped: nothing to break in to. */
	receive("\3\3", 2);
	CHECK_EQ(fake.broken_in, 1);
	CHECK_STR(sent, "");
}

static void a_packet_while_the_guest_runs_breaks_in_and_waits(void)
{
	begin_x86_64();
	fake.is_endless = true;
	CHECK_STR(ask("c"), "(nothing)");
	fake.is_running = false; /* it is in a host function */
	receive("$qC#b4", 6);
	CHECK_EQ(fake.broken_in, 1);
	CHECK_STR(sent, "");
	CHECK_EQ(mote_gdb_session_receive(&session, (const uint8_t *)"$", 1), 0);
	fake_stop(&fake, MOTE_GDB_STOP_SIGNAL, MOTE_GDB_SIGINT);
	receive("", 0);
	CHECK_CONTAINS(sent, "$T0210:0010400000000000;07:003f400000000000;thread:1;#c8$QC1#c5");
	receive("", 0);
	CHECK_STR(sent, "");
}

/* Nobody listens for that while the client is not waiting for a stop. */
static void an_end_while_stopped_is_told_at_the_next_resume(void)
{
	begin_x86_64();
	fake_stop(&fake, MOTE_GDB_STOP_TERMINATED, MOTE_GDB_SIGKILL);
	fake.fails = true;
	CHECK_STR(ask("g"), "E05");
	CHECK_STR(ask("m401000,4"), "E14");
	CHECK_STR(ask("vCont;c"), "X09");
	CHECK_EQ(fake.resumed, 0);
	CHECK_EQ(session.state, MOTE_GDB_OVER);
}

static void leaving_has_its_answers(void)
{
	begin_x86_64();
	CHECK_STR(ask("D;1"), "OK");
	CHECK_EQ(session.state, MOTE_GDB_OVER);
	CHECK_EQ(fake.killed, 0);
	begin_x86_64();
	CHECK_STR(ask("k"), "X09");
	CHECK_EQ(session.state, MOTE_GDB_OVER);
	CHECK_EQ(fake.killed, 1);
	begin_x86_64();
	CHECK_STR(ask("vKill;1"), "OK");
	CHECK_EQ(session.state, MOTE_GDB_OVER);
	CHECK_EQ(fake.killed, 1);
}

/* ---- Objects and commands ---------------------------------------------------------------- */

static void the_description_comes_in_parts(void)
{
	static char whole[MOTE_GDB_XML_BYTES];
	size_t length = 0;
	char packet[64];

	begin_aarch64();
	for (;;) {
		const char *part;

		snprintf(packet, sizeof(packet), "qXfer:features:read:target.xml:%zx,100", length);
		part = ask(packet);
		REQUIRE(part[0] == 'm' || part[0] == 'l');
		memcpy(whole + length, part + 1, strlen(part + 1) + 1);
		length += strlen(part + 1);
		if (part[0] == 'l')
			break;
	}
	CHECK_STR(whole, session.xml);
	CHECK_STR(ask("qXfer:features:read:target.xml:ffff,10"), "l");
	CHECK_STR(ask("qXfer:features:read:target.xml:0"), "E22");
	CHECK_STR(ask("qXfer:features:read:other.xml:0,10"), "");
	CHECK_STR(ask("qXfer:features:read:target.xml:0,5"), "m<?xml");
}

static void check_answer(const char *request, const void *expected, size_t length)
{
	ask(request);
	REQUIRE_EQ(sent_bytes, length + 4);
	CHECK_MEM(sent + 1, expected, length);
}

static void the_auxiliary_vector_and_siginfo_are_bytes(void)
{
	static const uint8_t auxv[33] = {'l', 9, [9] = 0, 0x10, 0x40};
	uint8_t siginfo[129] = {'l', 11, [9] = 1, [17] = 0x10};

	begin_x86_64();
	check_answer("qXfer:auxv:read::0,1000", auxv, sizeof(auxv));
	fake_stop(&fake, MOTE_GDB_STOP_SIGNAL, MOTE_GDB_SIGSEGV);
	fake.stop.code = 1;
	fake.stop.fault_address = 0x10;
	mote_gdb_session_look(&session);
	check_answer("qXfer:siginfo:read::0,1000", siginfo, sizeof(siginfo));
	session.last_stop.signal = MOTE_GDB_SIGBUS;
	siginfo[1] = 7; /* as Linux numbers it */
	check_answer("qXfer:siginfo:read::0,80", siginfo, sizeof(siginfo));
}

static void commands_are_hexadecimal(void)
{
	begin_x86_64();
	CHECK_STR(ask("qRcmd,78"), "6e6f20636f6d6d616e6420780a");
	CHECK_STR(ask("qRcmd,7175696574"), "OK");
	CHECK_STR(ask("qRcmd,7"), "E22");
	CHECK_STR(ask("qRcmd,7x"), "E22");
	CHECK_STR(ask("qRcmd,"), "6e6f20636f6d6d616e64200a");
	CHECK_EQ(strlen(ask("qRcmd,6c6f6e67")), MOTE_GDB_PACKET_BYTES - 2);
}

static void the_image_is_the_only_file(void)
{
	static const struct exchange rows[] = {
		{"qXfer:exec-file:read:1:0,100", "l/a,b"},
		{"qXfer:exec-file:read::2,1", "m,"},
		{"qXfer:exec-file:read:1", "E22"},
		{"vFile:setfs:0", "F0"},
		{"vFile:open:2f612c62,0,0", "F0"},
		{"vFile:open:2f612c62,0,1c0", "F1"},
		{"vFile:open:2f612c62,1,0", "F-1,1e"},
		{"vFile:open:2f612c63,0,0", "F-1,2"},
		{"vFile:open:2f612c,0,0", "F-1,2"},
		{"vFile:open:2f65746300,0,0", "F-1,2"},
		{"vFile:open:", "F-1,2"},
		{"vFile:pread:1,4,2", "F4;2345"},
		{"vFile:pread:1,100,8", "F2;89"},
		{"vFile:pread:1,100,ffffffffffffffff", "F0;"},
		{"vFile:pread:1,4", "F-1,16"},
		{"vFile:pread:2,4,0", "F-1,9"},
		{"vFile:close:0", "F0"},
		{"vFile:close:0", "F-1,9"},
		{"vFile:pread:0,4,0", "F-1,9"},
		{"vFile:pread:1,4,0", "F4;0123"},
		{"vFile:close:10", "F-1,9"},
		{"vFile:close:x", "F-1,9"},
		{"vFile:open:2f612c62,0,0", "F0"},
	};
	uint8_t status[67] = "F40;";

	begin_x86_64();
	CHECK_STR(ask("vFile:open:2f612c62,0,0"), "F-1,2");
	CHECK_STR(ask("qXfer:exec-file:read:1:0,100"), "");
	fake.guest.file_name = "/a,b";
	fake.guest.file = (const uint8_t *)"0123456789";
	fake.guest.file_bytes = 10;
	CHECK_CONTAINS(ask("qSupported"), ";qXfer:exec-file:read+;");
	CHECK_EXCHANGES(rows);
	memcpy(status + 4 + 8, "\0\0\x81}\x04", 5); /* '$' is an escape */
	status[4 + 36] = 10;
	ask("vFile:fstat:1");
	CHECK_MEM(sent + 1, status, 4 + 11);
	CHECK_EQ(sent_bytes, 4 + 4 + 65);
	for (unsigned i = 2; i < MOTE_GDB_FILES; i++)
		ask("vFile:open:2f612c62,0,0");
	CHECK_STR(ask("vFile:open:2f612c62,0,0"), "F-1,18");
}

/* What escapes take is room that the answer does not have. */
static void a_file_full_of_escapes_fits_into_packets(void)
{
	static uint8_t file[MOTE_GDB_PACKET_BYTES];
	char expected[16];

	begin_x86_64();
	memset(file, '*', sizeof(file));
	fake.guest.file_name = "/a";
	fake.guest.file = file;
	fake.guest.file_bytes = sizeof(file);
	CHECK_STR(ask("vFile:open:2f61,0,0"), "F0");
	ask("vFile:pread:0,ffff,0");
	CHECK(sent_bytes <= MOTE_GDB_PACKET_BYTES + 4);
	snprintf(expected, sizeof(expected), "$F%x;", (MOTE_GDB_PACKET_BYTES - 10) / 2);
	CHECK_MEM(sent, expected, strlen(expected));
}

static const struct test_case cases[] = {
	CASE(packets_are_acknowledged_until_that_is_turned_off),
	CASE(damage_is_asked_for_again),
	CASE(packets_may_come_in_one_piece),
	CASE(a_client_is_offered_what_it_knows),
	CASE(what_is_not_known_has_an_empty_answer),
	CASE(there_is_one_thread),
	CASE(memory_is_read_as_far_as_it_goes),
	CASE(memory_is_written_as_a_whole),
	CASE(points_come_and_go),
	CASE(registers_of_x86_64_are_read_and_written),
	CASE(registers_of_aarch64_are_read_and_written),
	CASE(steps_and_breakpoints_stop),
	CASE(watchpoints_say_what_was_accessed),
	CASE(a_signal_ends_the_guest),
	CASE(a_break_in_stops_an_endless_program),
	CASE(a_packet_while_the_guest_runs_breaks_in_and_waits),
	CASE(an_end_while_stopped_is_told_at_the_next_resume),
	CASE(leaving_has_its_answers),
	CASE(the_description_comes_in_parts),
	CASE(the_auxiliary_vector_and_siginfo_are_bytes),
	CASE(commands_are_hexadecimal),
	CASE(the_image_is_the_only_file),
	CASE(a_file_full_of_escapes_fits_into_packets),
};

int main(int argc, char **argv)
{
	return test_main("session", cases, TEST_COUNT(cases), argc, argv);
}
