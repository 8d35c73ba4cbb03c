-- Looks through a part of a list for messages, by their hash or by a text that they hold (an id).
-- Changes nothing; sent by EVAL_RO, which the server holds to that.
-- KEYS[1]: the list. ARGV[1]: place to begin at, counted from the end at which workers take. ARGV[2]: messages looked at at
-- the most; ARGV[3]: bytes of them. ARGV[4]: 'hash' or 'text'. ARGV[5..]: the hashes, or the texts.
-- Answers {messages looked at, length of the list, {place, message, place, message …}}.
local from, most, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local byHash, wanted = ARGV[4] == 'hash', {}
for i = 5, #ARGV do wanted[ARGV[i]] = true end
local looked, found, length = 0, {}, redis.call('LLEN', KEYS[1])
while looked < most and room > 0 and from + looked < length do
  local start = from + looked
  local messages = redis.call('LRANGE', KEYS[1], -math.min(start + 100, start + most - looked), -(start + 1))
  for i = #messages, 1, -1 do
    local message, hit = messages[i], false
    if byHash then
      hit = wanted[string.sub(redis.sha1hex(message), 1, 32)]
    else
      for text in pairs(wanted) do
        if string.find(message, text, 1, true) then hit = true end
      end
    end
    if hit then
      found[#found + 1] = from + looked
      found[#found + 1] = message
    end
    looked = looked + 1
    room = room - #message
    if room <= 0 then break end
  end
  if #messages == 0 then break end
end
return {looked, length, found}
