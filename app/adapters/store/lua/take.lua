-- Leases a row to an owner, if there is work, nobody else holds it and its back-off is over.
-- KEYS: 1 row, 2 deadlines   ARGV: 1 row name, 2 owner, 3 lease ms
-- Returns the row's fields as a flat list, or nil.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local f = redis.call('HMGET', KEYS[1], 'want', 'done', 'owner', 'lease', 'next')
local want, done = tonumber(f[1] or '0'), tonumber(f[2] or '0')
if want <= done then
  redis.call('ZREM', KEYS[2], ARGV[1])
  return false
end
if f[3] and f[3] ~= ARGV[2] and tonumber(f[4] or '0') > now then
  return false
end
if tonumber(f[5] or '0') > now then
  return false
end
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'lease', now + ARGV[3])
redis.call('HINCRBY', KEYS[1], 'attempts', 1)
redis.call('HDEL', KEYS[1], 'rings')
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
return redis.call('HGETALL', KEYS[1])
