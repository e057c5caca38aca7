/* SPDX-License-Identifier: Apache-2.0
 *
 * A database in memory: rows, an index, queries.
 */
#include <sqlite3.h>

#include "real.h"

static const char statements[] =
	"CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL);"
	"BEGIN;"
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
	" INSERT INTO item SELECT i, 'item ' || (i * 7919 % 20000), i * 31 % 977 / 7.0 FROM n;"
	"COMMIT;"
	"CREATE INDEX by_name ON item(name);"
	"CREATE INDEX by_price ON item(price);"
	"UPDATE item SET price = price + 1 WHERE id % 3 = 0;"
	"DELETE FROM item WHERE name LIKE '%77%';";
static const char query[] =
	"SELECT count(*) + sum(length(a.name)) + CAST(sum(b.price) AS INT) FROM item a"
	" JOIN item b ON b.name = 'item ' || (a.id * 13 % 20000) WHERE a.price BETWEEN 10 AND 70";

static int take(void *sum, int columns, char **values, char **names)
{
	(void)columns;
	(void)names;
	for (const char *c = values[0]; *c; c++)
		*(uint64_t *)sum = *(uint64_t *)sum * 10 + (uint64_t)(*c - '0');
	return 0;
}

uint64_t real_job(void)
{
	uint64_t sum = 0;
	sqlite3 *database;

	if (sqlite3_open(":memory:", &database) == SQLITE_OK &&
	    sqlite3_exec(database, statements, NULL, NULL, NULL) == SQLITE_OK)
		sqlite3_exec(database, query, take, &sum, NULL);
	sqlite3_close(database);
	return sum;
}
