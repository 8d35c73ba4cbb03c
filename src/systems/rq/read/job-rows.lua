-- The function that both scripts of rows share: reads the small parts of jobs, and the large ones only while they are
-- short: no reply is larger than its rows. Changes nothing; sent by EVAL_RO, which the server holds to that.
-- keys: for each job its hash and its stream of results (rq:job:<id>, rq:results:<id>).
-- limit: longest value in bytes that is answered. results: true to read the newest result too.
-- fields: names of fields, `data` and `exc_info` the last two.
-- Answers for each job: {error text or false, values (cut; `data` and `exc_info` false where they are too long),
-- length of `data`, exc_string of the newest result or false, its worker_name or false,
-- when the hash expires in unix milliseconds (-1 = never), when the newest result was written in unix seconds or false}.
local function rowsOf(keys, limit, results, fields)
  local last = #fields
  local small = {}
  for f = 1, last - 2 do small[f] = fields[f] end
  local call, pcall, sub = redis.call, redis.pcall, string.sub
  local rows = {}
  for i = 1, #keys, 2 do
    local hash = keys[i]
    local length = pcall('HSTRLEN', hash, 'data')
    if type(length) == 'table' then
      rows[#rows + 1] = {length.err, {}, 0, false, false, -1, false}
    else
      local values
      if length > limit or call('HSTRLEN', hash, 'exc_info') > limit then
        values = call('HMGET', hash, unpack(small))
        values[last - 1] = length <= limit and call('HGET', hash, 'data')
        values[last] = call('HSTRLEN', hash, 'exc_info') <= limit and call('HGET', hash, 'exc_info')
      else
        values = call('HMGET', hash, unpack(fields))
      end
      for f = 1, last do
        local value = values[f]
        if value and #value > limit then values[f] = sub(value, 1, limit) end
      end
      local text, worker, ended = false, false, false
      if results then
        local entries = pcall('XREVRANGE', keys[i + 1], '+', '-', 'COUNT', 1)
        if not entries.err and entries[1] then
          local entry = entries[1][2]
          ended = string.format('%.3f', string.match(entries[1][1], '%d+') / 1000)
          for f = 1, #entry, 2 do
            local name = entry[f]
            if name == 'exc_string' then
              if #entry[f + 1] <= limit then text = entry[f + 1] end
            elseif name == 'worker_name' then
              worker = sub(entry[f + 1], 1, 500)
            elseif name == 'execution_ended_at' then
              ended = sub(entry[f + 1], 1, 40)
            end
          end
        end
      end
      rows[#rows + 1] = {false, values, length, text, worker, call('PEXPIRETIME', hash), ended}
    end
  end
  return rows
end
