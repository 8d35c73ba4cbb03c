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

-- Whether the string of a take is as it was; 0 and 2 as the answers.
local function differs(part)
  local now = redis.pcall('GET', part.key)
  if not now then return 0 end
  if type(now) == 'table' or redis.sha1hex(now) ~= part.arguments[1] then return 2 end
end

local function elsewhere(part)
  local database = part.kind == 'value' and part.arguments[2] or ''
  return database ~= '' and database ~= home and database
end

local check = {
  list = function() end,
  held = function(key, tag, value)
    local now = redis.call('HGET', key, tag)
    if not now then return 0 end
    if now ~= value then return 2 end
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
  value = function(key)
    redis.call('DEL', key)
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

local function write(takes, puts)
  for _, part in ipairs(takes) do
    local removing = remove[part.kind]
    if removing and not elsewhere(part) then removing(part.key, unpack(part.arguments)) end
  end
  for _, part in ipairs(puts) do redis.call(part.kind, part.key, unpack(part.arguments)) end
  return 1
end

-- What speaks against an item, as far as this database tells.
local function against(takes, puts)
  for _, part in ipairs(takes) do
    if not elsewhere(part) then
      local wrong = foreign(part)
      if wrong then return wrong end
      local no
      if part.kind == 'value' then no = differs(part) else no = check[part.kind](part.key, unpack(part.arguments)) end
      if no then return no end
    end
  end
  for _, part in ipairs(puts) do
    local wrong = foreign(part)
    if wrong then return wrong end
  end
end

local function change(takes, puts)
  local no = against(takes, puts)
  if no then return no end
  -- An item takes one element of a list at most: looking for it and removing it is one command.
  for _, part in ipairs(takes) do
    if part.kind == 'list' then
      local value, side = part.arguments[1], part.arguments[2]
      if redis.call('LREM', part.key, side == 'tail' and -1 or 1, value) == 0 then return 0 end
    end
  end
  return write(takes, puts)
end

local answers, items, crossing = {}, {}, {}
for number = 1, tonumber(take()) do
  local item = { takes = parts(), puts = parts() }
  items[number] = item
  for _, part in ipairs(item.takes) do
    local database = elsewhere(part)
    if database then
      item.crosses = part
      crossing[database] = crossing[database] or {}
      table.insert(crossing[database], number)
    end
  end
end

-- What lies in another database is taken first, in one visit; all else that could stop such an item has been looked at.
-- Of two items that want the same string only one gets it.
for number, item in ipairs(items) do
  if item.crosses then answers[number] = against(item.takes, item.puts) end
end
for database, numbers in pairs(crossing) do
  redis.call(SELECT, database)
  for _, number in ipairs(numbers) do
    local part = items[number].crosses
    if not answers[number] then answers[number] = differs(part) end
    if not answers[number] then redis.call('DEL', part.key) end
  end
  redis.call(SELECT, home)
end

for number, item in ipairs(items) do
  if not item.crosses then
    answers[number] = change(item.takes, item.puts)
  elseif not answers[number] then
    answers[number] = write(item.takes, item.puts)
  end
end
return answers
