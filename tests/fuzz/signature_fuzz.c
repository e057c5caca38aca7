/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: any text as a function's signature.  What is accepted has a
 * canonical text, which reads back as the same signature; and any signature that
 * can exist is printed and read.
 */
#include <stdlib.h>
#include <string.h>

#include <mote/value.h>

#include "fuzz.h"

const char *fuzz_missing(void)
{
	return NULL;
}

static void check_signature(const mote_signature *signature)
{
	char *text = malloc(MOTE_SIGNATURE_TEXT_BYTES), again[MOTE_SIGNATURE_TEXT_BYTES];
	mote_signature parsed;
	mote_error error = MOTE_ERROR_INIT;

	if (text == NULL)
		abort();
	FUZZ_CHECK(signature->result < MOTE_TYPE_COUNT);
	FUZZ_CHECK(signature->argument_count <= MOTE_MAXIMUM_ARGUMENTS);
	mote_signature_format(signature, text);
	FUZZ_CHECK(memchr(text, '\0', MOTE_SIGNATURE_TEXT_BYTES) != NULL);
	FUZZ_CHECK(text[strlen(text) - 1] == ')' && strpbrk(text, " \t") == NULL);
	memset(&parsed, 0xff, sizeof(parsed));
	FUZZ_CHECK(mote_signature_parse(text, &parsed, &error) == MOTE_OK);
	FUZZ_CHECK(error.status == MOTE_OK && error.text[0] == '\0');
	FUZZ_CHECK(mote_signature_is_equal(signature, &parsed));
	mote_signature_format(&parsed, again);
	FUZZ_CHECK(strcmp(text, again) == 0);
	free(text);
}

/* A text that was accepted is the canonical one but for blanks. */
static void check_spelling(const char *text, const mote_signature *signature)
{
	char canonical[MOTE_SIGNATURE_TEXT_BYTES];
	const char *at = canonical;

	mote_signature_format(signature, canonical);
	for (; *text != '\0'; text++)
		if (*text != ' ' && *text != '\t')
			FUZZ_CHECK(*text == *at++);
	FUZZ_CHECK(*at == '\0');
}

static void check_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	mote_signature signature;
	const mote_signature untouched = {.result = 0xee, .argument_count = 0xee};
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	signature = untouched;
	status = mote_signature_parse(text, &signature, &error);
	if (status == MOTE_OK) {
		check_signature(&signature);
		check_spelling(text, &signature);
	} else {
		FUZZ_CHECK(status == MOTE_SIGNATURE);
		FUZZ_CHECK(memcmp(&signature, &untouched, sizeof(untouched)) == 0);
		fuzz_check_error(status, &error);
	}
	FUZZ_CHECK(mote_signature_parse(text, &signature, NULL) == status);
	free(text);
}

/* The bytes as a signature's fields, made valid. */
static void check_fields(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	mote_signature signature = {.result = fuzz_u8(&input) % MOTE_TYPE_COUNT};

	signature.argument_count = fuzz_u8(&input) % (MOTE_MAXIMUM_ARGUMENTS + 1);
	for (unsigned i = 0; i < signature.argument_count; i++)
		signature.arguments[i] = 1 + fuzz_u8(&input) % (MOTE_TYPE_COUNT - 1);
	check_signature(&signature);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nothing[1];

	check_text(size > 0 ? data : nothing, size);
	check_fields(data, size);
	return 0;
}
