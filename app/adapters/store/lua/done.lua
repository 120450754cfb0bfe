-- A generation is finished. KEYS: 1 row, 2 deadlines   ARGV: 1 row name, 2 owner, 3 generation
-- Returns -1 when the row belongs to somebody else, 1 when a newer generation is wanted, else 0.
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[2] then
  return -1
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local f = redis.call('HMGET', KEYS[1], 'want', 'trigger')
redis.call('HSET', KEYS[1], 'done', ARGV[3], 'done_at', now)
redis.call('HDEL', KEYS[1], 'owner', 'lease', 'attempts', 'next', 'error')
if tonumber(f[1]) > tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'triggers', f[2])
  redis.call('ZADD', KEYS[2], now, ARGV[1])
  return 1
end
redis.call('HDEL', KEYS[1], 'triggers')
redis.call('ZREM', KEYS[2], ARGV[1])
return 0
