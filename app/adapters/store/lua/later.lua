-- Gives a row back until a later time. KEYS: 1 row, 2 deadlines   ARGV: 1 row name, 2 owner, 3 due ms, 4 error
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[2] then
  return -1
end
redis.call('HDEL', KEYS[1], 'owner', 'lease')
redis.call('HSET', KEYS[1], 'next', ARGV[3], 'error', ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
return 1
