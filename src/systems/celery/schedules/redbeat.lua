-- Reads the entries of RedBeat that are due next, with their definitions while these are short.
-- Changes nothing; sent by EVAL_RO, which the server holds to that.
-- KEYS[1]: the sorted set `redbeat::schedule`. KEYS[2]: the lock. KEYS[3]: the set of names from the configuration.
-- ARGV[1]: entries that are read at most. ARGV[2]: ended ones that are read at most (score below 0).
-- ARGV[3]: longest value in bytes that is answered. ARGV[4]: prefix of the entries' keys.
-- Answers {number of entries, time to live of the lock in milliseconds (-2 = none), clock,
-- {key, score, error text or false, definition or false, meta or false, 1 where it stands in the configuration} …}.
local limit = tonumber(ARGV[3])
local result = {redis.call('ZCARD', KEYS[1]), redis.call('PTTL', KEYS[2]), redis.call('TIME')}
local function short(key, field)
  local length = redis.pcall('HSTRLEN', key, field)
  if type(length) == 'table' then return false, length.err end
  if length > limit then return false, 'it has ' .. length .. ' bytes' end
  return redis.call('HGET', key, field), false
end
local function add(members)
  for i = 1, #members, 2 do
    local key = members[i]
    local definition, failure = short(key, 'definition')
    local meta = false
    if not failure then meta = short(key, 'meta') end
    local name = string.sub(key, 1, #ARGV[4]) == ARGV[4] and string.sub(key, #ARGV[4] + 1) or key
    local static = redis.pcall('SISMEMBER', KEYS[3], name)
    if type(static) == 'table' then static = 0 end
    result[#result + 1] = {key, members[i + 1], failure, definition, meta, static}
  end
end
add(redis.call('ZRANGEBYSCORE', KEYS[1], 0, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[1]))
add(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(0', 'WITHSCORES', 'LIMIT', 0, ARGV[2]))
return result
