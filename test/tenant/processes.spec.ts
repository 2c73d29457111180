import type { ChildProcess } from 'node:child_process';
import { ChildProgram, nextMessage } from '../support/child-program.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { optionsOn } from '../support/tenancy-app.js';
import type { Done, Order, ServiceCall } from './processes/child.js';

/** Milliseconds within which what one process does holds in every other. */
const BOUND = 100;

let program: ChildProgram;
let redis: RedisServer;
beforeAll(async () => {
  program = new ChildProgram('test/tenant/processes/child.ts');
  redis = await startRedis();
});
afterAll(async () => {
  await program.dispose();
  await redis.stop();
});

describe.each(engines)('two processes on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let one: ChildProcess;
  let other: ChildProcess;

  const tell = async (child: ChildProcess, order: Order): Promise<number> => {
    child.send(order);
    const done = await nextMessage<Done>(child);
    if ('failed' in done) throw new Error(done.failed);
    return done.at;
  };
  /** Has the one do something, and gives after how many milliseconds the other saw it. */
  const delayOf = async (order: Order, watch: string, until: string | null): Promise<number> => {
    const seen = tell(other, { watch, until });
    const done = await tell(one, order);
    return (await seen) - done;
  };
  const call = (name: ServiceCall, ...args: unknown[]): Order => ({
    call: name,
    args,
  });

  beforeAll(async () => {
    setup = await prepare();
    // So long that only a signal can be why a change is seen.
    const registry = { ttl: 600_000, unknownTtl: 600_000 };
    const options = optionsOn(setup, { redis: { url: redis.url, timeout: 500 }, registry });
    [one, other] = [program.start(), program.start()];
    for (const child of [one, other]) await tell(child, { start: options });
  });
  afterAll(async () => {
    for (const child of [one, other]) child.kill('SIGKILL');
    await setup.cleanUp();
  });

  it('agree on a tenant within 100 ms: created, changed, suspended, moved, deleted', async () => {
    const delays = {
      // The other remembers by then that nobody has this key.
      created: await delayOf(call('create', { slug: 'acme' }), 'slug=acme', 'acme acme active'),
      changed: await delayOf(call('update', 'acme', { name: 'A' }), 'slug=acme', 'acme A active'),
      suspended: await delayOf(call('suspend', 'acme'), 'slug=acme', 'acme A suspended'),
      domainAdded: await delayOf(
        call('addDomain', 'acme', 'acme.example'),
        'domain=acme.example',
        'acme A suspended',
      ),
      domainRemoved: await delayOf(
        call('removeDomain', 'acme', 'acme.example'),
        'domain=acme.example',
        null,
      ),
      deleted: await delayOf(
        call('delete', 'acme', { confirm: 'A', dropDatabase: true }),
        'slug=acme',
        null,
      ),
    };
    for (const [what, delay] of Object.entries(delays)) {
      expect({ what, inTime: delay < BOUND }).toEqual({ what, inTime: true });
    }
  });

  it('agree again when Redis was gone, and what was told was lost', async () => {
    await tell(one, call('create', { slug: 'lost' }));
    await tell(other, { watch: 'slug=lost', until: 'lost lost active' });
    await redis.kill();
    await tell(one, call('suspend', 'lost'));
    await redis.restart();
    await tell(other, { watch: 'slug=lost', until: 'lost lost suspended' });
  });
});
