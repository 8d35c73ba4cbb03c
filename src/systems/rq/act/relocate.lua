-- Takes jobs out of one structure of RQ and puts them into another; each job wholly or not at all.
-- KEYS[1] where they stand, KEYS[2] where they go (KEYS[1] again where it is the same), KEYS[3] rq:queues,
-- KEYS[4...] the hash of each job in the order of the ids; behind them sets of dependents (see unlink).
-- ARGV[1] JSON:
--   from    "zset" or "list": type of KEYS[1]
--   stay    true: KEYS[1] is left as it is (a schedule that goes on)
--   every   true: of a list, an id that was enqueued several times is taken out as often as it stands there,
--           and put as often into the other list
--   to      "head" or "tail" of the list KEYS[2], "zset", or "none"
--   score   of a zset: a number as text, or "same"
--   queue   key of a queue that must be known in KEYS[3], or ""
--   allow   statuses in which a job may be taken; "" stands for a missing one
--   set     field, value, field, value ...
--   drop    fields that are removed
--   keep    fields whose old values are answered, beside the status
--   expiry  "waiting": that of a waiting job (none, or its ttl); "leave"
--   pttl    true: the old expiry is answered
--   unlink  pairs of job number and number of the KEYS entry whose member the id ceases to be
-- ARGV[2...] the ids.
-- Answers JSON, per job: 0 not there (any more), -1 only the id is there, a text why it was left alone, or
-- [score or, of a list, how often it stood there, old expiry in ms or whether one was taken away, old status, old value
-- of each field of keep] with false for a field that was not there.
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

-- The status and the ttl are always read, first.
local fields = { 'status', 'ttl' }
for _, field in ipairs(options.keep) do fields[#fields + 1] = field end
local width = #fields

local unlink = {}
for at = 1, #options.unlink, 2 do
  local job = options.unlink[at]
  unlink[job] = unlink[job] or {}
  table.insert(unlink[job], KEYS[options.unlink[at + 1]])
end

local count = options.every and 0 or 1
local stay, pttl, waiting = options.stay, options.pttl, options.expiry == 'waiting'
local set, drop = options.set, options.drop
local sets, drops = #set > 0, #drop > 0

local function take(number, id, job)
  local score = 0
  if zset then
    score = redis.call('ZSCORE', source, id)
    if not score then return 0 end
  end
  local old = redis.pcall('HMGET', job, unpack(fields))
  if old.err then return old.err end
  local status = old[1]
  if not status and redis.call('HEXISTS', job, 'data') == 0 then return -1 end
  if not allow[status or ''] then return 'its status is ' .. (status or 'missing') .. ' now' end
  if not stay then
    local removed
    if zset then
      removed = redis.call('ZREM', source, id)
    else
      removed = redis.call('LREM', source, count, id)
      score = removed
    end
    if removed == 0 then return 0 end
  end
  local expiry = -1
  if pttl then expiry = redis.call('PTTL', job) end
  if sets then redis.call('HSET', job, unpack(set)) end
  if drops then redis.call('HDEL', job, unpack(drop)) end
  if waiting then
    local ttl = old[2] and tonumber(old[2])
    if ttl and ttl > 0 then
      redis.call('EXPIRE', job, ttl)
    else
      local ended = redis.call('PERSIST', job)
      if not pttl then expiry = ended end
    end
  end
  local leave = unlink[number]
  if leave then
    for at = 1, #leave do redis.pcall('SREM', leave[at], id) end
  end
  return { score, expiry, status, unpack(old, 3, width) }
end

local answers, taken = {}, {}
for number = 1, #ARGV - 1 do
  local id = ARGV[number + 1]
  local answer = wrong or take(number, id, KEYS[number + 3])
  answers[number] = answer
  if type(answer) == 'table' then
    local times = not zset and answer[1] > 1 and answer[1] or 1
    for _ = 1, times do taken[#taken + 1] = id end
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
