-- Reads the next messages of lists, one list after the other, from the end at which workers take them.
-- Changes nothing; sent by EVAL_RO, which the server holds to that.
-- KEYS: the lists in the order in which they are served.
-- ARGV[1]: messages wanted. ARGV[2]: longest message in bytes that is answered whole. ARGV[3]: bytes in all; beyond, only
-- ends are answered. ARGV[4]: bytes of an end. ARGV[5]: place of the last row of the page before in the first list,
-- counted from the end; -1 = the page begins there. ARGV[6]: places that are looked at for it on the side of the end,
-- ARGV[7]: on the other. ARGV[8]: bytes that are looked at for it. ARGV[9..]: hashes of the last rows, the last one first.
-- Answers {place of the last row now, or -1 = none of them was found; which of the hashes it is,
-- messages of the first list, messages of the second …}; a message is its bytes, or {length, sha1, end}.
local sub, sha1 = string.sub, redis.sha1hex
-- A key of another type holds no messages; its count says what it is.
local function range(key, from, to)
  local messages = redis.pcall('LRANGE', key, from, to)
  return messages.err and {} or messages
end
local left, whole, room, part = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local rank, back, forward, budget = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local found, which, from = -1, 0, 0

local function hash(message) return sub(sha1(message), 1, 32) end

-- Looks at the places from `near` to `far` (both counted from the end) for any of the hashes.
local wanted = {}
for i = 9, #ARGV do if not wanted[ARGV[i]] then wanted[ARGV[i]] = i - 8 end end
local best = 1000
local function look(near, far)
  while near <= far and budget > 0 and best > 1 do
    local till = math.min(far, near + 49)
    local messages = range(KEYS[1], -(till + 1), -(near + 1))
    for i = #messages, 1, -1 do
      budget = budget - #messages[i]
      local index = wanted[hash(messages[i])]
      -- Of one hash the place nearest to the old one is right: the first that is met from there.
      if index and index < best then best, found, which = index, near + #messages - i, index end
    end
    if #messages < till - near + 1 then return end
    near = till + 1
  end
end

if rank >= 0 then
  local last = range(KEYS[1], -(rank + 1), -(rank + 1))[1]
  if last and wanted[hash(last)] == 1 then
    found, which = rank, 1
  else
    -- Workers take from the end, so rows come nearer to it.
    local near = rank
    while best > 1 and near > 0 and near > rank - back and budget > 0 do
      local start = math.max(0, near - 50)
      look(start, near - 1)
      near = start
    end
    if best > 1 then look(rank + 1, rank + forward) end
  end
  from = found >= 0 and found + 1 or -1
end

local answer = {found, which}
for k = 1, #KEYS do
  local rows = {}
  if left > 0 and not (k == 1 and from < 0) then
    local messages = range(KEYS[k], -(from + left), -(from + 1))
    for i = #messages, 1, -1 do
      local message = messages[i]
      if #message > whole or #message > room then
        local tail = sub(message, -part)
        room = room - #tail
        rows[#rows + 1] = {#message, hash(message), tail}
      else
        room = room - #message
        rows[#rows + 1] = message
      end
    end
    left = left - #rows
  end
  answer[#answer + 1] = rows
  from = 0
end
return answer
