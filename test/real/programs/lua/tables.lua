-- Tables as objects and maps, closures, coroutines, errors, sorting.
local seed = 17
local function random(limit)
  seed = (seed * 16807) % 2147483647
  return seed % limit
end

local Account = {}
Account.__index = Account
function Account.new(owner) return setmetatable({ owner = owner, balance = 0 }, Account) end
function Account:deposit(amount)
  if amount > 90 then error({ amount = amount }) end
  self.balance = self.balance + amount
end

local function permutations(list)
  return coroutine.wrap(function()
    local function permute(n)
      if n == 0 then return coroutine.yield(list) end
      for i = 1, n do
        list[i], list[n] = list[n], list[i]
        permute(n - 1)
        list[i], list[n] = list[n], list[i]
      end
    end
    permute(#list)
  end)
end

local function once()
  local accounts, refused = {}, 0
  for i = 1, 40 do accounts[i] = Account.new("owner" .. i % 13) end
  for _ = 1, 400 do
    local ok, why = pcall(Account.deposit, accounts[random(40) + 1], random(100))
    if not ok then refused = refused + why.amount end
  end
  table.sort(accounts, function(a, b)
    if a.balance ~= b.balance then return a.balance < b.balance end
    return a.owner < b.owner
  end)
  local byOwner = {}
  for rank, account in ipairs(accounts) do
    byOwner[account.owner] = (byOwner[account.owner] or 0) + rank * account.balance
  end
  local hash = refused
  for i = 0, 12 do hash = (hash * 31 + (byOwner["owner" .. i] or 0)) % 1000000007 end
  for list in permutations({ 1, 2, 3, 4, 5 }) do hash = (hash * 7 + list[1] * list[3]) % 1000000007 end
  return hash
end

local total = 0
for _ = 1, rounds do total = (total * 31 + once()) % 1000000007 end
print("tables " .. total)
