-- What a person asks of a row.   ARGV: 1 row name, 2 stop, pause, resume or retry
-- Returns 1, or 0 when there is nothing to do.
local name, verb = ARGV[1], ARGV[2]
local key = P .. 'row:' .. name
local now = clock()
local f = redis.call('HMGET', key, 'want', 'done', 'owner', 'lease', 'queue', 'paused', 'stop')
if not f[1] then
  return 0
end
local open, running = tonumber(f[1]) > tonumber(f[2] or '0'), alive(f[3], f[4], now)

-- Whoever works at it hears of it with the next heartbeat; otherwise somebody must look now.
local function look()
  if not running then
    redis.call('HDEL', key, 'next')
    place(name, f[5], now, now)
  end
  return 1
end

if verb == 'stop' then
  if not open then
    return 0
  end
  redis.call('HSET', key, 'stop', f[1])
  return look()
end
if verb == 'pause' then
  if f[6] then
    return 0
  end
  redis.call('HSET', key, 'paused', 1)
  return open and look() or 1
end
if verb == 'resume' then
  if not f[6] then
    return 0
  end
  redis.call('HDEL', key, 'paused')
  want_more(name, f[5], 'resume')
  return look()
end
if running or f[6] then
  return 0
end
if open and tonumber(f[7] or '0') < tonumber(f[1]) then  -- it waits for a later attempt: now, then
  redis.call('HDEL', key, 'attempts', 'deaths', 'outages')
else
  want_more(name, f[5], 'retry')
end
return look()
