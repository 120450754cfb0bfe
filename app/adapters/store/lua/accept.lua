-- One accepted delivery, in one step: dedupe, row, place, bell.
-- KEYS: 1 delivery id seen, 2 delivery body seen, 3 row
-- ARGV: 1 seconds to remember deliveries, 2 row name, 3 queue, 4 repository, 5 head, 6 trigger, 7 draft (0 or 1),
--       8 ms to wait for more of the same, 9 ms to wait at most, 10 announce (0 or 1), 11 ms until heads are compared
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then
  return 0
end
local now = clock()
local name, queue = ARGV[2], ARGV[3]
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
redis.call('SET', KEYS[2], '1', 'EX', ARGV[1])
local want, open = want_more(name, queue, ARGV[6])
redis.call('HSET', KEYS[3], 'repository', ARGV[4], 'head', ARGV[5], 'draft', ARGV[7])
local first = open and tonumber(redis.call('HGET', KEYS[3], 'wanted_at') or now) or now
if not open then
  redis.call('HSET', KEYS[3], 'wanted_at', now)
end
-- Each push puts the review off a little, but not for ever.
local due = math.max(now, math.min(now + ARGV[8], first + ARGV[9]))
if due > now then
  redis.call('HSET', KEYS[3], 'next', due)
end
if not alive(redis.call('HGET', KEYS[3], 'owner'), redis.call('HGET', KEYS[3], 'lease'), now) then
  place(name, queue, due, now)
end
if ARGV[10] == '1' then
  ring_for_announcement(name, now)
end
local repository = repository_of(name)
redis.call('ZADD', P .. 'repositories', 'NX', now + ARGV[11], repository)
redis.call('HSETNX', P .. 'repository:' .. repository, 'since', now)
redis.call('HSET', P .. 'repository:' .. repository, 'name', ARGV[4])
return want
