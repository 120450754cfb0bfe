-- Hands out the next turn to write. KEYS: 1 pace of an installation   ARGV: 1 ms between turns, 2 longest wait in ms
-- Returns the server's time and the turn, both in ms. A turn further away than the longest wait is told, not taken.
local now = clock()
local apart, longest = tonumber(ARGV[1]), tonumber(ARGV[2])
local last = tonumber(redis.call('GET', KEYS[1]) or '')
local turn = now
-- A last turn beyond the longest wait was never handed out: the server's clock was set back.
if last and last <= now + longest and last + apart > now then
  turn = last + apart
end
if turn - now <= longest then
  redis.call('SET', KEYS[1], string.format('%.0f', turn), 'PX', string.format('%.0f', turn - now + math.max(apart, 1)))
end
return {now, turn}
