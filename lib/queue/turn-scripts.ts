/** Redis runs each of these as one step: nobody sees the middle, and a process that is killed leaves nothing half done. */
const SHARED = `
local prefix, now, hold, chunk = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local wait, active, prioritized, delayed = prefix .. 'wait', prefix .. 'active', prefix .. 'prioritized', prefix .. 'delayed'
local turns, clock, marker = prefix .. 'tenancy-turns', prefix .. 'tenancy-clock', prefix .. 'marker'

local function tenantOf(options)
  local mark = options and cjson.decode(options)['tm']
  return type(mark) == 'string' and string.match(mark, '^tenancy:([^:]*):') or ''
end

local function lineOf(tenant)
  return turns .. ':' .. tenant
end
`;

/**
 * Sorts what waits into a line for each tenant, and lets the one go whose tenant's turn it is.
 *
 * The jobs in the lines are kept among BullMQ's delayed ones, due after a while: so whatever becomes of the lines, none
 * is lost, and none is waited for longer than that. Who is at work is counted in BullMQ's own list, each time.
 */
export const ADMIT = `${SHARED}
local maxActive, maxRate, sortOnly = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7] == '1'
local meta = redis.call('HMGET', prefix .. 'meta', 'paused', 'concurrency', 'max')
if meta[1] then return 0 end
local due = redis.call('ZRANGEBYSCORE', delayed, 0, (now + 1) * 0x1000 - 1, 'LIMIT', 0, chunk)
local waiting = redis.call('LLEN', wait) + redis.call('ZCARD', prioritized)
local nobody = redis.call('EXISTS', turns) == 0
if nobody and maxActive == 0 and waiting <= 1 and #due == 0 then return 0 end

local function stand(id, score, wasDelayed)
  local job = redis.call('HMGET', prefix .. id, 'opts', 'priority', 'ats')
  if not job[1] then return redis.call('ZREM', delayed, id) end
  local options = cjson.decode(job[1])
  local tenant = tenantOf(job[1])
  local line = lineOf(tenant)
  if wasDelayed and not redis.call('ZSCORE', line, id) then
    redis.call('HSET', prefix .. id, 'delay', 0)
    redis.call('XADD', prefix .. 'events', '*', 'event', 'waiting', 'jobId', id, 'prev', 'delayed')
    local priority = tonumber(job[2]) or 0
    if priority > 0 then score = priority * 0x100000000 + redis.call('INCR', clock) end
  end
  if not score then
    score = redis.call('INCR', clock)
    -- What has begun before goes on before what has not; so does what was added to go first.
    if (tonumber(job[3]) or 0) > 0 or options['lifo'] then score = -score end
  end
  redis.call('ZADD', line, 'NX', score, id)
  redis.call('ZADD', delayed, (now + hold) * 0x1000, id)
  redis.call('ZADD', turns, 'NX', redis.call('INCR', clock), tenant)
end

for _, id in ipairs(due) do stand(id, nil, true) end
for _ = 1, chunk do
  local id = redis.call('RPOP', wait)
  if not id then break end
  stand(id)
end
local byPriority = redis.call('ZPOPMIN', prioritized, chunk)
for i = 1, #byPriority, 2 do stand(byPriority[i], tonumber(byPriority[i + 1])) end
local left = redis.call('LLEN', wait) + redis.call('ZCARD', prioritized)
if sortOnly then return left end

local max = tonumber(meta[3]) or maxRate
if max > 0 and max <= tonumber(redis.call('GET', prefix .. 'limiter') or 0)
  and redis.call('PTTL', prefix .. 'limiter') > 0 then return left end
if meta[2] and redis.call('LLEN', active) >= tonumber(meta[2]) then return left end

local atWork = {}
if maxActive > 0 then
  for _, id in ipairs(redis.call('LRANGE', active, 0, -1)) do
    local tenant = tenantOf(redis.call('HGET', prefix .. id, 'opts'))
    atWork[tenant] = (atWork[tenant] or 0) + 1
  end
end

local function nextOf(tenant)
  local line = lineOf(tenant)
  local popped = redis.call('ZPOPMIN', line)
  while popped[1] do
    local id = popped[1]
    -- Else it was removed meanwhile, or delayed again.
    if (tonumber(redis.call('HGET', prefix .. id, 'delay')) or 0) == 0
      and redis.call('ZREM', delayed, id) == 1 then return id end
    popped = redis.call('ZPOPMIN', line)
  end
end

local place = 0
while true do
  local tenant = redis.call('ZRANGE', turns, place, place)[1]
  if not tenant then break end
  if maxActive > 0 and (atWork[tenant] or 0) >= maxActive then
    place = place + 1
  else
    local id = nextOf(tenant)
    if redis.call('EXISTS', lineOf(tenant)) == 1 then
      redis.call('ZADD', turns, redis.call('INCR', clock), tenant)
    else
      redis.call('ZREM', turns, tenant)
    end
    if id then
      redis.call('RPUSH', wait, id)
      break
    end
  end
end
return left
`;

/** Wakes the workers that found nothing to do while tenants were at their limit. */
export const WAKE = `${SHARED}
if redis.call('EXISTS', turns) == 1 or redis.call('EXISTS', wait) == 1 or redis.call('EXISTS', prioritized) == 1 then
  redis.call('ZADD', marker, 0, '0')
end
return 0
`;

/** Dissolves the lines, for what concerns all that waits. @returns whether there is more */
export const DISSOLVE = `${SHARED}
local tenant = redis.call('ZRANGE', turns, 0, 0)[1]
if not tenant then return 0 end
local popped = redis.call('ZPOPMIN', lineOf(tenant), chunk)
for i = 1, #popped, 2 do
  local id, score = popped[i], tonumber(popped[i + 1])
  if redis.call('ZREM', delayed, id) == 1 then
    if score >= 0x100000000 then redis.call('ZADD', prioritized, score, id) else redis.call('LPUSH', wait, id) end
  end
end
if redis.call('EXISTS', lineOf(tenant)) == 0 then redis.call('ZREM', turns, tenant) end
redis.call('ZADD', marker, 0, '0')
return redis.call('EXISTS', turns)
`;
