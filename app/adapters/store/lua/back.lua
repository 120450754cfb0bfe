-- Ends a lease without an answer. KEYS: 1 row, 2 deadlines   ARGV: 1 row name, 2 owner, 3 ms until somebody must look
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[2] then
  return -1
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('HDEL', KEYS[1], 'owner', 'lease')
redis.call('HINCRBY', KEYS[1], 'attempts', -1)
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
return 1
