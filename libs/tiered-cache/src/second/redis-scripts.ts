import type { Result } from 'ioredis';

/*
 * Every operation is one script, so that it is atomic. Names under the prefix of a system, KEYS[1] (one Redis, no cluster:
 * a script finds further names in the notes of tags):
 *   e:<key>  the entry, a hash: bytes, tags (JSON), after (hexadecimal, '' for none), expires (ms), outdated
 *   l:<key>  the lease: its fence
 *   t:<tag>  note of a tag: the keys of its entries by the end of their grace; it lives as long as the longest of them
 *   stamps   the fence at which a tag was last invalidated or dropped; '' stands for everything; '@since' holds, negative,
 *            the first fence since which this record is complete: Redis may have evicted an older record
 *   lsns     the position at which a tag was invalidated, unless it was dropped
 *   fence    the newest fence
 */

/** How long a stamp stays, and how long a lease may be held in total: no lease outlives a stamp that may overtake it. */
const LEASE_LIFE_MAX_MS = 60_000;

/**
 * The fence is Redis's own time in microseconds, made to grow: it goes on rising after a restart, a flush and the eviction
 * of its key. Such numbers are exact in a double, but Lua would print fewer digits: hence `text`.
 */
const PRELUDE = `
local at = KEYS[1]
local time = redis.call('TIME')
local nowUs = time[1] * 1000000 + time[2]
local lifeUs = ${String(LEASE_LIFE_MAX_MS)} * 1000
local function text(number) return string.format('%.0f', number) end
local function nextFence()
  local last = tonumber(redis.call('GET', at .. 'fence') or 0)
  local fence = text(math.max(nowUs, last + 1))
  redis.call('SET', at .. 'fence', fence)
  return fence
end
local function dropOldStamps()
  local old = redis.call('ZRANGEBYSCORE', at .. 'stamps', 0, text(nowUs - lifeUs), 'LIMIT', 0, 1000)
  if #old == 0 then return end
  redis.call('ZREM', at .. 'stamps', unpack(old))
  redis.call('HDEL', at .. 'lsns', unpack(old))
end`;

/** An entry that is missing in the note of one of its tags (the note was evicted), or has another form, counts as absent. */
const READ = `
local at = KEYS[1]
local entry = at .. 'e:' .. ARGV[1]
local function isNoted(found)
  if found.err then return false end
  local ok, tags = pcall(cjson.decode, found[3] or '')
  if not ok or type(tags) ~= 'table' then return false end
  for _, tag in ipairs(tags) do
    if not redis.call('ZSCORE', at .. 't:' .. tag, ARGV[1]) then return false end
  end
  return true
end
local found = redis.pcall('HMGET', entry, 'bytes', 'outdated', 'tags')
if not found.err and not found[1] then return false end
if isNoted(found) then return { found[1], found[2] } end
redis.call('UNLINK', entry)
return false`;

const CLAIM = `${PRELUDE}
local lease = at .. 'l:' .. ARGV[1]
local heldMs = redis.call('PTTL', lease)
if heldMs >= 0 then return { 0, heldMs } end
local fence = nextFence()
redis.call('ZADD', at .. 'stamps', 'NX', '-' .. fence, '@since')
redis.call('SET', lease, fence, 'PX', math.min(tonumber(ARGV[2]), lifeUs / 1000))
return { 1, tonumber(fence) }`;

const RENEW = `${PRELUDE}
local lease = at .. 'l:' .. ARGV[1]
if redis.call('GET', lease) ~= ARGV[2] then return 0 end
if nowUs + ARGV[3] * 1000 > ARGV[2] + lifeUs then return 0 end
return redis.call('PEXPIRE', lease, ARGV[3])`;

const RELEASE = `
local lease = KEYS[1] .. 'l:' .. ARGV[1]
if redis.call('GET', lease) == ARGV[2] then redis.call('UNLINK', lease) end
return 1`;

