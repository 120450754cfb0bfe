-- Puts money aside before a call of a model, unless that breaks a cap. Amounts are whole billionths of a dollar.
-- KEYS: 1 purse of a pull request, 2 days of its repository, 3 days of its installation
-- ARGV: 1 id, 2 amount, 3 to 5 the cap of each key or '' for none, 6 seconds the purse is kept, 7 those of days
-- Returns 0, or which cap, what was spent of it, and the end of the day in ms. The same id is counted once.
local DAY_MS = 24 * 3600 * 1000
local day = math.floor(clock() / DAY_MS)
local today = string.format('%.0f', day)
local fields = {'spent', today, today}
local open = 'open:' .. ARGV[1]
if redis.call('HEXISTS', KEYS[1], open) == 1 then
  return {0}
end
for i, key in ipairs(KEYS) do
  local spent = redis.call('HGET', key, fields[i]) or '0'
  local cap = tonumber(ARGV[2 + i])
  if cap and tonumber(spent) + tonumber(ARGV[2]) > cap then
    return {i, spent, (day + 1) * DAY_MS}
  end
end
for i, key in ipairs(KEYS) do
  redis.call('HINCRBY', key, fields[i], ARGV[2])
  redis.call('EXPIRE', key, i == 1 and ARGV[6] or ARGV[7])
end
redis.call('HSET', KEYS[1], open, ARGV[2] .. ':' .. today)
for i = 2, 3 do
  for _, other in ipairs(redis.call('HKEYS', KEYS[i])) do
    if tonumber(other) < day - 1 then
      redis.call('HDEL', KEYS[i], other)
    end
  end
end
return {0}
