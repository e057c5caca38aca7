-- Mostly the processor: n bodies, spectral norm, permutations, text.
local function advance(bodies, dt)
	for i, a in ipairs(bodies) do
		for j = i + 1, #bodies do
			local b = bodies[j]
			local dx, dy, dz = a[1] - b[1], a[2] - b[2], a[3] - b[3]
			local d2 = dx * dx + dy * dy + dz * dz
			local m = dt / (d2 * math.sqrt(d2))
			for k, d in ipairs {dx, dy, dz} do
				a[k + 3] = a[k + 3] - d * b[7] * m
				b[k + 3] = b[k + 3] + d * a[7] * m
			end
		end
	end
	for _, b in ipairs(bodies) do
		for k = 1, 3 do b[k] = b[k] + dt * b[k + 3] end
	end
end
local bodies = {{0, 0, 0, 0, 0, 0, 39.5}, {4.84, -1.16, -0.1, 0.6, 2.8, -0.02, 0.037}, {8.34, 4.12, -0.4, -1, 1.8, 0, 0.011},
	{12.9, -15.1, -0.2, 1, 0.8, -0.01, 0.0017}}
for _ = 1, 800 do advance(bodies, 0.01) end
for _, b in ipairs(bodies) do print(("%.17g %.17g %.17g"):format(b[1], b[2], b[3])) end

local function A(i, j) return 1 / ((i + j) * (i + j + 1) / 2 + i + 1) end
local function multiply(v, transposed)
	local out = {}
	for i = 0, #v - 1 do
		local sum = 0
		for j = 0, #v - 1 do sum = sum + (transposed and A(j, i) or A(i, j)) * v[j + 1] end
		out[i + 1] = sum
	end
	return out
end
local u, v = {}, nil
for i = 1, 40 do u[i] = 1 end
for _ = 1, 5 do v = multiply(multiply(u), true) u = multiply(multiply(v), true) end
local uv, vv = 0, 0
for i = 1, #u do uv, vv = uv + u[i] * v[i], vv + v[i] * v[i] end
print(("%.15f"):format(math.sqrt(uv / vv)))

local seed = 7
local words = {}
for i = 1, 3000 do
	seed = (seed * 16807) % 2147483647
	words[i] = string.char(97 + seed % 26, 97 + seed // 26 % 26, 97 + seed // 676 % 26)
end
local counts = {}
for _, word in ipairs(words) do counts[word] = (counts[word] or 0) + 1 end
local order = {}
for word in pairs(counts) do order[#order + 1] = word end
table.sort(order, function(a, b)
	if counts[a] ~= counts[b] then return counts[a] > counts[b] end
	return a < b
end)
for i = 1, 10 do io.write(order[i], "=", counts[order[i]], " ") end
print(#order, #table.concat(words):gsub("[aeiou]+", string.upper))