/** ARGV: key, fence, bytes, tags, after, expires (ms), end of grace (ms), how long until then, now (ms). */
const KEEP = `
local at = KEYS[1]
local key, fence, after = ARGV[1], tonumber(ARGV[2]), ARGV[5]
local entry, lease = at .. 'e:' .. key, at .. 'l:' .. key
if redis.call('GET', lease) ~= ARGV[2] then return 0 end
redis.call('UNLINK', lease)
local function wasOvertaken(tag)
  local stamp = redis.call('ZSCORE', at .. 'stamps', tag)
  if not stamp or tonumber(stamp) < fence then return false end
  local lsn = redis.call('HGET', at .. 'lsns', tag)
  return not lsn or after < lsn
end
local tags = cjson.decode(ARGV[4])
local since = redis.call('ZSCORE', at .. 'stamps', '@since')
if not since or fence < -since then return 0 end
if wasOvertaken('') then return 0 end
for _, tag in ipairs(tags) do
  if wasOvertaken(tag) then return 0 end
end
local there = redis.call('HMGET', entry, 'outdated', 'after', 'expires', 'tags')
if not there[1] and there[2] and there[2] > after and tonumber(there[3]) > tonumber(ARGV[9]) then return 0 end
for _, tag in ipairs(cjson.decode(there[4] or '[]')) do redis.call('ZREM', at .. 't:' .. tag, key) end
redis.call('UNLINK', entry)
redis.call('HSET', entry, 'bytes', ARGV[3], 'tags', ARGV[4], 'after', after, 'expires', ARGV[6])
redis.call('PEXPIRE', entry, ARGV[8])
for _, tag in ipairs(tags) do
  local note = at .. 't:' .. tag
  redis.call('ZREMRANGEBYSCORE', note, '-inf', ARGV[9])
  redis.call('ZADD', note, ARGV[7], key)
  if redis.call('PTTL', note) < tonumber(ARGV[8]) then redis.call('PEXPIRE', note, ARGV[8]) end
end
return 1`;

/** ARGV: position, tags. A drop stays a drop: an answer requested before it must not be stored for showing a later write. */
const INVALIDATE = `${PRELUDE}
dropOldStamps()
local fence, lsn = nextFence(), ARGV[1]
for i = 2, #ARGV do
  local tag = ARGV[i]
  local before = redis.call('HGET', at .. 'lsns', tag)
  local wasDropped = not before and redis.call('ZSCORE', at .. 'stamps', tag)
  redis.call('ZADD', at .. 'stamps', fence, tag)
  if not wasDropped and (not before or before < lsn) then redis.call('HSET', at .. 'lsns', tag, lsn) end
  local note = at .. 't:' .. tag
  for _, key in ipairs(redis.call('ZRANGE', note, 0, -1)) do
    local entry = at .. 'e:' .. key
    local after = redis.call('HGET', entry, 'after')
    if not after then redis.call('ZREM', note, key)
    elseif after < lsn then redis.call('HSET', entry, 'outdated', '1') end
  end
end
return 1`;

/** ARGV: number of keys, keys, tags. Returns how many entries there were. Works in slices because unpack() is bounded. */
const DROP = `${PRELUDE}
dropOldStamps()
local fence, dropped, names = nextFence(), 0, {}
local function unlinkNames()
  if #names > 0 then dropped = dropped + redis.call('UNLINK', unpack(names)) end
  names = {}
end
local function drop(key)
  names[#names + 1] = at .. 'e:' .. key
  if #names == 1000 then unlinkNames() end
end
local keys = tonumber(ARGV[1])
for i = 2, keys + 1 do
  drop(ARGV[i])
  redis.call('UNLINK', at .. 'l:' .. ARGV[i])
end
for i = keys + 2, #ARGV do
  local tag = ARGV[i]
  redis.call('ZADD', at .. 'stamps', fence, tag)
  redis.call('HDEL', at .. 'lsns', tag)
  for _, key in ipairs(redis.call('ZRANGE', at .. 't:' .. tag, 0, -1)) do drop(key) end
  redis.call('UNLINK', at .. 't:' .. tag)
end
unlinkNames()
return dropped`;

const script = (lua: string): { lua: string; numberOfKeys: number } => ({ lua, numberOfKeys: 1 });

/** For ioredis, which sends the text of a script once for each connection, and its hash from then on. */
export const SCRIPTS = {
  tierRead: script(READ),
  tierClaim: script(CLAIM),
  tierRenew: script(RENEW),
  tierRelease: script(RELEASE),
  tierKeep: script(KEEP),
  tierInvalidate: script(INVALIDATE),
  tierDrop: script(DROP),
};

declare module 'ioredis' {
  interface RedisCommander<Context> {
    tierReadBuffer(prefix: string, key: string): Result<[Buffer, Buffer | null] | null, Context>;
    tierClaim(prefix: string, key: string, leaseMs: number): Result<[number, number], Context>;
    tierRenew(prefix: string, key: string, fence: number, leaseMs: number): Result<number, Context>;
    tierRelease(prefix: string, key: string, fence: number): Result<number, Context>;
    tierKeep(prefix: string, ...args: (string | Buffer | number)[]): Result<number, Context>;
    tierInvalidate(prefix: string, lsn: string, ...tags: string[]): Result<number, Context>;
    tierDrop(prefix: string, keys: number, ...keysAndTags: string[]): Result<number, Context>;
  }
}
