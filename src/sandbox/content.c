/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/content.h"

#include <string.h>

#include "hypervisor/arch/page_tables.h"

static bool is_zero(const uint8_t *page)
{
	uint64_t word, any = 0;

	for (size_t i = 0; any == 0 && i < MOTE_PAGE_BYTES; i += sizeof(word)) {
		memcpy(&word, page + i, sizeof(word));
		any |= word;
	}
	return any == 0;
}

/* Goes on as long as existing pages are zeros, or are not. */
static void go_on(struct mote_content *content, bool zeros)
{
	const uint8_t *bytes = content->memory->hva;

	while (content->at < content->known && is_zero(bytes + content->at) == zeros)
		content->at += MOTE_PAGE_BYTES;
}

mote_status mote_content_next(struct mote_content *content, uint64_t *begin, uint64_t *end,
			      mote_error *error)
{
	go_on(content, true);
	while (content->at >= content->known && content->at < content->limit) {
		mote_status status = mote_os_memory_next_data(content->memory, content->at,
							      &content->at, &content->known, error);

		if (status != MOTE_OK)
			return status;
		if (content->known > content->limit)
			content->known = content->limit;
		go_on(content, true);
	}
	if (content->at > content->limit)
		content->at = content->limit;
	*begin = content->at;
	go_on(content, false);
	*end = content->at;
	return MOTE_OK;
}
