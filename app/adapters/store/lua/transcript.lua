-- Adds one entry to the transcript of a run. What is too much goes: of the run its entries of the lowest rank, the oldest
-- first; of all runs the whole transcripts to which nothing was added for longest.
-- KEYS: 1 transcript of the run (entries by number, and counters), 2 the order in which its entries go
-- ARGV: 1 run, 2 the entry as it is kept, 3 bytes of its text, 4 its rank, 5 '1' where the first such entry stays,
--       6 most bytes of text of a run, 7 most bytes of all transcripts as they are kept, 8 seconds for which they are
local INDEX, SIZES = P .. 'transcripts', P .. 'transcripts:bytes'
local run, entry, text = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now, seconds = clock(), tonumber(ARGV[8])

local function grown(id, bytes)
  redis.call('HINCRBY', SIZES, id, string.format('%.0f', bytes))
  redis.call('HINCRBY', SIZES, 'all', string.format('%.0f', bytes))
end

local function forget(id)
  local name = P .. 'run:' .. id .. ':transcript'
  redis.call('UNLINK', name, name .. ':order')
  grown(id, 0 - tonumber(redis.call('HGET', SIZES, id) or '0'))
  redis.call('HDEL', SIZES, id)
  redis.call('ZREM', INDEX, id)
end

if redis.call('EXISTS', KEYS[1]) == 0 then
  forget(run)  -- where the record of the run was deleted with its transcript, the size was left
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', INDEX, '-inf', now - seconds * 1000, 'LIMIT', 0, 100)) do
  forget(id)
end

local kept = tonumber(redis.call('HGET', KEYS[1], 'text') or '0')
while kept + text > tonumber(ARGV[6]) do
  local oldest = redis.call('ZPOPMIN', KEYS[2])[1]
  if not oldest then
    break
  end
  local number, length, bytes = string.match(oldest, '^(%d+):(%d+):(%d+)$')
  redis.call('HDEL', KEYS[1], number)
  kept = kept - tonumber(length)
  grown(run, 0 - tonumber(bytes))
end

local number = redis.call('HINCRBY', KEYS[1], 'next', 1) - 1
redis.call('HSET', KEYS[1], number, entry, 'text', string.format('%.0f', kept + text))
grown(run, #entry)
if ARGV[5] ~= '1' or redis.call('HSETNX', KEYS[1], 'stays', number) == 0 then
  local member = string.format('%.0f:%.0f:%.0f', number, text, #entry)
  redis.call('ZADD', KEYS[2], string.format('%.0f', tonumber(ARGV[4]) * 2 ^ 40 + number), member)
end
redis.call('ZADD', INDEX, now, run)
for _, name in ipairs({KEYS[1], KEYS[2], INDEX, SIZES}) do
  redis.call('EXPIRE', name, seconds)
end

while tonumber(redis.call('HGET', SIZES, 'all')) > tonumber(ARGV[7]) do
  local oldest = redis.call('ZRANGE', INDEX, 0, 0)[1]
  if not oldest or oldest == run then
    break
  end
  forget(oldest)
end
return 1
