-- Wakes workers of a queue.   ARGV: 1 queue, 2 how many
local now = clock()
for _ = 1, tonumber(ARGV[2]) do
  ring_for_work(ARGV[1], now, now)
end
return 1
