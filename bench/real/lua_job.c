/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a script: tables, closures, strings, floating point.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "real.h"

static const char script[] =
	"local seed, words, sum = 7, {}, 0\n"
	"for i = 1, 60000 do\n"
	"  seed = (seed * 16807) % 2147483647\n"
	"  words[i] = string.char(97 + seed % 26, 97 + seed // 26 % 26) .. seed % 7\n"
	"end\n"
	"local counts, order = {}, {}\n"
	"for _, word in ipairs(words) do counts[word] = (counts[word] or 0) + 1 end\n"
	"for word in pairs(counts) do order[#order + 1] = word end\n"
	"table.sort(order)\n"
	"for i, word in ipairs(order) do sum = sum + i * counts[word] end\n"
	"local x = 0.5\n"
	"for i = 1, 300000 do x = 3.9 * x * (1 - x) sum = sum + math.floor(x * 10) end\n"
	"local function tree(d) return d > 0 and {tree(d - 1), tree(d - 1)} or {} end\n"
	"local function count(t) return 1 + (t[1] and count(t[1]) + count(t[2]) or 0) end\n"
	"for i = 1, 4 do sum = sum + count(tree(12)) end\n"
	"return sum + #table.concat(words):gsub('[aeiou]', '')\n";

uint64_t real_job(void)
{
	lua_State *state = luaL_newstate();
	uint64_t sum = 0;

	if (!state)
		return 0;
	luaL_openlibs(state);
	if (luaL_dostring(state, script) == LUA_OK)
		sum = (uint64_t)lua_tointeger(state, -1);
	lua_close(state);
	return sum;
}
