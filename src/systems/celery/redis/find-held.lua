-- Looks through a part of the messages that workers hold for those that hold a text (an id).
-- Changes nothing; sent by EVAL_RO, which the server holds to that.
-- KEYS[1]: unacked. ARGV[1]: cursor of HSCAN. ARGV[2]: its COUNT. ARGV[3]: the text.
-- Answers {next cursor, {tag, message, tag, message …}, messages looked at}.
local step = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local found = {}
for i = 1, #step[2], 2 do
  if string.find(step[2][i + 1], ARGV[3], 1, true) then
    found[#found + 1] = step[2][i]
    found[#found + 1] = step[2][i + 1]
  end
end
return {step[1], found, #step[2] / 2}
