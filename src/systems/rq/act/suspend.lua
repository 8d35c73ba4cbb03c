-- Pauses or resumes all queues of an RQ.
-- KEYS[1] rq:suspended
-- ARGV[1] "pause" or "resume", ARGV[2] seconds after which it resumes by itself, or ""
-- Answers JSON: [1, old expiry in ms, old value] done, ["text"] why not.
local exists = redis.call('EXISTS', KEYS[1]) == 1
if ARGV[1] == 'pause' then
  if exists then return cjson.encode({ 'it is paused already' }) end
  if ARGV[2] == '' then
    redis.call('SET', KEYS[1], '1')
  else
    redis.call('SET', KEYS[1], '1', 'EX', ARGV[2])
  end
  return cjson.encode({ 1, -2, '' })
end
if not exists then return cjson.encode({ 'it is not paused' }) end
if redis.call('TYPE', KEYS[1]).ok ~= 'string' then return cjson.encode({ KEYS[1] .. ' is no string' }) end
local answer = { 1, redis.call('PTTL', KEYS[1]), redis.call('GET', KEYS[1]) }
redis.call('DEL', KEYS[1])
return cjson.encode(answer)
