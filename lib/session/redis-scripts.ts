// Each is done as a whole or not at all. KEYS[1] is what the keys of the tenant begin with; the others are made of it,
// which a cluster allows for keys of one hash tag.

/** The fields of a session, but for its payload. */
export const FIELDS = ['user', 'ip', 'agent', 'last'] as const;

const COMMON = `
local space = KEYS[1]
local function session(key) return space .. 'session:' .. key end
local function note(set, key, last, lifetime)
  redis.call('ZADD', space .. set, last, key)
  redis.call('ZREMRANGEBYSCORE', space .. set, '-inf', last - lifetime)
  redis.call('EXPIRE', space .. set, lifetime)
end
local function noteUse(key, user, last, lifetime)
  redis.call('EXPIRE', session(key), lifetime)
  note('all', key, last, lifetime)
  if user ~= '' then note('user:' .. user, key, last, lifetime) end
end
local function remove(key)
  local user = redis.call('HGET', session(key), 'user')
  redis.call('ZREM', space .. 'all', key)
  if not user then return 0 end
  if user ~= '' then redis.call('ZREM', space .. 'user:' .. user, key) end
  return redis.call('DEL', session(key))
end
`;

/** key, lifetime, user, address, user agent, last use, payload */
export const INSERT = `${COMMON}
local key, lifetime, user, ip, agent, last, payload = unpack(ARGV)
redis.call('HSET', session(key), 'user', user, 'ip', ip, 'agent', agent, 'last', last, 'payload', payload)
noteUse(key, user, tonumber(last), tonumber(lifetime))`;

/** key, lifetime, user, expected user, last use, payload */
export const UPDATE = `${COMMON}
local key, lifetime, user, expected, last, payload = unpack(ARGV)
if redis.call('HGET', session(key), 'user') ~= expected then return end
redis.call('HSET', session(key), 'user', user, 'last', last, 'payload', payload)
if expected ~= '' and expected ~= user then redis.call('ZREM', space .. 'user:' .. expected, key) end
noteUse(key, user, tonumber(last), tonumber(lifetime))`;

/** key, lifetime, last use */
export const TOUCH = `${COMMON}
local key, lifetime, last = unpack(ARGV)
local user = redis.call('HGET', session(key), 'user')
if not user then return end
redis.call('HSET', session(key), 'last', last)
noteUse(key, user, tonumber(last), tonumber(lifetime))`;

/** key */
export const REMOVE = `${COMMON}
return remove(ARGV[1])`;

/** set, after, offset, limit */
export const FIND = `${COMMON}
local set, after, offset, limit = unpack(ARGV)
local found = {}
for _, key in ipairs(redis.call('ZREVRANGEBYSCORE', space .. set, '+inf', '(' .. after, 'LIMIT', offset, limit)) do
  local fields = redis.call('HMGET', session(key), 'user', 'ip', 'agent', 'last')
  if fields[1] then table.insert(found, { key, fields }) end
end
return found`;

/** set, except, limit: how many were looked at, and how many of them removed */
export const REMOVE_ALL = `${COMMON}
local set, except, limit = unpack(ARGV)
local looked, removed = 0, 0
for _, key in ipairs(redis.call('ZRANGE', space .. set, 0, limit)) do
  if key ~= except then
    looked = looked + 1
    redis.call('ZREM', space .. set, key)
    removed = removed + remove(key)
  end
end
return { looked, removed }`;
