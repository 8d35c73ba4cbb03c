-- Reads messages of lists: both ends, and some in between; long ones are cut.
-- Changes nothing; sent by EVAL_RO, which the server holds to that.
-- KEYS: lists. ARGV[1]: messages of each end. ARGV[2]: longest message in bytes that is answered whole. ARGV[3]: bytes in
-- all; beyond, only ends of messages are answered. ARGV[4]: bytes of an end. ARGV[5..]: places in between, as millionths of
-- the list.
-- Answers for each list {length, {place counted from the end at which workers take, message or {length, hash, end}} …}.
local ends, whole, room, part = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local between = #ARGV - 4
local answer = {}
for k = 1, #KEYS do
  local length = redis.call('LLEN', KEYS[k])
  local rows = {length}
  local function add(rank)
    -- One at a time: a list of huge messages never stands in this script's memory.
    local message = redis.call('LINDEX', KEYS[k], -(rank + 1))
    if not message then return end
    if #message > whole or #message > room then
      message = {#message, string.sub(redis.sha1hex(message), 1, 32), string.sub(message, -part)}
    end
    room = room - (type(message) == 'table' and part or #message)
    rows[#rows + 1] = {rank, message}
  end
  if length <= 2 * ends + between then
    for rank = 0, length - 1 do add(rank) end
  else
    for rank = 0, ends - 1 do add(rank) end
    local inner, seen = length - 2 * ends, {}
    for i = 5, #ARGV do
      local rank = ends + math.floor(inner * tonumber(ARGV[i]) / 1000000)
      if not seen[rank] then
        seen[rank] = true
        add(rank)
      end
    end
    for rank = length - ends, length - 1 do add(rank) end
  end
  answer[k] = rows
end
return answer
