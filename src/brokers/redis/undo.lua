-- Takes things back, each unit whole or not at all.
-- KEYS  every key that a unit names
-- ARGV  '1' where LPOS is known (6.0.6), number of units, then for each unit
--         number of guards, each: kind, index of its key, x, y
--         number of operations, each: kind, index of its key, number of its arguments, the arguments
-- Answers one number a unit: 0 done, n = the n-th guard does not hold, -1 a key that should be made exists,
--         -2 a key is of another kind, -3 an expiry has passed, -4 a score is no number.
local position = 0
local function take()
  position = position + 1
  return ARGV[position]
end
local lpos = take() == '1' and 'LPOS' or nil
local units = tonumber(take())
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function kind_of(key)
  return redis.call('TYPE', key).ok
end

local function among(key, value, from, to)
  local part = redis.call('LRANGE', key, from, to)
  for _, element in ipairs(part) do
    if element == value then
      return true, #part
    end
  end
  return false, #part
end

-- At which end of a list a value is looked for, or false. What was pushed is undone in the opposite order and so stands
-- near an end: both are looked at before the whole list is.
local function side_in_list(key, value)
  if lpos then
    if redis.call(lpos, key, value, 'MAXLEN', 100) then
      return 'head'
    end
    if redis.call(lpos, key, value, 'RANK', -1, 'MAXLEN', 100) then
      return 'tail'
    end
    return redis.call(lpos, key, value) and 'head'
  end
  if among(key, value, -100, -1) and not among(key, value, 0, 99) then
    return 'tail'
  end
  local from = 0
  while true do
    local found, size = among(key, value, from, from + 999)
    if found then
      return 'head'
    end
    if size < 1000 then
      return false
    end
    from = from + 1000
  end
end

local function in_list(key, value)
  return side_in_list(key, value) and true
end

-- A guard about a key of another kind does not hold.
local holds = {
  ['absent'] = function(key)
    return redis.call('EXISTS', key) == 0
  end,
  ['exists'] = function(key)
    return redis.call('EXISTS', key) == 1
  end,
  ['in-list'] = function(key, value)
    return kind_of(key) == 'list' and in_list(key, value)
  end,
  ['not-in-list'] = function(key, value)
    local kind = kind_of(key)
    return kind == 'none' or (kind == 'list' and not in_list(key, value))
  end,
  ['in-zset'] = function(key, member)
    return kind_of(key) == 'zset' and redis.call('ZSCORE', key, member) ~= false
  end,
  ['not-in-zset'] = function(key, member)
    local kind = kind_of(key)
    return kind == 'none' or (kind == 'zset' and redis.call('ZSCORE', key, member) == false)
  end,
  ['field-is'] = function(key, field, expected)
    local kind = kind_of(key)
    if kind ~= 'hash' and kind ~= 'none' then
      return false
    end
    local value = kind == 'hash' and redis.call('HGET', key, field)
    if expected == '' then
      return value == false
    end
    return value == string.sub(expected, 2)
  end,
  ['before'] = function(_, at)
    return now < tonumber(at)
  end,
}

local kind_needed = {
  hset = 'hash', hdel = 'hash', zadd = 'zset', zrem = 'zset', sadd = 'set', srem = 'set',
  lrem = 'list', push = 'list', insert = 'list',
}

local function is_score(text)
  local number = tonumber(text)
  return number ~= nil and number == number
end

-- What would stop an operation, looked for before the first write: an error in the middle is not taken back by Redis.
local function obstacle(operations)
  local kinds = {}
  for _, operation in ipairs(operations) do
    local name, key, arguments = operation.name, operation.key, operation.arguments
    local kind = kinds[key] or kind_of(key)
    if name == 'create' then
      if kind ~= 'none' then
        return -1
      end
      if arguments[2] ~= '' and tonumber(arguments[2]) <= now then
        return -3
      end
      kinds[key] = arguments[1]
      if arguments[1] == 'zset' then
        for index = 3, #arguments, 2 do
          if not is_score(arguments[index]) then
            return -4
          end
        end
      end
    elseif name == 'delete' then
      kinds[key] = 'none'
    elseif name == 'expire-at' then
      if arguments[1] ~= '' and tonumber(arguments[1]) <= now then
        return -3
      end
    else
      local needed = kind_needed[name]
      if kind ~= 'none' and kind ~= needed then
        return -2
      end
      if name == 'zadd' and not is_score(arguments[1]) then
        return -4
      end
      if name == 'hset' or name == 'zadd' or name == 'sadd' or name == 'push' or name == 'insert' then
        kinds[key] = needed
      end
    end
  end
  return nil
