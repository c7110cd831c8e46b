-- Floats, integers, arrays.
local function sieve(limit)
  local composite, count = {}, 0
  for i = 2, limit do
    if not composite[i] then
      count = count + 1
      for j = i * i, limit, i do composite[j] = true end
    end
  end
  return count
end

local function spectral(n)
  local u, v = {}, {}
  for i = 1, n do u[i] = 1.0 end
  local function times(from, to)
    for i = 0, n - 1 do
      local sum = 0.0
      for j = 0, n - 1 do sum = sum + from[j + 1] / ((i + j) * (i + j + 1) // 2 + i + 1) end
      to[i + 1] = sum
    end
  end
  for _ = 1, 4 do times(u, v) times(v, u) end
  local dot, square = 0.0, 0.0
  for i = 1, n do dot, square = dot + u[i] * v[i], square + v[i] * v[i] end
  return math.sqrt(dot / square)
end

local function collatz(limit)
  local longest = 0
  for start = 1, limit do
    local n, steps = start, 0
    while n ~= 1 do
      n = n & 1 == 0 and n >> 1 or 3 * n + 1
      steps = steps + 1
    end
    longest = math.max(longest, steps)
  end
  return longest
end

local primes, norm, longest
for _ = 1, rounds do primes, norm, longest = sieve(3000), spectral(24), collatz(200) end
print(string.format("numbers %d %.12f %d", primes, norm, longest))
