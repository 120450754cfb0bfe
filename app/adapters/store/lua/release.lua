-- Ends a lease without an answer; the row is due again.
-- ARGV: 1 row name, 2 owner, 3 ms until it is due, 4 error ('' for none), 5 attempts to take back (0 or 1),
--       6 outages to count (0 or 1)
local name = ARGV[1]
local key = P .. 'row:' .. name
if not owned(name, ARGV[2]) then
  return -1
end
local now = clock()
local f = redis.call('HMGET', key, 'next', 'queue', 'attempts')
release(name, f[2], now)
if ARGV[5] == '1' and tonumber(f[3] or '0') > 0 then
  redis.call('HINCRBY', key, 'attempts', -1)
end
if ARGV[6] == '1' then
  redis.call('HINCRBY', key, 'outages', 1)
end
if ARGV[4] ~= '' then
  redis.call('HSET', key, 'error', ARGV[4])
end
-- A push in the meantime may have set a time of its own, which must not be lost.
local due = math.max(now + ARGV[3], tonumber(f[1] or '0'))
if due > now then
  redis.call('HSET', key, 'next', string.format('%.0f', due))
end
place(name, f[2], due, now)
return 1
