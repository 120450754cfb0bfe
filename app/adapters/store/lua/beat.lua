-- Extends the lease of the owner. KEYS: 1 row, 2 deadlines   ARGV: 1 row name, 2 owner, 3 lease ms
-- Returns the wanted generation, or -1 when the row belongs to somebody else.
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[2] then
  return -1
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('HSET', KEYS[1], 'lease', now + ARGV[3])
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
return tonumber(redis.call('HGET', KEYS[1], 'want'))
