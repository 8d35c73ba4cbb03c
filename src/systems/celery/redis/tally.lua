-- Counts the messages that workers hold by where they came from: exchange and routing key stand at the end of each.
-- Changes nothing; sent by EVAL_RO, which the server holds to that.
-- KEYS[1]: unacked. ARGV[1]: most messages that are counted. ARGV[2]: most bytes of them that are looked at.
-- Answers {`"exchange", "routing key"` as JSON, how many, …}, or false where there are too many.
local most, room = tonumber(ARGV[1]), tonumber(ARGV[2])
if redis.call('HLEN', KEYS[1]) > most then return false end
local counts, names = {}, {}
for _, tag in ipairs(redis.call('HKEYS', KEYS[1])) do
  room = room - redis.call('HSTRLEN', KEYS[1], tag)
  if room < 0 then return false end
  local tail = string.sub(redis.call('HGET', KEYS[1], tag), -600)
  local name = string.match(tail, '^.*}, (".*)%]$') or ''
  if not counts[name] then names[#names + 1] = name end
  counts[name] = (counts[name] or 0) + 1
end
local answer = {}
for _, name in ipairs(names) do
  answer[#answer + 1] = name
  answer[#answer + 1] = counts[name]
end
return answer
