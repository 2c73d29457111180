import { engines, type EngineSetup } from '../support/engines.js';
import { BARE_APP, CliApp, environmentOf } from './support/cli-app.js';
import { CommandPackage } from './support/command-package.js';

jest.setTimeout(180_000);

interface MaintenanceData {
  readonly id: string;
  readonly slug?: string;
  readonly inForce: boolean;
  readonly bypassSecret?: string;
}

const [engine] = engines;

describe('tenancy maintenance', () => {
  const command = new CommandPackage();
  let setup: EngineSetup;
  let app: CliApp;

  beforeAll(async () => {
    setup = await engine!.prepare();
    app = new CliApp(command, 'cjs', BARE_APP, environmentOf(setup));
    await app.json('tenant', 'create', 'acme');
  });
  afterAll(async () => {
    command.dispose();
    await setup.cleanUp();
  });

  const status = async () =>
    (await app.json<{ maintenance: readonly MaintenanceData[] }>('maintenance', 'status'))
      .maintenance;

  it('begins one, now or later, says who is in it, and ends it', async () => {
    const on = ['maintenance', 'on'];
    const now = await app.json<MaintenanceData>(...on, 'acme', '--bypass', '--allow=10.0.0.0/8');
    expect(now).toMatchObject({ slug: 'acme', inForce: true, allow: ['10.0.0.0/8'] });
    expect(now.bypassSecret).toMatch(/^[\w-]{43}$/);
    const times = ['--from', '2130-01-01T00:00:00Z', '--until', '2130-01-02T00:00:00Z'];
    const later = await app.json<MaintenanceData>(...on, '--all', ...times);
    expect(later).toMatchObject({ inForce: false });
    const listed = await status();
    expect(listed).toMatchObject([
      { slug: 'acme', inForce: true },
      { id: later.id, inForce: false },
    ]);
    expect(JSON.stringify(listed)).not.toContain(now.bypassSecret);
    expect((await app.run(['maintenance', 'status', 'acme'])).stdout).toMatch(/acme +in force/);
    expect(await app.json('maintenance', 'off', 'acme')).toEqual({ ended: true });
    expect(await app.json('maintenance', 'off', '--id', later.id)).toEqual({ ended: true });
    expect(await app.json('maintenance', 'off', '--all')).toEqual({ ended: false });
    expect(await status()).toEqual([]);
  });

  it.each([
    [['on'], 'Give a tenant, or --all'],
    [['on', 'acme', '--all'], 'Give a tenant, or --all'],
    [['on', 'acme', '--from', '2130-01-01T00:00:00Z'], '--from needs --until'],
    [['on', 'acme', '--until', '2130-01-01 00:00'], 'a time with its zone'],
    [['off', 'acme', '--id', 'x'], 'Give --id alone'],
  ])('refuses %j', async (args, message) => {
    const ended = await app.run(['maintenance', ...args]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
  });
});