end

-- Lua can hand only some thousand arguments to a call. 1,000 is even, so pairs stay together.
local function in_parts(command, key, arguments, from)
  for start = from, #arguments, 1000 do
    redis.call(command, key, unpack(arguments, start, math.min(start + 999, #arguments)))
  end
end

local create = {
  string = function(key, arguments)
    redis.call('SET', key, arguments[3])
  end,
  hash = function(key, arguments)
    in_parts('HSET', key, arguments, 3)
  end,
  set = function(key, arguments)
    in_parts('SADD', key, arguments, 3)
  end,
  list = function(key, arguments)
    in_parts('RPUSH', key, arguments, 3)
  end,
  zset = function(key, arguments)
    in_parts('ZADD', key, arguments, 3)
  end,
  stream = function(key, arguments)
    local index = 3
    while index <= #arguments do
      local count = tonumber(arguments[index + 1])
      redis.call('XADD', key, arguments[index], unpack(arguments, index + 2, index + 1 + count))
      index = index + 2 + count
    end
  end,
}

local run = {
  ['create'] = function(key, arguments)
    create[arguments[1]](key, arguments)
    if arguments[2] ~= '' then
      redis.call('PEXPIREAT', key, arguments[2])
    end
  end,
  ['delete'] = function(key)
    redis.call('DEL', key)
  end,
  ['hset'] = function(key, arguments)
    in_parts('HSET', key, arguments, 1)
  end,
  ['hdel'] = function(key, arguments)
    in_parts('HDEL', key, arguments, 1)
  end,
  ['expire-at'] = function(key, arguments)
    if arguments[1] == '' then
      redis.call('PERSIST', key)
    else
      redis.call('PEXPIREAT', key, arguments[1])
    end
  end,
  ['zadd'] = function(key, arguments)
    redis.call('ZADD', key, arguments[1], arguments[2])
  end,
  ['zrem'] = function(key, arguments)
    redis.call('ZREM', key, arguments[1])
  end,
  ['sadd'] = function(key, arguments)
    redis.call('SADD', key, arguments[1])
  end,
  ['srem'] = function(key, arguments)
    redis.call('SREM', key, arguments[1])
  end,
  ['lrem'] = function(key, arguments)
    redis.call('LREM', key, side_in_list(key, arguments[1]) == 'tail' and -1 or 1, arguments[1])
  end,
  ['push'] = function(key, arguments)
    redis.call(arguments[1] == 'head' and 'LPUSH' or 'RPUSH', key, arguments[2])
  end,
  -- Arguments: value, end, then neighbours, nearest first, each behind its side: 'before' stood before the value.
  ['insert'] = function(key, arguments)
    for index = 3, #arguments, 2 do
      local side = arguments[index] == 'before' and 'AFTER' or 'BEFORE'
      if redis.call('LINSERT', key, side, arguments[index + 1], arguments[1]) > 0 then
        return
      end
    end
    redis.call(arguments[2] == 'head' and 'LPUSH' or 'RPUSH', key, arguments[1])
  end,
}

local answers = {}
for unit = 1, units do
  local answer = 0
  for guard = 1, tonumber(take()) do
    local kind, key, x, y = take(), KEYS[tonumber(take())], take(), take()
    if answer == 0 and not holds[kind](key, x, y) then
      answer = guard
    end
  end
  local operations = {}
  for index = 1, tonumber(take()) do
    local operation = { name = take(), key = KEYS[tonumber(take())], arguments = {} }
    for argument = 1, tonumber(take()) do
      operation.arguments[argument] = take()
    end
    operations[index] = operation
  end
  if answer == 0 then
    answer = obstacle(operations) or 0
  end
  if answer == 0 then
    for _, operation in ipairs(operations) do
      run[operation.name](operation.key, operation.arguments)
    end
  end
  answers[unit] = answer
end
return answers
