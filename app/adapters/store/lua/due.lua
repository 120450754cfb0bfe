-- Rows whose time has come join their lines. Returns how many, and for each queue of ARGV whether anybody waits there.
local reply = {promote(clock())}
for _, queue in ipairs(ARGV) do
  table.insert(reply, redis.call('EXISTS', P .. 'turns:' .. queue))
end
return reply
