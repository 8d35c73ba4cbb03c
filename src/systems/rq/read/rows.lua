-- Reads the small parts of jobs, and the large ones only while they are short: no reply is larger than its rows.
-- Changes nothing; sent by EVAL_RO, which the server holds to that.
-- KEYS: for each job its hash and its stream of results (rq:job:<id>, rq:results:<id>).
-- ARGV[1]: longest value in bytes that is answered. ARGV[2]: '1' to read the newest result too.
-- ARGV[3..]: names of small fields.
-- Answers for each job: {error text or false, small values (cut), data or false, its length, exc_info or false,
-- exc_string of the newest result or false, its worker_name or false}.
local limit = tonumber(ARGV[1])
local rows = {}
for i = 1, #KEYS, 2 do
  local hash = KEYS[i]
  local values = redis.pcall('HMGET', hash, unpack(ARGV, 3))
  if values.err then
    rows[#rows + 1] = {values.err, {}, false, 0, false, false, false}
  else
    for f = 1, #ARGV - 2 do
      local value = values[f]
      if value and #value > limit then values[f] = string.sub(value, 1, limit) end
    end
    local length = redis.call('HSTRLEN', hash, 'data')
    local data, text, result, worker = false, false, false, false
    if length > 0 and length <= limit then data = redis.call('HGET', hash, 'data') end
    if ARGV[2] == '1' then
      if redis.call('HSTRLEN', hash, 'exc_info') <= limit then text = redis.call('HGET', hash, 'exc_info') end
      local entries = redis.pcall('XREVRANGE', KEYS[i + 1], '+', '-', 'COUNT', 1)
      if not entries.err and entries[1] then
        local fields = entries[1][2]
        for f = 1, #fields, 2 do
          if fields[f] == 'exc_string' and #fields[f + 1] <= limit then result = fields[f + 1] end
          if fields[f] == 'worker_name' then worker = string.sub(fields[f + 1], 1, 500) end
        end
      end
    end
    rows[#rows + 1] = {false, values, data, length, text, result, worker}
  end
end
return rows
