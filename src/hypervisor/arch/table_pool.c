/* SPDX-License-Identifier: Apache-2.0
 *
 * See table_pool.h.
 */
#include "table_pool.h"

uint64_t mote_table_pool_bytes(uint64_t end, unsigned root_level)
{
	uint64_t tables = 1;

	/* At each level below the root, one table for every entry above it that is needed. */
	for (unsigned level = 1; level <= root_level; level++)
		tables += end / mote_table_span(level) + (end % mote_table_span(level) != 0);
	return tables * MOTE_PAGE_BYTES;
}

bool mote_table_pool_init(struct mote_page_tables *tables, void *pool, uint64_t gpa,
			  uint64_t pool_bytes, uint64_t gpa_limit)
{
	pool_bytes &= MOTE_PAGE_MASK;
	if (pool_bytes == 0 || !mote_table_range_valid(gpa, pool_bytes, gpa_limit))
		return false;
	*tables = (struct mote_page_tables){
		.pool = pool,
		.gpa = gpa,
		.pool_bytes = pool_bytes,
		.used_bytes = MOTE_PAGE_BYTES,
	};
	return true;
}

bool mote_table_pool_take(struct mote_page_tables *tables, uint64_t *gpa)
{
	if (tables->pool_bytes - tables->used_bytes < MOTE_PAGE_BYTES)
		return false;
	*gpa = tables->gpa + tables->used_bytes;
	tables->used_bytes += MOTE_PAGE_BYTES;
	return true;
}

uint8_t *mote_table_at(const struct mote_page_tables *tables, uint64_t gpa)
{
	uint64_t offset = gpa - tables->gpa;

	/* An address below the pool wraps to an offset far beyond it. */
	if (offset % MOTE_PAGE_BYTES != 0 || offset >= tables->used_bytes)
		return NULL;
	return tables->pool + offset;
}
