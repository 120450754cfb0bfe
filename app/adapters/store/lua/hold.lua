-- No row of the installation is handed out for some time; a hold that lasts longer stays.
-- KEYS: 1 held installation   ARGV: 1 ms
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
end
return 1
