-- Takes jobs out of one structure of RQ and puts them into another; each job wholly or not at all.
-- KEYS[1] where they stand, KEYS[2] where they go (KEYS[1] again where it is the same), KEYS[3] rq:queues,
-- KEYS[4...] the hash of each job in the order of the ids; behind them sets of dependents (see unlink).
-- ARGV[1] JSON:
--   from    "zset" or "list": type of KEYS[1]
--   stay    true: KEYS[1] is left as it is (a schedule that goes on)
--   to      "head" or "tail" of the list KEYS[2], "zset", or "none"
--   score   of a zset: a number as text, or "same"
--   queue   key of a queue that must be known in KEYS[3], or ""
--   allow   statuses in which a job may be taken; "" stands for a missing one
--   set     field, value, field, value ...
--   drop    fields that are removed
--   keep    fields whose old values are answered
--   expiry  "waiting": that of a waiting job (none, or its ttl); "leave"
--   pttl    true: the old expiry is answered
--   unlink  pairs of job number and number of the KEYS entry whose member the id ceases to be
-- ARGV[2...] the ids.
-- Answers JSON, per job: 0 not there (any more), -1 only the id is there, a text why it was left alone, or
-- [score or true, old expiry in ms or whether one was taken away, old value of each field of keep (false: none)].
local options = cjson.decode(ARGV[1])
local source, target = KEYS[1], KEYS[2]
local zset = options.from == 'zset'
local allow = {}
for _, status in ipairs(options.allow) do allow[status] = true end

local function foreign(key, wanted)
  local type = redis.call('TYPE', key).ok
  if type ~= 'none' and type ~= wanted then return key .. ' is a ' .. type .. ' and no ' .. wanted end
end
local wrong = foreign(source, options.from) or foreign(KEYS[3], 'set')
if not wrong and options.to ~= 'none' then wrong = foreign(target, options.to == 'zset' and 'zset' or 'list') end

local fields, numbers, asked = { 'created_at', 'status', 'ttl' }, { status = 2, ttl = 3 }, {}
for at, field in ipairs(options.keep) do
  if not numbers[field] then
    fields[#fields + 1] = field
    numbers[field] = #fields
  end
  asked[at] = numbers[field]
end

local unlink = {}
for at = 1, #options.unlink, 2 do
  local job = options.unlink[at]
  unlink[job] = unlink[job] or {}
  table.insert(unlink[job], KEYS[options.unlink[at + 1]])
end

local function take(number, id, job)
  local score = true
  if zset then
    score = redis.call('ZSCORE', source, id)
    if not score then return 0 end
  end
  local old = redis.pcall('HMGET', job, unpack(fields))
  if old.err then return old.err end
  if not old[1] and redis.call('HEXISTS', job, 'data') == 0 then return -1 end
  if not allow[old[2] or ''] then return 'its status is ' .. (old[2] or 'missing') .. ' now' end
  if not options.stay then
    local removed = zset and redis.call('ZREM', source, id) or redis.call('LREM', source, 1, id)
    if removed == 0 then return 0 end
  end
  local answer = { score, -1 }
  if options.pttl then answer[2] = redis.call('PTTL', job) end
  if #options.set > 0 then redis.call('HSET', job, unpack(options.set)) end
  if #options.drop > 0 then redis.call('HDEL', job, unpack(options.drop)) end
  if options.expiry == 'waiting' then
    local ttl = tonumber(old[3] or '')
    if ttl and ttl > 0 then
      redis.call('EXPIRE', job, ttl)
    else
      local taken = redis.call('PERSIST', job)
      if not options.pttl then answer[2] = taken end
    end
  end
  for _, key in ipairs(unlink[number] or {}) do redis.pcall('SREM', key, id) end
  for at, index in ipairs(asked) do answer[at + 2] = old[index] end
  return answer
end

local answers, taken = {}, {}
for number = 1, #ARGV - 1 do
  local id = ARGV[number + 1]
  local answer = wrong or take(number, id, KEYS[number + 3])
  answers[number] = answer
  if type(answer) == 'table' then
    taken[#taken + 1] = id
    if options.to == 'zset' then
      redis.call('ZADD', target, options.score == 'same' and answer[1] or options.score, id)
    end
  end
end
if #taken > 0 then
  if options.queue ~= '' then redis.call('SADD', KEYS[3], options.queue) end
  if options.to == 'tail' then redis.call('RPUSH', target, unpack(taken)) end
  if options.to == 'head' then redis.call('LPUSH', target, unpack(taken)) end
end
return cjson.encode(answers)
