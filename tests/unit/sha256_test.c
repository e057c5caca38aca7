/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256: the examples of FIPS 180-4 and of NIST's validation program, in pieces of any size.
 */
#include "sha256.h"

#include "unit_test.h"

static void check_digest(const uint8_t digest[MOTE_SHA256_BYTES], const char *expected)
{
	char text[2 * MOTE_SHA256_BYTES + 1];

	for (unsigned i = 0; i < MOTE_SHA256_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	CHECK_STR(text, expected);
}

static void digest_of(const void *data, size_t bytes, size_t piece,
		      uint8_t digest[MOTE_SHA256_BYTES])
{
	const uint8_t *from = data;
	struct mote_sha256 hash;

	mote_sha256_begin(&hash);
	for (size_t at = 0; at < bytes; at += piece)
		mote_sha256_add(&hash, from + at, piece < bytes - at ? piece : bytes - at);
	mote_sha256_end(&hash, digest);
}

static void examples_of_the_standard(void)
{
	static const struct {
		const char *text, *digest;
	} examples[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
		{"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
		 "klmnopqrlmnopqrsmnopqrstnopqrstu",
		 "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
	};
	uint8_t digest[MOTE_SHA256_BYTES];

	for (size_t i = 0; i < COUNT(examples); i++) {
		digest_of(examples[i].text, strlen(examples[i].text), 1000, digest);
		check_digest(digest, examples[i].digest);
	}
}

static void a_million_letters(void)
{
	uint8_t digest[MOTE_SHA256_BYTES];
	char *letters = malloc(1000000);

	REQUIRE(letters != NULL);
	memset(letters, 'a', 1000000);
	digest_of(letters, 1000000, 4104, digest);
	check_digest(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(letters);
}

/* Every length around the ends of blocks, in pieces of every size. */
static void pieces_do_not_matter(void)
{
	uint8_t data[200], whole[MOTE_SHA256_BYTES], pieces[MOTE_SHA256_BYTES];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(7 * i);
	for (size_t bytes = 0; bytes <= sizeof(data); bytes++) {
		digest_of(data, bytes, sizeof(data), whole);
		for (size_t piece = 1; piece <= 130; piece++) {
			digest_of(data, bytes, piece, pieces);
			REQUIRE_MEM(pieces, whole, sizeof(whole));
		}
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(examples_of_the_standard),
		CASE(a_million_letters),
		CASE(pieces_do_not_matter),
	};

	return test_main("sha256", cases, TEST_COUNT(cases), argc, argv);
}
