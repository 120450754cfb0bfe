-- Stands before every script. Times are milliseconds of the server's clock.
--
-- A row is in one of four places: running (it has an owner; its deadline is the end of the lease), scheduled (its
-- deadline is when it is due), waiting (in its repository's line), or at rest (nothing wanted that is not done).
local P = 'revwright:'
local DEADLINES = P .. 'deadlines'
local MOST_BELLS = 1000        -- for reviews, now and as many for later; who finishes one rings for the next
local MOST_ANNOUNCED = 10000   -- a check run that is not announced is made when its review starts
local AHEAD_MS = 600 * 1000    -- the bell of an answer goes before those of announcements
local BELL_MS = 24 * 3600 * 1000
local DUE_AT_ONCE = 100
local TURNS_APART = 2 ^ 20     -- turns of one round are told apart by the fraction of their score

local function clock()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function repository_of(name)
  return string.match(name, '^[a-z]+:(%d+:%d+):%d+$')
end

local function installation_of(repository)
  return string.match(repository, '^(%d+):')
end

-- arq's own field names: try, function, args, kwargs, enqueue time. Every bell has an id of its own, since arq drops a
-- second job of an id that is queued or running.
local function ring(queue, func, argument, at, now)
  local key = P .. 'queue:' .. queue
  local id = func .. ':' .. redis.call('INCR', P .. 'bells')
  local job = string.format('{"t":null,"f":"%s","a":["%s"],"k":{},"et":%.0f}', func, argument, now)
  redis.call('SET', 'arq:job:' .. id, job, 'PX', string.format('%.0f', at - now + BELL_MS))
  redis.call('ZADD', key, at, id)
end

-- Bells for later are counted apart: however many rows wait for a later attempt, somebody hears of what can be done now.
-- `due` finds what had no bell.
local function ring_for_work(queue, at, now)
  if queue == 'interactive' then
    ring(queue, 'work', queue, at > now and at or at - AHEAD_MS, now)
    return
  end
  local key = P .. 'queue:' .. queue
  local sooner = redis.call('ZCOUNT', key, '-inf', string.format('%.0f', now))
  local as_many = at > now and redis.call('ZCARD', key) - sooner or sooner
  if as_many < MOST_BELLS then
    ring(queue, 'work', queue, at, now)
  end
end

local function ring_for_announcement(name, now)
  if redis.call('ZCARD', P .. 'queue:interactive') < MOST_ANNOUNCED then
    ring('interactive', 'announce', name, now, now)
  end
end

-- Gives a repository its turn, not before any that has had fewer since they all wait.
local function line_up(queue, repository, round)
  local sequence = redis.call('INCR', P .. 'turn') % TURNS_APART
  redis.call('ZADD', P .. 'turns:' .. queue, string.format('%.17g', round + sequence / TURNS_APART), repository)
end

local function wait(name, queue)
  local repository = repository_of(name)
  local arrival = redis.call('HGET', P .. 'row:' .. name, 'arrival') or 0
  redis.call('ZADD', P .. 'waiting:' .. queue .. ':' .. repository, arrival, name)
  redis.call('ZREM', DEADLINES, name)
  if not redis.call('ZSCORE', P .. 'turns:' .. queue, repository) then
    local round = tonumber(redis.call('GET', P .. 'round:' .. queue) or '0')
    local served = tonumber(redis.call('ZSCORE', P .. 'served:' .. queue, repository) or '0')
    line_up(queue, repository, math.max(round, served))
  end
end

local function leave_line(name, queue)
  redis.call('ZREM', P .. 'waiting:' .. queue .. ':' .. repository_of(name), name)
end

-- A row without an owner: into the line, or scheduled with a bell at its time.
local function place(name, queue, due, now)
  if due <= now then
    wait(name, queue)
  else
    leave_line(name, queue)
    redis.call('ZADD', DEADLINES, due, name)
  end
  ring_for_work(queue, math.max(due, now), now)
end

-- Rows whose time has come join their lines. A scheduled row has its bell; the row of a dead owner has none.
local function promote(now)
  local names = redis.call('ZRANGEBYSCORE', DEADLINES, '-inf', now, 'LIMIT', 0, DUE_AT_ONCE)
  for _, name in ipairs(names) do
    local f = redis.call('HMGET', P .. 'row:' .. name, 'want', 'done', 'owner', 'queue')
    if not f[4] or tonumber(f[1] or '0') <= tonumber(f[2] or '0') then
      redis.call('ZREM', DEADLINES, name)
    else
      wait(name, f[4])
      if f[3] then
        ring_for_work(f[4], now, now)
      end
    end
  end
end

local function owned(name, owner)
  return redis.call('HGET', P .. 'row:' .. name, 'owner') == owner
end

local function alive(f_owner, f_lease, now)
  return f_owner and tonumber(f_lease or '0') > now
end

-- Marks the row as running until `until_ms`, which is also when a dead owner's row is handed out again.
local function lease(name, queue, owner, until_ms)
  redis.call('HSET', P .. 'row:' .. name, 'owner', owner, 'lease', until_ms)
  redis.call('ZADD', DEADLINES, until_ms, name)
end

-- An announcement is not counted among the running.
local function count_running(name, queue, until_ms)
  local repository = repository_of(name)
  redis.call('HSET', P .. 'row:' .. name, 'counted', 1)
  redis.call('ZADD', P .. 'running:' .. queue .. ':' .. repository, until_ms, name)
  redis.call('ZADD', P .. 'running:' .. queue .. ':' .. installation_of(repository), until_ms, name)
end

-- Ends a lease, whatever comes of it; a slot is free now, so somebody may look at the lines.
local function release(name, queue, now)
  local repository = repository_of(name)
  redis.call('HDEL', P .. 'row:' .. name, 'owner', 'lease', 'counted')
  redis.call('ZREM', P .. 'running:' .. queue .. ':' .. repository, name)
  redis.call('ZREM', P .. 'running:' .. queue .. ':' .. installation_of(repository), name)
  if redis.call('EXISTS', P .. 'turns:' .. queue) == 1 then
    ring_for_work(queue, now, now)
  end
end

local function with_trigger(triggers, trigger)
  if string.find(',' .. triggers .. ',', ',' .. trigger .. ',', 1, true) then
    return triggers
  end
  return triggers == '' and trigger or triggers .. ',' .. trigger
end

-- What is wanted of a row changes: a generation more, with its reason added to those not answered yet
-- (`triggers`) and to those that came since the row was handed out (`newer`).
local function want_more(name, queue, trigger)
  local key = P .. 'row:' .. name
  local f = redis.call('HMGET', key, 'want', 'done', 'triggers', 'arrival', 'newer')
  local open = tonumber(f[1] or '0') > tonumber(f[2] or '0')
  local triggers = with_trigger(open and f[3] or '', trigger)
  redis.call('HSET', key, 'newer', with_trigger(f[5] or '', trigger))
  local arrival = open and f[4] or redis.call('INCR', P .. 'arrivals')
  redis.call('HSET', key, 'queue', queue, 'trigger', trigger, 'triggers', triggers, 'arrival', arrival)
  redis.call('HDEL', key, 'next', 'attempts', 'deaths', 'outages', 'error', 'state')
  redis.call('PERSIST', key)
  return redis.call('HINCRBY', key, 'want', 1), open
end

local PAGE = 256  -- turns looked at together, since those of a held installation may be many

-- Says of a repository whether one more of its rows may run: its installation is not held, and neither is full.
local function gate(queue, most_of_repository, most_of_installation, now)
  local function is_full(id, most)
    local running = P .. 'running:' .. queue .. ':' .. id
    redis.call('ZREMRANGEBYSCORE', running, '-inf', now)
    return redis.call('ZCARD', running) >= most
  end
  local open = {}
  return function(repository)
    local installation = installation_of(repository)
    if open[installation] == nil then
      open[installation] = redis.call('EXISTS', P .. 'held:' .. installation) == 0
        and not is_full(installation, most_of_installation)
    end
    return open[installation] and not is_full(repository, most_of_repository)
  end
end
