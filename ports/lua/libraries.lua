-- The libraries: string, table, math, utf8, io on files and streams, os.
for _, f in ipairs {"%d", "%5d", "%-5d|", "%05d", "%+d", "%x", "%#X", "%o"} do io.write(f:format(12345), " ") end
print()
for _, n in ipairs {0, 1, -1.5, 1 / 3, 1e100, 1e-300, 5e-324, 1.7976931348623157e308, 123456789.125, 2 ^ 63} do
	print(("%g %.14g %.17g %e %.3f"):format(n, n, n, n, n))
end
print(("%a %a %.3A"):format(1, -1 / 3, 1e300)) -- of subnormal numbers C leaves the form open
print(("%q"):format("a\0b\n\"\\\200"), ("%q"):format(1 / 3), ("%s|%10.3s|%-6s|"):format(nil, "abcdef", "x"))
for _, s in ipairs {"10", "0x10", "1e1", " 5 ", "0x1p4", "1e", "", "1e400", ".5", "0x.8", "9007199254740993"} do
	io.write(tostring(tonumber(s)), " ")
end
print(tonumber("zz", 36), tonumber("8", 8))
print(("hello world"):gsub("o", "0"), ("key = value"):match("(%w+)%s*=%s*(%w+)"), ("x"):rep(3, ","))
print(("THE (quick) fox"):find("%((%a+)%)"), ("abc"):byte(1, -1), ("f(a(b)c)d"):match("%b()"), ("äöü"):upper())
print(("a,b,,c"):gsub("[^,]*", "<%0>"), ("THE (quick) fox"):gsub("%f[%a]%a+", string.lower))
print(string.pack("<i4>i2z", 1, 2, "three"):byte(1, -1))
print(string.unpack("<d", string.pack("<d", math.pi)))

local t = {}
for i = 1, 200 do t[i] = (i * 7919) % 1009 end
table.sort(t)
print(table.concat(t, ",", 1, 20), table.unpack(t, 190, 200))
table.sort(t, function(a, b) return a > b end)
table.insert(t, 3, -1) table.remove(t, 1) table.move(t, 1, 5, 10)
print(table.concat(t, " ", 1, 15), #t, select("#", table.unpack({1, nil, 3}, 1, 3)))

for _, x in ipairs {0, 0.5, 1, 2, 10, -3.25, 1e10, 1e-10} do
	print(("%.17g %.17g %.17g %.17g %.17g"):format(math.sin(x), math.cos(x), math.tan(x), math.atan(x), math.exp(x / 100)))
	print(("%.17g %.17g %.17g"):format(math.log(math.abs(x) + 1), math.log(math.abs(x) + 1, 2), math.abs(x) ^ 0.3))
	print(math.floor(x), math.ceil(x), math.fmod(x, 0.7), math.modf(x))
end
math.randomseed(42)
print(math.random(100), math.random(100), math.random(), math.ult(1, -1))

for p, c in utf8.codes("aé€😀") do io.write(p, ":", c, " ") end
print(utf8.len("aé€😀"), utf8.char(228, 8364), utf8.offset("aé€", 3), utf8.len("\xff"))

local f = assert(io.open("left.txt", "w+"))
f:setvbuf("full", 64)
for i = 1, 500 do f:write(i, "\t", i * i, "\n") end
print(f:seek("cur"), f:seek("set", 10), f:read("l", "n", "n"), f:seek("end"))
f:close()
local sum = 0
for n, square in io.lines("left.txt", "n", "n") do sum = sum + n * square end
print(sum, io.open("missing.txt") == nil, pcall(io.lines, "missing.txt") == false, io.type(f))
local a = assert(io.open("left.txt", "a")) a:write("end\n") a:close()
print(io.read("l"), io.read("L"), io.read("a"), io.read("l"))
print(os.rename("left.txt", "moved.txt"), os.rename("moved.txt", "left.txt"), os.remove("missing.txt") == nil)
local name = os.tmpname() print(#name > 0, os.remove(name))

print(os.date("!%Y-%m-%d %H:%M:%S %j %a %b %p", 1234567890), os.time {year = 2001, month = 9, day = 9, hour = 1})
print(os.date("!*t", 86399).sec, os.getenv("NOT_THERE"), os.setlocale("C"), type(os.time()), os.clock() >= 0)
print(pcall(require, "nothing") == false, package.config:sub(1, 1), debug.getinfo(1, "l").currentline)
