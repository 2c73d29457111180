import type { ChildProcess } from 'node:child_process';
import { ImpersonationService } from '../../lib/index.js';
import { ChildProgram, nextMessage } from '../support/child-program.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import type { Done, Order } from './child.js';

const TOKENS = 25;

describe.each(engines)('impersonation in two processes on $name', ({ prepare }) => {
  const program = new ChildProgram('test/impersonation/child.ts');
  let setup: EngineSetup;
  let app: TenancyApp;

  beforeAll(async () => {
    setup = await prepare();
    app = await startTenancyApp(setup);
    await app.tenants.create({ slug: 'acme' });
  }, 60_000);
  afterAll(async () => {
    await program.dispose();
    await app.close();
    await setup.cleanUp();
  });

  async function tell(child: ChildProcess, order: Order): Promise<Done> {
    child.send(order);
    return nextMessage<Done>(child);
  }

  it('a token that both redeem at once is one’s', async () => {
    const children = [program.start(), program.start()];
    const { centralUrl, serverUrl, databasePrefix } = setup;
    const start = { centralUrl, serverUrl, databasePrefix };
    await Promise.all(children.map((child) => tell(child, { start })));
    const service = app.context.get(ImpersonationService);
    const tokens: string[] = [];
    for (let index = 0; index < TOKENS; index += 1) {
      const issued = await service.issue({ tenant: 'acme', userId: 'ann', actor: 'operator' });
      tokens.push(issued.token);
    }
    const answers = await Promise.all(
      children.map((child) => tell(child, { redeem: tokens, of: 'acme' })),
    );
    expect(answers.flatMap(({ redeemed }) => redeemed).toSorted()).toEqual(tokens.toSorted());
    expect(answers.flatMap(({ refusals }) => refusals)).toEqual(
      Array.from({ length: TOKENS }, () => 'IMPERSONATION_REFUSED'),
    );
  }, 60_000);
});
