-- Rows whose time has come join their lines.
-- ARGV: 1 most running of one repository, 2 most running of one installation, then queues
-- Returns for each queue 1 if somebody waits there who may run, else 0.
local now = clock()

local function somebody(queue)
  local may_run, from = gate(queue, tonumber(ARGV[1]), tonumber(ARGV[2]), now), 0
  while true do
    local page = redis.call('ZRANGE', P .. 'turns:' .. queue, from, from + PAGE - 1)
    if #page == 0 then
      return 0
    end
    for _, repository in ipairs(page) do
      if may_run(repository) then
        return 1
      end
    end
    from = from + PAGE
  end
end

promote(now)
local reply = {}
for n = 3, #ARGV do
  table.insert(reply, somebody(ARGV[n]))
end
return reply
