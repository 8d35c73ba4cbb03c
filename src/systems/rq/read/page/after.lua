-- Finds in a sorted set what comes after the last row of the page before, wherever that row stands now.
-- Changes nothing; sent by EVAL_RO, which the server holds to that.
-- KEYS[1]: the sorted set. ARGV[1]: 'Z' for lowest first, 'ZREV' for highest first. ARGV[2]: the last row's score.
-- ARGV[3]: the last row's member. ARGV[4]: how many members are wanted.
-- Answers {rank of the last row, {member, score …}}, or false where it has gone or has another score.
local rank = redis.call(ARGV[1] .. 'RANK', KEYS[1], ARGV[3])
if not rank or tonumber(redis.call('ZSCORE', KEYS[1], ARGV[3])) ~= tonumber(ARGV[2]) then return false end
return {rank, redis.call(ARGV[1] .. 'RANGE', KEYS[1], rank + 1, rank + ARGV[4], 'WITHSCORES')}
