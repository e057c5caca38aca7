-- The language: closures, coroutines, metatables, goto, varargs, integers and floats, errors, gc.
print(_VERSION, select("#", ...), ...)
local function counter()
	local n = 0
	return function() n = n + 1 return n end
end
local c = counter()
print(c(), c(), c())

local function primes(limit)
	return coroutine.wrap(function()
		for n = 2, limit do
			for d = 2, math.floor(math.sqrt(n)) do
				if n % d == 0 then goto composite end
			end
			coroutine.yield(n)
			::composite::
		end
	end)
end
local list = {}
for p in primes(100) do list[#list + 1] = p end
print(table.concat(list, " "))

local Vector = {}
Vector.__index = Vector
Vector.__add = function(a, b) return setmetatable({x = a.x + b.x, y = a.y + b.y}, Vector) end
Vector.__eq = function(a, b) return a.x == b.x and a.y == b.y end
Vector.__lt = function(a, b) return a.x < b.x end
Vector.__len = function() return 2 end
Vector.__call = function(self, k) return self.x * k, self.y * k end
Vector.__tostring = function(self) return ("(%g, %g)"):format(self.x, self.y) end
Vector.__concat = function(a, b) return tostring(a) .. "|" .. tostring(b) end
Vector.__close = function(self) print("closed", tostring(self)) end
local v, w = setmetatable({x = 1, y = 2.5}, Vector), setmetatable({x = 3, y = -1}, Vector)
print(tostring(v + w), v == w, v < w, #v, v .. w, v(3))
do local closing <close> = v end

print(7 // 2, -7 // 2, 7 % -3, -7 % 3, 7 / 2, 2 ^ 0.5, 1e15, 1e16, 2 ^ 53, 3 | 4, ~0, 1 << 62, "10" + 5)
print(math.maxinteger + 1 == math.mininteger, 1 / 0, -1 / 0, 0.1 + 0.2, 100 // 1e-320)
print(math.type(1), math.type(1.0), math.tointeger(3.0), 0x7fffffffffffffff, 0xA.8p1, 1e308 * 10)

print(pcall(error, {code = 2}) , select(2, pcall(error, "plain", 0)))
print(pcall(function() local t = nil; return t.x end))
print(pcall(function() return 1 < "2" end))
print(pcall(function() return #5 end))
print(xpcall(function() error("deep") end, function(m) return "handled: " .. m end))
print(select(2, load("x = = 1", "chunk")))
print(select(2, pcall(string.rep, "x", 1 << 40)))

local function depth(n) return n == 0 and 0 or 1 + depth(n - 1) end
print(depth(10000), pcall(function() local function f() return 1 + f() end return f() end) == false)

local weak = setmetatable({}, {__mode = "k"})
for i = 1, 100 do weak[{}] = i end
collectgarbage()
print(next(weak), collectgarbage("count") > 0)
for i = 1, 20000 do local t = {i, tostring(i)} end
print(load(string.dump(function(a) return a * 2 end))(21))
