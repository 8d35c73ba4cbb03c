-- Changes things of Celery on Redis: messages, results, entries of RedBeat. Each item wholly or not at all.
-- KEYS: every key that the items name by its number.
-- ARGV[1] number of this database, ARGV[2] number of items, then for each item
--   number of takes, each: kind, number of its key, number of its arguments, the arguments
--   number of puts, each: command, number of its key, number of its arguments, the arguments
-- Takes, all of which must hold before anything is written:
--   list   value, end        one element equal to value, looked for from "head" or "tail": it is removed
--   held   tag, value, number of the key of the index: the field holds that value; field and index entry are removed
--   value  SHA-1, database   the string has that digest, in that database ("" = this one): it is deleted
--   field  field, value      the field equals value: it is left
--   bare   field             the hash has no such field
--   member member, score     the sorted set holds it with that score ("" = any): it is left
--   absent                   there is no such key
-- Puts: LPUSH RPUSH SADD SREM HSET HDEL ZADD ZREM DEL PEXPIREAT with their arguments.
-- Answers, per item: 1 done, 0 not there (any more), 2 something of it has changed, a text why it was left alone.
local position = 0
local function take()
  position = position + 1
  return ARGV[position]
end
local home = take()
local SELECT = 'SELECT'

local WANTED = {
  LPUSH = 'list', RPUSH = 'list', list = 'list', SADD = 'set', SREM = 'set', HSET = 'hash', HDEL = 'hash', held = 'hash',
  field = 'hash', bare = 'hash', ZADD = 'zset', ZREM = 'zset', member = 'zset',
}
local kinds = {}

-- What would stop an item in its middle, which Redis would not take back.
local function foreign(part)
  local wanted, key = WANTED[part.kind], part.key
  if not wanted then return end
  local kind = kinds[key]
  if not kind then
    kind = redis.call('TYPE', key).ok
    if kind ~= 'none' then kinds[key] = kind end
  end
  if kind ~= 'none' and kind ~= wanted then return key .. ' is a ' .. kind .. ' and no ' .. wanted end
end

local function within(database, run)
  if database == '' or database == home then return run() end
  redis.call(SELECT, database)
  local answer = run()
  redis.call(SELECT, home)
  return answer
end

local check = {
  list = function() end,
  held = function(key, tag, value)
    local now = redis.call('HGET', key, tag)
    if not now then return 0 end
    if now ~= value then return 2 end
  end,
  value = function(key, digest, database)
    local now = within(database, function() return redis.pcall('GET', key) end)
    if not now then return 0 end
    if type(now) == 'table' or redis.sha1hex(now) ~= digest then return 2 end
  end,
  field = function(key, field, value)
    local now = redis.call('HGET', key, field)
    if not now then return 0 end
    if now ~= value then return 2 end
  end,
  bare = function(key, field)
    if redis.call('HEXISTS', key, field) == 1 then return 2 end
  end,
  member = function(key, member, score)
    local now = redis.call('ZSCORE', key, member)
    if not now then return 0 end
    if score ~= '' and now ~= score then return 2 end
  end,
  absent = function(key)
    if redis.call('EXISTS', key) == 1 then return 2 end
  end,
}

local remove = {
  held = function(key, tag, _, index)
    redis.call('ZREM', KEYS[tonumber(index)], tag)
    redis.call('HDEL', key, tag)
  end,
  value = function(key, _, database)
    within(database, function() return redis.call('DEL', key) end)
  end,
}

local function parts()
  local read = {}
  for number = 1, tonumber(take()) do
    local part = { kind = take(), key = KEYS[tonumber(take())], arguments = {} }
    for argument = 1, tonumber(take()) do part.arguments[argument] = take() end
    read[number] = part
  end
  return read
end

local function change(takes, puts)
  for _, part in ipairs(takes) do
    local wrong = foreign(part)
    if wrong then return wrong end
    local against = check[part.kind](part.key, unpack(part.arguments))
    if against then return against end
  end
  for _, part in ipairs(puts) do
    local wrong = foreign(part)
    if wrong then return wrong end
  end
  -- An item takes one element of a list at most: looking for it and removing it is one command.
  for _, part in ipairs(takes) do
    if part.kind == 'list' then
      local value, side = part.arguments[1], part.arguments[2]
      if redis.call('LREM', part.key, side == 'tail' and -1 or 1, value) == 0 then return 0 end
    end
  end
  for _, part in ipairs(takes) do
    local removing = remove[part.kind]
    if removing then removing(part.key, unpack(part.arguments)) end
  end
  for _, part in ipairs(puts) do redis.call(part.kind, part.key, unpack(part.arguments)) end
  return 1
end

local answers = {}
for number = 1, tonumber(take()) do
  local takes, puts = parts(), parts()
  answers[number] = change(takes, puts)
end
return answers
