-- Patterns, formatting, concatenation.
local words = {}
for word in ("alpha beta gamma delta epsilon zeta 42 eta theta 1729 iota kappa"):gmatch("%w+") do
  words[#words + 1] = word
end
local seed = 99
local function pick()
  seed = (seed * 16807) % 2147483647
  return words[seed % #words + 1]
end

local function once()
  local parts = {}
  for i = 1, 200 do parts[i] = string.format("%s=%05.2f;", pick(), i / 7) end
  local text = table.concat(parts)
  local upper = text:gsub("(%a+)=(%d+)", function(key, value) return value .. ":" .. key:upper() end)
  local hash, fields = 5381, 0
  for key, value in upper:gmatch("(%d+):(%a+)") do fields = fields + #key * #value end
  for i = 1, #upper do hash = (hash * 33 + upper:byte(i)) % 4294967296 end
  return hash, fields, text:find("theta=", 1, true), upper:reverse():sub(1, 8)
end

local hash, fields, where, ends
for _ = 1, rounds do hash, fields, where, ends = once() end
print("text", hash, fields, where, ends)
