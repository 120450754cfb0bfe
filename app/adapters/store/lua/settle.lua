-- A call is over: what was put aside becomes what it cost, on the day on which it was put aside. Nothing happens twice.
-- KEYS: 1 purse of a pull request, 2 days of its repository, 3 days of its installation
-- ARGV: 1 id, 2 true cost in billionths of a dollar, or '' when what was put aside stays spent
local open = 'open:' .. ARGV[1]
local amount, day = string.match(redis.call('HGET', KEYS[1], open) or '', '^(%d+):(%d+)$')
if not amount then
  return 0
end
redis.call('HDEL', KEYS[1], open)
if ARGV[2] ~= '' then
  local difference = string.format('%.0f', tonumber(ARGV[2]) - tonumber(amount))
  redis.call('HINCRBY', KEYS[1], 'spent', difference)
  for i = 2, 3 do
    if redis.call('HEXISTS', KEYS[i], day) == 1 then
      redis.call('HINCRBY', KEYS[i], day, difference)
    end
  end
end
return 1
