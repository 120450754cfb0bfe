-- One accepted delivery, in one step: dedupe, row, deadline, bell.
-- KEYS: 1 delivery id seen, 2 delivery body seen, 3 row, 4 deadlines, 5 queue, 6 job
-- ARGV: 1 seconds to remember deliveries, 2 row name, 3 milliseconds until somebody must have looked,
--       4 repository, 5 head, 6 trigger, 7 draft (0 or 1), 8 job id, 9 job payload, 10 job expiry ms
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then
  return 0
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
redis.call('SET', KEYS[2], '1', 'EX', ARGV[1])
local want = redis.call('HINCRBY', KEYS[3], 'want', 1)
local triggers = redis.call('HGET', KEYS[3], 'triggers') or ''
if not string.find(',' .. triggers .. ',', ',' .. ARGV[6] .. ',', 1, true) then
  triggers = triggers == '' and ARGV[6] or triggers .. ',' .. ARGV[6]
end
redis.call('HSET', KEYS[3], 'repository', ARGV[4], 'head', ARGV[5], 'trigger', ARGV[6], 'draft', ARGV[7],
  'triggers', triggers, 'wanted_at', now)
redis.call('HDEL', KEYS[3], 'next', 'attempts', 'error', 'rings')
if not redis.call('HGET', KEYS[3], 'owner') then
  redis.call('ZADD', KEYS[4], now + ARGV[3], ARGV[2])
end
redis.call('PSETEX', KEYS[6], ARGV[10], ARGV[9])
redis.call('ZADD', KEYS[5], now, ARGV[8])
return want
