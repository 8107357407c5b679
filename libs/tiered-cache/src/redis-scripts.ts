/** Keeps an entry and notes its key under each of its tags; a tag's note lives as long as its longest entry. */
export const KEEP = `
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
for i = 2, #KEYS do
  redis.call('SADD', KEYS[i], KEYS[1])
  if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
end
return 1`;

/** Drops the entries noted under the tags in KEYS, in slices because unpack() is bounded. */
export const DROP_TAGS = `
for i = 1, #KEYS do
  local entries = redis.call('SMEMBERS', KEYS[i])
  for from = 1, #entries, 1000 do
    redis.call('UNLINK', unpack(entries, from, math.min(from + 999, #entries)))
  end
  redis.call('UNLINK', KEYS[i])
end
return 1`;
