import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ClientKey } from '../../lib/encryption/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { findJwcrypto } from '../support/servers/find-jwcrypto.js';
import { startMessagesApp, type MessagesApp } from './messages-app.js';

let python: string;
let setup: EngineSetup;
let app: MessagesApp;
beforeAll(async () => {
  python = await findJwcrypto();
  setup = await engines[0]!.prepare();
  app = await startMessagesApp(setup, 'fastify');
}, 300_000);
afterAll(async () => {
  await app.nest.close();
  await setup.cleanUp();
});

/** What a client in Python makes of the app. Rejects with what it printed when it fails. */
async function askInPython(body: object, keys: readonly ClientKey[]): Promise<unknown> {
  const { id } = await app.tenants.get('a');
  const client = execFile(python, [join(__dirname, 'client.py')]);
  let told = '';
  let failed = '';
  client.stdout!.on('data', (text: string) => (told += text));
  client.stderr!.on('data', (text: string) => (failed += text));
  const job = { port: app.port, host: 'a.localhost', tenant: id, target: '/notes', keys, body };
  client.stdin!.end(JSON.stringify(job));
  const [code] = await once(client, 'close');
  if (code !== 0) throw new Error(failed);
  return JSON.parse(told);
}

const keyOf = (slug: string) =>
  app.tenancy.run(slug, () => app.encryption.clientKey(app.tenancy.require()));

it('is understood by a client in Python, and understands it', async () => {
  const body = { text: 'grüße', amount: 12.5 };
  expect(await askInPython(body, [await keyOf('a')])).toEqual({
    status: 201,
    body: { slug: 'a', note: body },
  });
}, 60_000);

it('gives nothing to one with the key of another tenant', async () => {
  await expect(askInPython({ text: 'word' }, [await keyOf('b')])).rejects.toThrow(/Invalid/);
}, 60_000);
