-- Writes a new job of RQ and puts it in its queue or on its schedule, unless its id is in use.
-- KEYS[1] hash of the job, KEYS[2] list of the queue, or sorted set of scheduled jobs, KEYS[3] rq:queues
-- ARGV[1] id, ARGV[2] full key of the queue, ARGV[3] "head", "tail", or the score of a scheduled job
-- ARGV[4] seconds that the hash lives, or "", ARGV[5...] field, value ...
-- Answers JSON: [1] written, ["text"] why not.
local scheduled = ARGV[3] ~= 'head' and ARGV[3] ~= 'tail'
local function wrong(key, wanted)
  local type = redis.call('TYPE', key).ok
  return type ~= 'none' and type ~= wanted and key .. ' is a ' .. type .. ' and no ' .. wanted
end
local problem = wrong(KEYS[2], scheduled and 'zset' or 'list') or wrong(KEYS[3], 'set')
if problem then return cjson.encode({ problem }) end
if redis.call('EXISTS', KEYS[1]) == 1 then return cjson.encode({ 'a job with this id is there already' }) end
redis.call('HSET', KEYS[1], unpack(ARGV, 5))
if ARGV[4] ~= '' and not scheduled then redis.call('EXPIRE', KEYS[1], ARGV[4]) end
redis.call('SADD', KEYS[3], ARGV[2])
if scheduled then
  redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
elseif ARGV[3] == 'head' then
  redis.call('LPUSH', KEYS[2], ARGV[1])
else
  redis.call('RPUSH', KEYS[2], ARGV[1])
end
return cjson.encode({ 1 })
