-- What comes in a sorted set after the last row of the page before, wherever that row stands now, with the rows of the
-- first of them; job-rows.lua stands before it. Changes nothing; sent by EVAL_RO, which the server holds to that. The
-- keys of the jobs are made of what the sorted set holds, so no cluster can run it (see canCut).
-- KEYS[1]: the sorted set. ARGV[1]: 'Z' for lowest first, 'ZREV' for highest first. ARGV[2]: the last row's score, ''
-- for a first page. ARGV[3]: the last row's member. ARGV[4]: how many members are wanted. ARGV[5]: of how many the rows.
-- ARGV[6], ARGV[7]: what stands before an id in the keys of its hash and its results. ARGV[8]: limit.
-- ARGV[9]: '1' to read the newest result too. ARGV[10..]: names of fields.
-- Answers {rank of the last row (-1 on a first page), {member, score …}, {row …}}, or false where it has gone or has
-- another score.
local rank = -1
if ARGV[2] ~= '' then
  rank = redis.call(ARGV[1] .. 'RANK', KEYS[1], ARGV[3])
  if not rank or tonumber(redis.call('ZSCORE', KEYS[1], ARGV[3])) ~= tonumber(ARGV[2]) then return false end
end
local entries = redis.call(ARGV[1] .. 'RANGE', KEYS[1], rank + 1, rank + ARGV[4], 'WITHSCORES')
local keys, fields = {}, {}
for i = 1, math.min(2 * ARGV[5], #entries), 2 do
  keys[i], keys[i + 1] = ARGV[6] .. entries[i], ARGV[7] .. entries[i]
end
for f = 10, #ARGV do fields[f - 9] = ARGV[f] end
return {rank, entries, rowsOf(keys, tonumber(ARGV[8]), ARGV[9] == '1', fields)}
