import { engines, type EngineSetup } from '../support/engines.js';
import { BARE_APP, CliApp, environmentOf } from './support/cli-app.js';
import { CommandPackage } from './support/command-package.js';

jest.setTimeout(180_000);

const command = new CommandPackage();
afterAll(() => command.dispose());

const KEY = /^tk_[0-9a-f]{16}_[0-9A-Za-z]{49}$/;
const of = ['--tenant', 'acme'] as const;

interface KeyData {
  readonly key: string;
  readonly id: string;
  readonly status: string;
}

describe('tenancy api-key', () => {
  let setup: EngineSetup;
  let app: CliApp;
  beforeEach(async () => {
    setup = await engines[0]!.prepare();
    app = new CliApp(command, 'cjs', BARE_APP, environmentOf(setup));
    await app.json('tenant', 'create', 'acme');
  });
  afterEach(() => setup.cleanUp());

  /** What a command that succeeds prints, in lines. */
  async function lines(...args: readonly string[]): Promise<readonly string[]> {
    const { code, stdout, stderr } = await app.run(['api-key', ...args]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return stdout.trimEnd().split('\n');
  }

  it('makes, lists, rotates and ends keys, for programs', async () => {
    await app.json('tenant', 'create', 'other');
    const limits = ['--per-minute=60', '--expires', '2099-01-01'];
    const scopes = ['--scope', 'a:read', '--scope=b'];
    const made = await app.json<KeyData>(
      'api-key',
      'create',
      'billing',
      ...of,
      ...scopes,
      ...limits,
    );
    expect(made).toMatchObject({
      name: 'billing',
      scopes: ['a:read', 'b'],
      requestsPerMinute: 60,
      expiresAt: '2099-01-01T00:00:00.000Z',
      status: 'active',
      key: expect.stringMatching(KEY),
    });
    const foreign = await app.run(['api-key', 'revoke', made.id, '--tenant', 'other', '--json']);
    expect(foreign).toMatchObject({ code: 1 });
    expect(JSON.parse(foreign.stdout)).toMatchObject({ error: { code: 'API_KEY_NOT_FOUND' } });
    const next = await app.json<KeyData>('api-key', 'rotate', made.id, ...of, '--overlap=0');
    await app.json('api-key', 'revoke', next.id, ...of);
    const listed = await app.run(['api-key', 'list', ...of, '--json']);
    const { keys } = JSON.parse(listed.stdout) as { keys: KeyData[] };
    expect(keys.map(({ id, status }) => [id, status]).toSorted()).toEqual(
      [
        [made.id, 'expired'],
        [next.id, 'revoked'],
      ].toSorted(),
    );
    for (const { key } of [made, next]) expect(listed.stdout).not.toContain(key.slice(-49));
  });

  it('prints a key once, and what became of it, for people', async () => {
    expect(await lines('list', '--central')).toEqual(['No API keys.']);
    const made = await app.run(['api-key', 'create', 'operator', '--central']);
    expect(made).toMatchObject({ code: 0, stderr: 'Keep it now: it is not shown again.\n' });
    expect(made.stdout.trimEnd()).toMatch(KEY);
    const [, id = ''] = made.stdout.split('_');
    const [fresh] = await lines('rotate', id, '--central');
    expect(fresh).toMatch(KEY);
    const page = await lines('list', '--central', '--limit', '1');
    expect(page).toEqual([
      expect.stringMatching(/^ID +NAME +STATUS +SCOPES +EXPIRES +LAST USED$/),
      expect.stringMatching(new RegExp(`^${id} +operator +replaced +\\d{4}-\\S+ +never$`)),
      '',
      `There are more: --after ${id}`,
    ]);
    expect(await lines('list', '--central', '--after', id)).toHaveLength(2);
    expect(await lines('revoke', id, '--central')).toEqual([`Revoked ${id} (operator).`]);
    expect(await lines('list', ...of)).toEqual(['No API keys.']);
  });

  it.each([
    [['list'], 'Give --tenant <tenant>, or --central.'],
    [['list', ...of, '--central'], 'Give --tenant <tenant>, or --central.'],
    [['create', 'x', ...of, '--expires', 'tomorrow'], 'It must be a date'],
    [['rotate', 'x', ...of, '--overlap', '-1'], 'It must be a whole number from 0 on.'],
  ])('refuses %j', async (args, why) => {
    const { code, stdout, stderr } = await app.run(['api-key', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(why);
  });
});
