import { EventEmitter, on, once } from 'node:events';
import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { from, lastValueFrom, interval, map, take } from 'rxjs';
import { Tenancy } from '../../lib/context/tenancy.js';
import { TenantList, tenantNamed } from '../support/tenant-list.js';

const tenants = ['a', 'b', 'c'].map((slug) => tenantNamed(slug));
const tenancy = new Tenancy(new TenantList(tenants));
const slug = () => tenancy.current?.slug;

/** Calls back with the tenant that it is called back in. */
type Deferral = (called: (slug: string | undefined) => void) => void;
const telling = (defer: (callback: () => void) => unknown): Deferral => {
  return (called) => void defer(() => called(slug()));
};

const deferrals: Record<string, Deferral> = {
  setTimeout: telling((callback) => setTimeout(callback, 1)),
  setImmediate: telling(setImmediate),
  setInterval: telling((callback) => {
    const timer = setInterval(() => {
      clearInterval(timer);
      callback();
    }, 1);
  }),
  'process.nextTick': telling(process.nextTick),
  queueMicrotask: telling(queueMicrotask),
  'a promise': telling((callback) => Promise.resolve().then(callback)),
  'a rejected promise': telling((callback) => Promise.reject(new Error('no')).catch(callback)),
  'an awaited timer': telling(async (callback) => {
    await promisify(setImmediate)();
    callback();
  }),
  'an event emitter': telling((callback) => {
    const emitter = new EventEmitter().once('event', callback);
    setImmediate(() => emitter.emit('event'));
  }),
  'an awaited event': telling(async (callback) => {
    const emitter = new EventEmitter();
    setImmediate(() => emitter.emit('event'));
    await once(emitter, 'event');
    callback();
  }),
  'an iterated event': telling(async (callback) => {
    const emitter = new EventEmitter();
    setImmediate(() => emitter.emit('event'));
    for await (const _ of on(emitter, 'event')) return callback();
  }),
  'the data of a stream': telling((callback) => Readable.from(['chunk']).once('data', callback)),
  'an iterated stream': telling(async (callback) => {
    for await (const _ of Readable.from(['chunk'])) callback();
  }),
  'a pipeline': telling(async (callback) => {
    const transform = new Transform({
      transform(chunk, _encoding, done) {
        callback();
        done(null, chunk);
      },
    });
    await pipeline(Readable.from(['chunk']), transform, new PassThrough().resume());
  }),
  'an async generator': telling(async (callback) => {
    const generate = async function* () {
      await promisify(setImmediate)();
      yield callback();
    };
    for await (const _ of generate()) continue;
  }),
  'an observable': telling(async (callback) => {
    await lastValueFrom(interval(1).pipe(take(1), map(callback)));
    await lastValueFrom(from([1]));
  }),
};

describe.each(Object.keys(deferrals))('%s', (name) => {
  it('calls back in the tenant that asked for it, also after that left and others entered', async () => {
    const calls = tenants.map(
      (tenant) =>
        new Promise((called) => {
          void tenancy.run(tenant, () => deferrals[name]!(called));
        }),
    );
    expect(slug()).toBeUndefined();
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c']);
  });
});

it('an emitter that tenants share calls its listeners in the tenant that emits', async () => {
  const emitter = new EventEmitter();
  const seen: unknown[] = [];
  await tenancy.run('a', () => emitter.on('event', () => seen.push(slug())));
  await tenancy.run('b', () => emitter.emit('event'));
  emitter.emit('event');
  expect(seen).toEqual(['b', undefined]);
});
