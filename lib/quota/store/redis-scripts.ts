// Each counter is a hash (taken, reserved, what each reservation holds, marks) and, while there are reservations, a
// sorted set of their ids by the time when they are up. Redis runs a script alone: nobody comes in between.
// `string.format` because Lua would write a large number as 1e+15, which is none to HINCRBY.

const SHARED = `
local function add(hash, field, amount)
  return redis.call('HINCRBY', hash, field, string.format('%.0f', amount))
end
local function held(hash, id)
  return tonumber(redis.call('HGET', hash, 'r:' .. id))
end
local function finish(hash, line, id, amount)
  redis.call('HDEL', hash, 'r:' .. id)
  redis.call('ZREM', line, id)
  add(hash, 'reserved', -amount)
  return add(hash, 'taken', -amount)
end
local function levels(hash, line, now)
  local found = redis.call('HMGET', hash, 'taken', 'reserved')
  local taken, reserved = tonumber(found[1]) or 0, tonumber(found[2]) or 0
  if reserved > 0 then
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', line, '-inf', now)) do
      local amount = held(hash, id) or 0
      taken, reserved = taken - amount, reserved - amount
      finish(hash, line, id, amount)
    end
  end
  return taken, reserved, found[1]
end
local function keep(key, expires)
  if expires ~= '' then redis.call('PEXPIREAT', key, expires) end
end
local function exceeds(taken, limit)
  return limit ~= '' and taken > tonumber(limit)
end
`;

/** KEYS: hash and set of each. ARGV: now; amount, limit and expiry of each. Gives the refused one's place, or 0; levels. */
export const TAKE = `${SHARED}
local answer = { 0 }
for i = 1, #KEYS / 2 do
  local taken = levels(KEYS[2 * i - 1], KEYS[2 * i], ARGV[1])
  local after = taken + tonumber(ARGV[3 * i - 1])
  if exceeds(after, ARGV[3 * i]) then
    answer[1] = i
    answer[i + 1] = taken
    return answer
  end
  answer[i + 1] = after
end
for i = 1, #KEYS / 2 do
  redis.call('HINCRBY', KEYS[2 * i - 1], 'taken', ARGV[3 * i - 1])
  keep(KEYS[2 * i - 1], ARGV[3 * i + 1])
end
return answer
`;

/** ARGV: now, amount, limit, expiry, id, until. Gives 1 when refused, and the level. */
export const RESERVE = `${SHARED}
local taken = levels(KEYS[1], KEYS[2], ARGV[1])
local amount = tonumber(ARGV[2])
if exceeds(taken + amount, ARGV[3]) then return { 1, taken } end
add(KEYS[1], 'reserved', amount)
redis.call('HSET', KEYS[1], 'r:' .. ARGV[5], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[6], ARGV[5])
local after = add(KEYS[1], 'taken', amount)
keep(KEYS[1], ARGV[4])
keep(KEYS[2], ARGV[4])
return { 0, after }
`;

/** ARGV: now, amount, limit, id. Gives 2 when there is no such reservation, 1 when refused, and the level. */
export const COMMIT = `${SHARED}
local taken = levels(KEYS[1], KEYS[2], ARGV[1])
local amount, holds = tonumber(ARGV[2]), held(KEYS[1], ARGV[4])
if not holds then return { 2, taken } end
if amount > holds and exceeds(taken - holds + amount, ARGV[3]) then return { 1, taken } end
finish(KEYS[1], KEYS[2], ARGV[4], holds)
return { 0, add(KEYS[1], 'taken', amount) }
`;

/** ARGV: id. */
export const RELEASE = `${SHARED}
local holds = held(KEYS[1], ARGV[1])
if holds then finish(KEYS[1], KEYS[2], ARGV[1], holds) end
return 0
`;

/** ARGV: amount, expiry. Gives the level. */
export const GIVE_BACK = `${SHARED}
local found = redis.call('HMGET', KEYS[1], 'taken', 'reserved')
local taken, reserved = tonumber(found[1]) or 0, tonumber(found[2]) or 0
local after = math.max(reserved, taken - tonumber(ARGV[1]))
redis.call('HSET', KEYS[1], 'taken', string.format('%.0f', after))
keep(KEYS[1], ARGV[2])
return after
`;

/** ARGV: amount, expiry. Gives the level. */
export const SET = `${SHARED}
local after = tonumber(ARGV[1]) + (tonumber(redis.call('HGET', KEYS[1], 'reserved')) or 0)
redis.call('HSET', KEYS[1], 'taken', string.format('%.0f', after))
keep(KEYS[1], ARGV[2])
return after
`;

/** KEYS: hash and set of each. ARGV: now. Gives taken, reserved, and whether anything was counted, of each. */
export const READ = `${SHARED}
local answer = {}
for i = 1, #KEYS / 2 do
  local taken, reserved, known = levels(KEYS[2 * i - 1], KEYS[2 * i], ARGV[1])
  answer[3 * i - 2], answer[3 * i - 1], answer[3 * i] = taken, reserved, known and 1 or 0
end
return answer
`;

/** ARGV: mark, expiry. Gives 1 for the first. */
export const SET_MARK = `${SHARED}
local first = redis.call('HSETNX', KEYS[1], 'm:' .. ARGV[1], '1')
keep(KEYS[1], ARGV[2])
return first
`;
