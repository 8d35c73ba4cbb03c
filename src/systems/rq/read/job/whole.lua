-- Reads one job whole: all fields of its hash and its newest results. Values that are too long are cut, so that no
-- reply is larger than a person can look at. Changes nothing; sent by EVAL_RO, which the server holds to that.
-- KEYS[1]: rq:job:<id>. KEYS[2]: rq:results:<id>.
-- ARGV[1]: longest value in bytes that is answered whole. ARGV[2]: bytes answered of a longer one.
-- ARGV[3]: most bytes in all; ARGV[4]: most fields; ARGV[5]: most results.
-- Answers {error of the hash or false, {name, length, value, …}, number of fields,
-- error of the stream or false, {entry id, {name, length, value, …}, …}}.
local whole, part, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local function add(list, name, value)
  local shown = value
  if #value > whole or #value > room then shown = string.sub(value, 1, part) end
  room = room - #shown
  list[#list + 1] = string.sub(name, 1, 1000)
  list[#list + 1] = #value
  list[#list + 1] = shown
end
local count = redis.pcall('HLEN', KEYS[1])
local failure, fields = false, {}
if type(count) == 'table' then
  failure, count = count.err, 0
elseif count <= tonumber(ARGV[4]) then
  for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
    local value = redis.call('HGET', KEYS[1], name)
    add(fields, name, value)
  end
else
  for i = 6, #ARGV do
    local value = redis.call('HGET', KEYS[1], ARGV[i])
    if value then add(fields, ARGV[i], value) end
  end
end
local entries = redis.pcall('XREVRANGE', KEYS[2], '+', '-', 'COUNT', ARGV[5])
local broken, results = false, {}
if entries.err then
  broken = entries.err
else
  for _, entry in ipairs(entries) do
    local values = {}
    for i = 1, #entry[2], 2 do add(values, entry[2][i], entry[2][i + 1]) end
    results[#results + 1] = entry[1]
    results[#results + 1] = values
  end
end
return {failure, fields, count, broken, results}
