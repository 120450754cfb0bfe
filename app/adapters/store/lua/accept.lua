-- One accepted delivery, in one step: dedupe, rows, note, places, bells.
-- KEYS: 1 delivery id seen, 2 delivery body seen
-- ARGV: 1 seconds to remember deliveries, 2 repository, 3 head ('' when the delivery does not tell), 4 trigger,
--       5 draft (0 or 1), 6 ms to wait for more of the same, 7 ms to wait at most, 8 ms until heads are compared,
--       9 id of a note ('' for none), 10 the note, 11 seconds to keep it, then for each row: name, queue,
--       announce (0 or 1). The note is kept for the first row, behind the head that we know of and the time.
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then
  return 0
end
local now = clock()
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
redis.call('SET', KEYS[2], '1', 'EX', ARGV[1])

-- A comment does not tell of the head: then it is the newest that we heard of.
local review = P .. 'row:' .. string.gsub(ARGV[12], '^[a-z]+', 'review')
local known = redis.call('HMGET', review, 'head', 'head_at')
local head = ARGV[3] ~= '' and ARGV[3] or known[1] or ''
-- When we first heard of this head.
local head_at = head == known[1] and known[2] or now

local function want(name, queue, announce)
  local key = P .. 'row:' .. name
  local generation, open = want_more(name, queue, ARGV[4])
  redis.call('HSET', key, 'repository', ARGV[2], 'draft', ARGV[5])
  if head ~= '' then
    redis.call('HSET', key, 'head', head, 'head_at', string.format('%.0f', head_at))
  end
  local first = open and tonumber(redis.call('HGET', key, 'wanted_at') or now) or now
  if not open then
    redis.call('HSET', key, 'wanted_at', now)
  end
  -- Each push puts the review off a little, but not for ever.
  local due = math.max(now, math.min(now + ARGV[6], first + ARGV[7]))
  if due > now then
    redis.call('HSET', key, 'next', due)
  end
  if not alive(redis.call('HGET', key, 'owner'), redis.call('HGET', key, 'lease'), now) then
    place(name, queue, due, now)
  end
  if announce == '1' then
    ring_for_announcement(name, now)
  end
  return generation
end

local function keep_note(name)
  local notes = P .. 'notes:' .. name
  redis.call('HSETNX', notes, ARGV[9], head .. '\n' .. string.format('%.0f', now) .. '\n' .. ARGV[10] .. '\n' .. (head ~= '' and string.format('%.0f', head_at) or ''))
  redis.call('EXPIRE', notes, ARGV[11])
end

if ARGV[9] ~= '' then
  keep_note(ARGV[12])
end
local generation
for i = 12, #ARGV, 3 do
  local wanted = want(ARGV[i], ARGV[i + 1], ARGV[i + 2])
  generation = generation or wanted
end
local repository = repository_of(ARGV[12])
redis.call('ZADD', P .. 'repositories', 'NX', now + ARGV[8], repository)
redis.call('HSETNX', P .. 'repository:' .. repository, 'since', now)
redis.call('HSET', P .. 'repository:' .. repository, 'name', ARGV[2])
return generation
