/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures as text.
 */
#include <mote/value.h>

#include <stdio.h>
#include <string.h>

#include "error_internal.h"
#include "text/text.h"
#include "value_internal.h"

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

/* Reads one type name and the blanks around it; NULL if there is none. */
static const char *parse_type(const char *at, uint8_t *type)
{
	size_t length;

	at = skip_blanks(at);
	length = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789");
	for (uint8_t i = 0; i < MOTE_TYPE_COUNT; i++) {
		const char *name = mote_type_name((mote_type)i);

		if (length == strlen(name) && memcmp(at, name, length) == 0) {
			*type = i;
			return skip_blanks(at + length);
		}
	}
	return NULL;
}

static mote_status bad(const char *text, const char *why, mote_error *error)
{
	return mote_fail(error, MOTE_SIGNATURE,
			 "signature \"%s\": %s; write it like \"i64(bytes,u32)\"",
			 mote_text_short(text).text, why);
}

static mote_status parse_arguments(const char *text, const char *at, mote_signature *signature,
				   mote_error *error)
{
	at = skip_blanks(at);
	if (*at == ')')
		return *skip_blanks(at + 1) == '\0' ? MOTE_OK
						    : bad(text, "unexpected text after ')'", error);
	for (;;) {
		uint8_t type;

		if (signature->argument_count == MOTE_MAXIMUM_ARGUMENTS)
			return bad(text, "more than 16 arguments", error);
		at = parse_type(at, &type);
		if (at == NULL || type == MOTE_TYPE_VOID)
			return bad(text, "unknown argument type", error);
		signature->arguments[signature->argument_count++] = type;
		if (*at == ')')
			break;
		if (*at++ != ',')
			return bad(text, "expected ',' or ')' after an argument", error);
	}
	return *skip_blanks(at + 1) == '\0' ? MOTE_OK
					    : bad(text, "unexpected text after ')'", error);
}

mote_status mote_signature_parse(const char *text, mote_signature *signature, mote_error *error)
{
	mote_signature parsed = {0};
	const char *at;
	mote_status status;

	if (text == NULL || signature == NULL)
		return mote_fail(error, MOTE_SIGNATURE, "signature is NULL");
	at = parse_type(text, &parsed.result);
	if (at == NULL)
		return bad(text, "unknown result type", error);
	if (*at != '(')
		return bad(text, "expected '(' after the result type", error);
	status = parse_arguments(text, at + 1, &parsed, error);
	if (status == MOTE_OK)
		*signature = parsed;
	return status;
}

void mote_signature_format(const mote_signature *signature, char *text)
{
	size_t used = (size_t)snprintf(text, MOTE_SIGNATURE_TEXT_BYTES, "%s(",
				       mote_type_name((mote_type)signature->result));

	unsigned count = signature->argument_count < MOTE_MAXIMUM_ARGUMENTS
				 ? signature->argument_count
				 : MOTE_MAXIMUM_ARGUMENTS;

	/* The longest text, 17 times "unknown" with its separator, fits. */
	for (unsigned i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, MOTE_SIGNATURE_TEXT_BYTES - used, "%s%s",
					 i > 0 ? "," : "",
					 mote_type_name((mote_type)signature->arguments[i]));
	snprintf(text + used, MOTE_SIGNATURE_TEXT_BYTES - used, ")");
}

bool mote_signature_is_equal(const mote_signature *a, const mote_signature *b)
{
	return a->result == b->result && a->argument_count == b->argument_count &&
	       memcmp(a->arguments, b->arguments, a->argument_count) == 0;
}

mote_status mote_signature_check(const mote_signature *signature, const mote_value *arguments,
				 size_t count, mote_error *error)
{
	if (count != signature->argument_count)
		return mote_fail(error, MOTE_SIGNATURE,
				 "%zu arguments given, the function takes %u", count,
				 signature->argument_count);
	if (count > 0 && arguments == NULL)
		return mote_fail(error, MOTE_SIGNATURE, "arguments is NULL, the function takes %zu",
				 count);
	for (size_t i = 0; i < count; i++)
		if (arguments[i].type != (mote_type)signature->arguments[i])
			return mote_fail(error, MOTE_SIGNATURE,
					 "argument %zu is %s, the function takes %s", i,
					 mote_type_name(arguments[i].type),
					 mote_type_name((mote_type)signature->arguments[i]));
	return MOTE_OK;
}
