-- Destroys things (jobs, records of workers, entries of schedules), each only if it is what was saved before.
-- KEYS: every key that the items name by its number.
-- ARGV[1] JSON, a list of items:
--   from    {"zset"|"list"|"set"|"none", key number, member, score}: the place it is taken out of first; of a list the
--           score is how often it stands there, else ""
--   forbid  statuses in which it is left alone; status is read from the hash keys[1]
--   keys    {key number, digest} ...: keys that are deleted, if their content has this digest
--   leave   {key number, member} ...: sets that it ceases to be a member of
-- Digest: "" = no key, else type:count:sum over the elements of the first 48 bits of their SHA-1, modulo 2^48
-- (an element is field NUL value, member, member NUL score, or value; of a stream only length and last id count).
-- Answers JSON, per item: 1 done, 0 no longer in its place, "changed", or a text why it was left alone.
local MODULUS = 281474976710656

local function sum(flat, pairwise)
  local total = 0
  for at = 1, #flat, pairwise and 2 or 1 do
    local element = pairwise and (flat[at] .. '\0' .. flat[at + 1]) or flat[at]
    total = (total + tonumber(string.sub(redis.sha1hex(element), 1, 12), 16)) % MODULUS
  end
  return total
end

local function digest(key)
  local type = redis.call('TYPE', key).ok
  if type == 'none' then return '' end
  local count, total
  if type == 'hash' then
    count, total = redis.call('HLEN', key), sum(redis.call('HGETALL', key), true)
  elseif type == 'set' then
    count, total = redis.call('SCARD', key), sum(redis.call('SMEMBERS', key), false)
  elseif type == 'zset' then
    count, total = redis.call('ZCARD', key), sum(redis.call('ZRANGE', key, 0, -1, 'WITHSCORES'), true)
  elseif type == 'string' then
    count, total = 1, sum({ redis.call('GET', key) }, false)
  elseif type == 'stream' then
    local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)
    count, total = redis.call('XLEN', key), sum({ last[1] and last[1][1] or '' }, false)
  else
    return 'foreign'
  end
  return string.format('%s:%d:%.0f', type, count, total)
end

local function destroy(item)
  local kind, place, member, score = item.from[1], KEYS[item.from[2]], item.from[3], item.from[4]
  if kind == 'zset' then
    local now = redis.call('ZSCORE', place, member)
    if not now then return 0 end
    if now ~= score then return 'changed' end
  elseif kind == 'set' and redis.call('SISMEMBER', place, member) == 0 then
    return 0
  end
  if #item.forbid > 0 then
    local status = redis.pcall('HGET', KEYS[item.keys[1][1]], 'status')
    for _, forbidden in ipairs(item.forbid) do
      if status == forbidden then return 'its status is ' .. status .. ' now' end
    end
  end
  for _, entry in ipairs(item.keys) do
    if digest(KEYS[entry[1]]) ~= entry[2] then return 'changed' end
  end
  if kind == 'zset' and redis.call('ZREM', place, member) == 0 then return 0 end
  if kind == 'list' and redis.call('LREM', place, score, member) == 0 then return 0 end
  if kind == 'set' and redis.call('SREM', place, member) == 0 then return 0 end
  for _, entry in ipairs(item.keys) do
    if entry[2] ~= '' then redis.call('DEL', KEYS[entry[1]]) end
  end
  for _, entry in ipairs(item.leave) do redis.pcall('SREM', KEYS[entry[1]], entry[2]) end
  return 1
end

local answers = {}
for number, item in ipairs(cjson.decode(ARGV[1])) do answers[number] = destroy(item) end
return cjson.encode(answers)
