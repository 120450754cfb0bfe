-- Leases the next row of a queue: round robin over repositories, in order of arrival within one.
-- ARGV: 1 queue, 2 owner, 3 lease ms, 4 most running of one repository, 5 most running of one installation,
--       6 an id for a new run
-- Returns the row's name and its fields as one flat list, or nil.
local queue, owner = ARGV[1], ARGV[2]
local now = clock()
promote(now)

local may_run = gate(queue, tonumber(ARGV[4]), tonumber(ARGV[5]), now)

-- The first row of the repository's line that somebody must work at; others leave the line.
local function first_of(repository)
  local line = P .. 'waiting:' .. queue .. ':' .. repository
  while true do
    local name = redis.call('ZRANGE', line, 0, 0)[1]
    if not name then
      return nil
    end
    redis.call('ZREM', line, name)
    local f = redis.call('HMGET', P .. 'row:' .. name, 'want', 'done', 'owner', 'lease')
    if tonumber(f[1] or '0') > tonumber(f[2] or '0') and not alive(f[3], f[4], now) then
      return name, f[3]
    end
  end
end

local function hand_out(name, dead_owner)
  local key = P .. 'row:' .. name
  if dead_owner then
    redis.call('HINCRBY', key, 'deaths', 1)
  end
  lease(name, queue, owner, now + ARGV[3])
  count_running(name, queue, now + ARGV[3])
  redis.call('HDEL', key, 'next', 'newer')
  redis.call('HINCRBY', key, 'attempts', 1)
  local f = redis.call('HMGET', key, 'want', 'run_of', 'run')
  if f[1] ~= f[2] then
    redis.call('HSET', key, 'run', ARGV[6], 'run_of', f[1], 'run_before', f[3] or '')
  end
  local reply = redis.call('HGETALL', key)
  table.insert(reply, 1, name)
  return reply
end

-- `turn` is the score of the repository's turn: its round, and a fraction.
local turns, served = P .. 'turns:' .. queue, P .. 'served:' .. queue
local function count_turn(repository, turn)
  local round = math.floor(tonumber(turn))
  local last = tonumber(redis.call('GET', P .. 'round:' .. queue) or '0')
  if round > last then
    redis.call('SET', P .. 'round:' .. queue, string.format('%.0f', round))
  end
  redis.call('ZREMRANGEBYSCORE', served, '-inf', math.max(round, last))
  if redis.call('EXISTS', P .. 'waiting:' .. queue .. ':' .. repository) == 1 then
    line_up(queue, repository, round + 1)
  elseif redis.call('EXISTS', turns) == 1 then
    redis.call('ZADD', served, round + 1, repository)
  else  -- nobody waits, so nobody has had more than those who wait
    redis.call('DEL', served)
  end
end

local skipped = 0
while true do
  local page = redis.call('ZRANGE', turns, skipped, skipped + PAGE - 1)
  if #page == 0 then
    return false
  end
  for _, repository in ipairs(page) do
    if not may_run(repository) then
      skipped = skipped + 1
    else
      local name, dead_owner = first_of(repository)
      local turn = redis.call('ZSCORE', turns, repository)
      redis.call('ZREM', turns, repository)
      if name then
        count_turn(repository, turn)
        return hand_out(name, dead_owner)
      end
    end
  end
end
