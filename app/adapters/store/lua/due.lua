-- Rows whose deadline has passed, each put off so that it is not handed out again at once.
-- KEYS: 1 deadlines   ARGV: 1 how many at most, 2 milliseconds until a row is handed out again
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local rows = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, row in ipairs(rows) do
  redis.call('ZADD', KEYS[1], now + ARGV[2], row)
end
return rows
