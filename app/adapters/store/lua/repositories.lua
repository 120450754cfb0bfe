-- Known repositories whose comparison is due, each put off in the same step: a second worker does not get it, and a
-- worker that dies with it loses one turn, not the repository.
-- KEYS: 1 repositories   ARGV: 1 how many at most, 2 ms to the next turn, 3 at most so many ms more, so that turns
--   spread, 4 a random number, 5 prefix of repository keys
-- Returns member, name, since for each, as a flat list.
local now = clock()
math.randomseed(tonumber(ARGV[4]))
local found = {}
for _, repository in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local f = redis.call('HMGET', ARGV[5] .. repository, 'name', 'since')
  if f[1] and f[2] then
    redis.call('ZADD', KEYS[1], now + ARGV[2] + math.random(0, tonumber(ARGV[3])), repository)
    table.insert(found, repository)
    table.insert(found, f[1])
    table.insert(found, f[2])
  else
    redis.call('ZREM', KEYS[1], repository)
  end
end
return found
