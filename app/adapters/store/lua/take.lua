-- Leases one row, to say something on GitHub before its turn has come; that is no attempt.
-- ARGV: 1 row name, 2 owner, 3 lease ms      Returns the row's fields as a flat list, or nil.
local name = ARGV[1]
local key = P .. 'row:' .. name
local now = clock()
local f = redis.call('HMGET', key, 'want', 'done', 'owner', 'lease', 'queue')
if tonumber(f[1] or '0') <= tonumber(f[2] or '0') or alive(f[3], f[4], now) then
  return false
end
if f[3] then
  redis.call('HINCRBY', key, 'deaths', 1)
  release(name, f[5], now)
end
leave_line(name, f[5])
lease(name, f[5], ARGV[2], now + ARGV[3])
return redis.call('HGETALL', key)
