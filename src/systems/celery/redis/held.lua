-- Reads messages that workers hold, by their delivery tags; long ones are cut, those of other queues left out.
-- Changes nothing; sent by EVAL_RO, which the server holds to that.
-- KEYS[1]: unacked. ARGV[1]: longest message in bytes that is answered whole. ARGV[2]: bytes in all; beyond, only ends are
-- answered. ARGV[3]: bytes of an end. ARGV[4]: how many origins are wanted, 0 = every one. ARGV[5..]: the origins, as they
-- stand at the end of a message (`"exchange", "routing key"`), then the tags.
-- Answers for each tag its message, or {length, end}, or 0 where its origin is another, or false where it has none.
local whole, room, part, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local rows = {}
for i = 5 + count, #ARGV do
  local message = redis.call('HGET', KEYS[1], ARGV[i])
  local row = message
  if message and count > 0 then
    row = 0
    local tail = string.sub(message, -1000)
    for w = 5, 4 + count do
      local ending = '}, ' .. ARGV[w] .. ']'
      if string.sub(tail, -#ending) == ending then row = message end
    end
  end
  if type(row) == 'string' then
    if #row > whole or #row > room then row = {#row, string.sub(row, -part)} end
    room = room - (type(row) == 'table' and part or #row)
  end
  rows[#rows + 1] = row
end
return rows
