-- Reads the beginnings of values, so that no large one is sent. Changes nothing; sent by EVAL_RO, which the server holds
-- to that.
-- KEYS: strings. ARGV[1]: bytes of each that are answered. ARGV[2]: '1' to tell when they expire.
-- Answers the values in the order of the keys ('' where there is none, false where it is no string); with ARGV[2] behind
-- them the milliseconds that each has left (-1 = for ever, -2 = gone).
local last = tonumber(ARGV[1]) - 1
local call, pcall = redis.call, redis.pcall
local n = #KEYS
local answer = {}
for i = 1, n do
  local value = pcall('GETRANGE', KEYS[i], 0, last)
  answer[i] = type(value) == 'string' and value
end
if ARGV[2] == '1' then
  for i = 1, n do answer[n + i] = call('PTTL', KEYS[i]) end
end
return answer
