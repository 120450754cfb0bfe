-- Extends the lease of the owner.   ARGV: 1 row name, 2 owner, 3 lease ms
-- Returns what is wanted now: generation, generation up to which a stop was asked, 1 if paused; nil for a lost row.
local name = ARGV[1]
if not owned(name, ARGV[2]) then
  return false
end
local until_ms = clock() + ARGV[3]
local f = redis.call('HMGET', P .. 'row:' .. name, 'want', 'stop', 'paused', 'queue', 'counted')
lease(name, f[4], ARGV[2], until_ms)
leave_line(name, f[4])  -- where it was put when the lease was over, before this late beat
if f[5] then
  count_running(name, f[4], until_ms)
end
return {tonumber(f[1]), tonumber(f[2] or '0'), tonumber(f[3] or '0')}
