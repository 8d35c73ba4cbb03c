-- Rows of jobs; job-rows.lua stands before it. Changes nothing; sent by EVAL_RO.
-- KEYS: as rowsOf takes them. ARGV[1]: limit. ARGV[2]: '1' to read the newest result too. ARGV[3..]: names of fields.
local fields = {}
for f = 3, #ARGV do fields[f - 2] = ARGV[f] end
return rowsOf(KEYS, tonumber(ARGV[1]), ARGV[2] == '1', fields)
