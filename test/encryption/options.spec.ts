import 'reflect-metadata';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { createSecretKey } from 'node:crypto';
import {
  MasterKeys,
  TenantEncryptionModule,
  type KeyOwner,
  type KeyProvider,
  type TenantEncryptionOptions,
} from '../../lib/encryption/index.js';
import { TenantMessageGuard } from '../../lib/encryption/messages/message.guard.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { startTenancyApp } from '../support/tenancy-app.js';
import { Client, clientOf } from './client.js';
import { EncryptedRoutes } from './encrypted-routes.js';
import { MASTER_KEY, startMessagesApp, type MessagesApp } from './messages-app.js';

const VARIABLE = 'TENANCY_ENCRYPTION_KEYS';

let setup: EngineSetup;
beforeAll(async () => {
  setup = await engines[0]!.prepare();
});
afterAll(() => setup.cleanUp());

async function start(options?: TenantEncryptionOptions): Promise<void> {
  const imports = [TenantEncryptionModule.forRoot(options)];
  const app = await startTenancyApp(setup, { imports });
  await app.close();
}

describe('the options', () => {
  it.each<[string, TenantEncryptionOptions]>([
    ['there are no keys', {}],
    ['`masterKeys` holds no key', { masterKeys: [] }],
    ['`masterKeys[0]`', { masterKeys: ['too short'] }],
    ['`masterKeys[1]`', { masterKeys: [MASTER_KEY, `${MASTER_KEY.slice(1)}!`] }],
    ['both given', { masterKeys: [MASTER_KEY], keys: new MasterKeys([MASTER_KEY]) }],
    ['`messages.replayWindow`', { masterKeys: [MASTER_KEY], messages: { replayWindow: 0 } }],
    ['`messages.bodyLimit`', { masterKeys: [MASTER_KEY], messages: { bodyLimit: 1.5 } }],
    ['Did you mean "masterKeys"', { masterKey: [MASTER_KEY] } as object],
    [
      'Did you mean "replayWindow"',
      { masterKeys: [MASTER_KEY], messages: { replayWindw: 60 } as object },
    ],
    ['no `redis`', { masterKeys: [MASTER_KEY], messages: { replayStore: 'redis' } }],
    [
      'neither "redis"',
      { masterKeys: [MASTER_KEY], messages: { replayStore: 'database' as 'redis' } },
    ],
  ])('are checked: %s', async (problem, options) => {
    await expect(start(options)).rejects.toMatchObject({
      code: 'ENCRYPTION_OPTIONS_INVALID',
      message: expect.stringContaining(problem),
    });
  });

  it('never show a key', async () => {
    const secret = `${MASTER_KEY}AAAA`;
    const error = await start({ masterKeys: [secret] }).catch(String);
    expect(error).not.toContain(secret.slice(0, 20));
  });

  it('are taken from the environment where they are left out', async () => {
    process.env[VARIABLE] = `${MASTER_KEY},${Buffer.alloc(32, 'old').toString('base64')}`;
    try {
      await start();
      process.env[VARIABLE] = 'nonsense';
      expect(await codeOf(() => start())).toBe('ENCRYPTION_OPTIONS_INVALID');
    } finally {
      delete process.env[VARIABLE];
    }
  });

  it('an app whose routes are encrypted does not start without the module', async () => {
    const app = startTenancyApp(setup, { imports: [EncryptedRoutes] });
    await expect(app).rejects.toThrow(/MessageGuard/);
  });

  it('of a tenant refuse GraphQL, which would be plain', async () => {
    const app = await startMessagesApp(setup, 'fastify', { masterKeys: [MASTER_KEY] });
    await app.tenants.update('b', { settings: { encryption: { messages: 'required' } } });
    const guard = app.nest.get(TenantMessageGuard, { strict: false });
    const context = new ExecutionContextHost([], EncryptedRoutes, () => {});
    context.setType('graphql');
    const code = () => codeOf(() => guard.canActivate(context));
    expect(await app.tenancy.run('b', code)).toBe('ENCRYPTED_TRANSPORT_UNSUPPORTED');
    expect(await app.tenancy.run('a', code)).toBeUndefined();
    await app.tenants.update('b', { settings: {} });
    await app.nest.close();
  });

  it('bound requests: how long they may be, and for how long they are good', async () => {
    const messages = { replayWindow: 10, bodyLimit: 1_000 };
    const app = await startMessagesApp(setup, 'fastify', { masterKeys: [MASTER_KEY], messages });
    const client = await clientOf(app, 'a');
    const codeAt = async (seconds: number) => {
      const header = { iat: Date.now() / 1_000 + seconds };
      return (await client.post('/notes', {}, header)).status;
    };
    expect(await codeAt(9)).toBe(201);
    expect(await codeAt(11)).toBe(401);
    expect((await client.post('/notes', { text: 'x'.repeat(1_000) })).status).toBe(413);
    await app.nest.close();
  });
});

describe('a provider of the app’s own', () => {
  /** As one that asks a key management service: with a promise, and keys that it knows by name. */
  class Vault implements KeyProvider {
    names = ['first'];
    answers = true;

    async current(tenant: KeyOwner) {
      return this.keyOf(tenant, this.names[0]!);
    }

    async find(tenant: KeyOwner, id: string) {
      return this.names.includes(id) ? this.keyOf(tenant, id) : undefined;
    }

    private async keyOf({ id }: KeyOwner, name: string) {
      if (!this.answers) throw new Error('The vault is sealed.');
      return { id: name, key: createSecretKey(Buffer.alloc(32, `${name} of ${id}`)) };
    }
  }

  let vault: Vault;
  let app: MessagesApp;
  let client: Client;
  beforeEach(async () => {
    vault = new Vault();
    app = await startMessagesApp(setup, 'express', { keys: vault });
    client = await clientOf(app, 'a');
  });
  afterEach(() => app.nest.close());

  it('gives the keys, old ones too', async () => {
    expect((await client.open(await client.post('/notes', {}))).header['kid']).toBe('first');
    vault.names = ['second', 'first'];
    expect((await client.open(await client.post('/notes', {}))).header['kid']).toBe('first');
    const renewed = await clientOf(app, 'a');
    expect((await renewed.open(await renewed.send('GET', '/notes'))).header['kid']).toBe('second');
    vault.names = ['second'];
    expect((await client.post('/notes', {})).status).toBe(401);
    const none = app.tenancy.run('a', () => app.encryption.nextClientKey(app.tenancy.require()));
    expect(await none).toBeUndefined();
  });

  it('that fails has nothing sent in plain', async () => {
    vault.answers = false;
    const reply = await client.send('GET', '/notes');
    expect(reply.status).toBe(500);
    expect(JSON.parse(reply.text)).toEqual({ statusCode: 500, message: 'Internal server error' });
    expect((await client.post('/notes', {})).status).toBe(500);
  });

  it('that gives something else than keys is refused', async () => {
    vault.names = ['not a name'];
    expect(JSON.parse((await client.send('GET', '/notes')).text).code).toBe(
      'ENCRYPTION_KEY_INVALID',
    );
  });
});
