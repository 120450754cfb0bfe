-- A generation is finished.
-- ARGV: 1 row name, 2 owner, 3 generation, 4 state ('' or 'dead'), 5 error, 6 reviewed head ('' for none),
--       7 seconds to keep a row at rest
-- Returns -1 when the row belongs to somebody else, 1 when a newer generation is wanted, else 0.
local name = ARGV[1]
local key = P .. 'row:' .. name
if not owned(name, ARGV[2]) then
  return -1
end
local now = clock()
local f = redis.call('HMGET', key, 'want', 'trigger', 'next', 'queue', 'newer')
release(name, f[4], now)
redis.call('HSET', key, 'done', ARGV[3], 'done_at', now)
if ARGV[6] ~= '' then
  redis.call('HSET', key, 'reviewed', ARGV[6])
else  -- its check tells of something else now: a head that comes back is looked at again
  redis.call('HDEL', key, 'reviewed')
end
if tonumber(f[1]) > tonumber(ARGV[3]) then
  redis.call('HSET', key, 'triggers', f[5] or f[2], 'wanted_at', now)
  place(name, f[4], tonumber(f[3] or '0'), now)
  return 1
end
redis.call('HDEL', key, 'attempts', 'deaths', 'outages', 'next', 'error', 'triggers', 'newer')
if ARGV[4] ~= '' then
  redis.call('HSET', key, 'state', ARGV[4], 'error', ARGV[5])
end
redis.call('ZREM', DEADLINES, name)
leave_line(name, f[4])
redis.call('EXPIRE', key, ARGV[7])
return 0
