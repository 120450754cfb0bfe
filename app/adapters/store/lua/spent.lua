-- What was spent, with what is put aside, in billionths of a dollar.
-- KEYS: 1 purse of a pull request, 2 days of its repository, 3 days of its installation
local today = string.format('%.0f', math.floor(clock() / (24 * 3600 * 1000)))
local fields = {'spent', today, today}
local found = {}
for i, key in ipairs(KEYS) do
  found[i] = redis.call('HGET', key, fields[i]) or '0'
end
return found
