-- Rows whose deadline has passed, each put off so that it is not handed out again at once: a bell may only wait for a
-- free worker, so the pauses double, up to 64 times the first.
-- KEYS: 1 deadlines   ARGV: 1 how many at most, 2 the first pause in ms, 3 prefix of row keys
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local rows = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, row in ipairs(rows) do
  local rings = redis.call('HINCRBY', ARGV[3] .. row, 'rings', 1)
  redis.call('ZADD', KEYS[1], now + ARGV[2] * 2 ^ math.min(rings - 1, 6), row)
end
return rows
