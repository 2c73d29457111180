import { decodeProtectedHeader } from 'jose';
import { engines, type EngineSetup } from '../support/engines.js';
import { PLATFORMS } from '../support/http.js';
import { Client, clientOf, type Reply } from './client.js';
import { received, startMessagesApp, type MessagesApp } from './messages-app.js';

const [engine] = engines;

describe.each(Object.keys(PLATFORMS))('messages on %s', (platform) => {
  let setup: EngineSetup;
  let app: MessagesApp;
  let a: Client;
  let b: Client;
  beforeAll(async () => {
    setup = await engine!.prepare();
    app = await startMessagesApp(setup, platform);
    a = await clientOf(app, 'a');
    b = await clientOf(app, 'b');
  });
  afterAll(async () => {
    await app.nest.close();
    await setup.cleanUp();
  });

  const problemOf = ({ status, text }: Reply) => [status, JSON.parse(text).code];

  it('are read by the handler, and its answer by the client alone', async () => {
    const note = { text: 'a secret word' };
    const reply = await a.post('/notes?x=1', note);
    expect(reply.status).toBe(201);
    expect(reply.text).toMatch(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(Number(reply.headers['content-length'])).toBe(reply.text.length);
    const { header, body } = await a.open(reply);
    expect(body).toEqual({ slug: 'a', note });
    expect(header).toMatchObject({
      alg: 'dir',
      enc: 'A256GCM',
      typ: 'response+jwe',
      cty: expect.stringMatching(/^application\/json/),
      htm: 'POST',
      htu: '/notes?x=1',
      status: 201,
      rid: expect.any(String),
    });
    expect(received.at(-1)).toEqual(note);
    await expect(b.open(reply)).rejects.toThrow();
  });

  it('need no encrypted request where there is nothing to encrypt, or none is asked for', async () => {
    expect((await a.open(await a.send('GET', '/notes'))).body).toEqual(['of a']);
    const plain = await a.send('POST', '/notes/optional', '{"n":1}', 'application/json');
    expect(await a.open(plain)).toMatchObject({ status: 200, body: { note: { n: 1 } } });
    const sealed = await a.post('/notes/optional', { n: 2 });
    expect((await a.open(sealed)).body).toEqual({ note: { n: 2 } });
  });

  it('may be empty', async () => {
    const message = await a.seal('DELETE', '/notes', undefined);
    expect(await a.send('DELETE', '/notes', message)).toMatchObject({
      status: 200,
      text: '{"removed":null}',
    });
    expect(problemOf(await a.send('DELETE', '/notes'))).toEqual([415, 'MESSAGE_NOT_ENCRYPTED']);
  });

  it.each([
    ['as JSON', 'application/json', '{"text":"a secret word"}'],
    ['as text', 'text/plain', 'a secret word'],
    ['as a form', 'application/x-www-form-urlencoded', 'text=word'],
  ])('are asked for: a plain body %s does not reach the handler', async (_, type, body) => {
    const { length } = received;
    expect((await a.send('POST', '/notes', body, type)).status).toBe(415);
    expect(received).toHaveLength(length);
  });

  describe('are refused', () => {
    const UNREADABLE = [400, 'MESSAGE_UNREADABLE'];
    let before: number;
    beforeEach(() => {
      before = received.length;
    });
    // Nothing of what is refused has reached a handler, and what is told is plain and says no more than its code.
    const refused = (reply: Reply, expected: readonly unknown[]) => {
      expect(problemOf(reply)).toEqual(expected);
      expect(reply.headers['content-type']).toMatch(/json/);
      expect(Object.keys(JSON.parse(reply.text)).sort()).toEqual(['code', 'message', 'statusCode']);
      expect(received).toHaveLength(before);
    };

    it.each([0, 1, 2, 3, 4])('when part %i was tampered with', async (part) => {
      const message = await a.seal('POST', '/notes', { text: 'word' });
      const parts = message.split('.');
      const bytes = Buffer.from(parts[part]!, 'base64url');
      if (bytes.length > 0) bytes[bytes.length - 3]! ^= 1;
      parts[part] = bytes.length > 0 ? bytes.toString('base64url') : 'AAAA';
      refused(await a.send('POST', '/notes', parts.join('.')), UNREADABLE);
    });

    it('when they were truncated, wherever that was', async () => {
      const message = await a.seal('POST', '/notes', { text: 'word' });
      const cuts = [message.length - 1, message.length - 8, message.lastIndexOf('.'), 40, 3, 1];
      const refusals = await Promise.all(
        cuts.map((length) => a.send('POST', '/notes', message.slice(0, length))),
      );
      for (const reply of refusals) refused(reply, UNREADABLE);
      const parts = message.split('.');
      const shortTag = [...parts.slice(0, 4), parts[4]!.slice(0, 6)].join('.');
      refused(await a.send('POST', '/notes', shortTag), UNREADABLE);
    });

    it('when they are of another tenant, also with the name of this one', async () => {
      const ofB = await b.seal('POST', '/notes', { text: 'word' });
      refused(await a.send('POST', '/notes', ofB), UNREADABLE);
      const { id } = await app.tenants.get('a');
      const claimed = await b.seal('POST', '/notes', { text: 'word' }, { sub: id });
      refused(await a.send('POST', '/notes', claimed), UNREADABLE);
    });

    it.each([
      ['for another tenant', { sub: 'somebody' }],
      ['for no tenant', { sub: undefined }],
      ['for another route', { htu: '/notes?x=2' }],
      ['for another method', { htm: 'PUT' }],
      ['for the other direction', { typ: 'response+jwe' }],
      ['without a direction', { typ: undefined }],
      ['without a jti', { jti: undefined }],
      ['with a short jti', { jti: 'short' }],
      ['with an endless jti', { jti: 'x'.repeat(129) }],
      ['without an iat', { iat: undefined }],
      ['with an iat that is none', { iat: 'now' }],
      ['without a kid', { kid: undefined }],
      ['with content of another type', { cty: 'application/xml' }],
    ])('when they are %s', async (_, header) => {
      refused(await a.post('/notes', { text: 'word' }, header), UNREADABLE);
    });

    it('when an answer is sent back', async () => {
      const answer = await a.post('/notes', { text: 'word' });
      before = received.length;
      refused(await a.send('POST', '/notes', answer.text), UNREADABLE);
    });

    it('when they are not JSON, or are no message at all', async () => {
      for (const body of ['', 'x', 'a.b.c.d.e', '{}', '....']) {
        refused(await a.send('POST', '/notes', body), UNREADABLE);
      }
    });

    it.each([
      { alg: 'none' },
      { alg: 'A256GCMKW' },
      { alg: 'PBES2-HS256+A128KW', p2c: 1e9, p2s: 'AAAA' },
      { enc: 'A128CBC-HS256' },
      { zip: 'DEF' },
      { crit: ['x'], x: 1 },
    ])('when their header says %j', async (header) => {
      const [first, ...rest] = (await a.seal('POST', '/notes', { text: 'word' })).split('.');
      const said = { ...JSON.parse(Buffer.from(first!, 'base64url').toString()), ...header };
      const forged = [Buffer.from(JSON.stringify(said)).toString('base64url'), ...rest].join('.');
      refused(await a.send('POST', '/notes', forged), UNREADABLE);
    });

    it('when they come again, one of them being in its course or not', async () => {
      const message = await a.seal('POST', '/notes', { text: 'once' });
      const replies = await Promise.all(
        Array.from({ length: 8 }, () => a.send('POST', '/notes', message)),
      );
      expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
      before += 1;
      const again = replies.filter(({ status }) => status !== 201);
      for (const reply of again) refused(reply, [401, 'MESSAGE_REPLAYED']);
      refused(await a.send('POST', '/notes', message), [401, 'MESSAGE_REPLAYED']);
    });

    it.each([-301, 301])('when they were made %i s from now', async (seconds) => {
      const header = { iat: Date.now() / 1_000 + seconds };
      refused(await a.post('/notes', { text: 'word' }, header), [401, 'MESSAGE_EXPIRED']);
    });

    it('when the process may have accepted them before it was started again', async () => {
      const header = { iat: Date.now() / 1_000 - 200 };
      refused(await a.post('/notes', { text: 'word' }, header), [401, 'MESSAGE_EXPIRED']);
    });

    it.each(['unknown', '0123456789abcdef.1', '../1', 'x'.repeat(500)])(
      'when their key is %s',
      async (kid) => {
        const refusal = [401, 'MESSAGE_KEY_REFUSED'];
        refused(await a.post('/notes', { text: 'word' }, { kid }), refusal);
      },
    );

    it('when their key’s version is far ahead', async () => {
      const message = await a.seal('POST', '/notes', {});
      const kid = String(decodeProtectedHeader(message).kid).replace(/\d+$/, '3');
      refused(await a.post('/notes', { text: 'word' }, { kid }), [401, 'MESSAGE_KEY_REFUSED']);
    });

    it('when they are too long', async () => {
      const reply = await a.post('/notes', { text: 'x'.repeat(1_048_576) });
      expect(reply.status).toBe(413);
      expect(received).toHaveLength(before);
    });
  });

  describe('of answers', () => {
    it('hide the errors of the handler', async () => {
      const reply = await a.send('GET', '/notes/refused');
      expect(reply.status).toBe(400);
      expect(await a.open(reply)).toMatchObject({
        status: 400,
        body: { message: 'a secret word', statusCode: 400 },
      });
      const broken = await a.send('GET', '/notes/broken');
      expect(broken.status).toBe(500);
      expect(await a.open(broken)).toMatchObject({ status: 500 });
    });

    it('hide text, and nothing at all', async () => {
      expect((await a.open(await a.send('GET', '/notes/text'))).body).toBe('grüße');
      expect((await a.open(await a.send('GET', '/notes/nothing'))).body).toBe('');
    });

    it('leave out what can have no body', async () => {
      expect(await a.send('GET', '/notes/empty')).toMatchObject({ status: 204, text: '' });
      const head = await a.send('HEAD', '/notes');
      expect(head).toMatchObject({ status: 200, text: '' });
      expect(head.headers['etag']).toBeUndefined();
    });

    it('tell nothing of the plain body', async () => {
      const [one, two] = [await a.send('GET', '/notes'), await a.send('GET', '/notes')];
      expect(one.headers['etag']).toBeUndefined();
      expect(one.text).not.toBe(two.text);
    });

    it('lead elsewhere', async () => {
      const reply = await a.send('GET', '/notes/away');
      expect(reply).toMatchObject({ status: 302, headers: { location: '/notes' } });
      expect(await a.open(reply)).toMatchObject({ status: 302 });
    });

    it.each(['file', 'events', 'written'])(
      'refuse a stream, of which nothing is sent: %s',
      async (way) => {
        const reply = await a.send('GET', `/streams/${way}`);
        expect(problemOf(reply)).toEqual([500, 'ENCRYPTED_STREAM_REFUSED']);
        expect(reply.text).not.toContain('secret');
      },
    );

    it('are plain where the route says so', async () => {
      expect(await a.send('GET', '/streams/plain')).toMatchObject({ text: '{"plain":true}' });
    });

    it('are plain for what is refused before the route', async () => {
      const nobody = new Client(app.port, { id: 'x', slug: 'nobody' }, []);
      expect(problemOf(await nobody.send('GET', '/notes'))).toEqual([404, 'TENANT_NOT_FOUND']);
      expect((await a.send('GET', '/nowhere')).status).toBe(404);
    });
  });

  it('are for all routes of a tenant whose settings say so, and of no other', async () => {
    await app.tenants.update('b', { settings: { encryption: { messages: 'required' } } });
    expect(problemOf(await b.send('POST', '/silent', '{}', 'application/json'))).toEqual([
      415,
      'MESSAGE_NOT_ENCRYPTED',
    ]);
    expect((await b.open(await b.post('/silent', { n: 1 }))).body).toEqual({ body: { n: 1 } });
    expect((await b.open(await b.send('GET', '/silent'))).body).toEqual({ read: true });
    expect((await b.open(await b.post('/notes', { n: 2 }))).body).toMatchObject({ note: { n: 2 } });
    expect(await b.send('POST', '/silent/plain', '{}', 'application/json')).toMatchObject({
      status: 201,
      text: '{"body":{}}',
    });
    expect(await a.send('GET', '/silent')).toMatchObject({ text: '{"read":true}' });
    const central = new Client(app.port, { id: 'x', slug: 'x' }, []);
    Object.assign(central, { host: 'localhost' });
    expect(await central.send('GET', '/silent/central')).toMatchObject({ status: 200 });
    await app.tenants.update('b', { settings: {} });
  });

  it.each([
    ['true', true],
    ['another word', { messages: 'sometimes' }],
    ['an unknown key', { message: 'required' }],
    ['a version that is none', { keyVersion: 0 }],
    ['a time that is none', { previousKeyUntil: 'soon' }],
  ])('of a tenant whose settings say %s: nothing is served', async (_, encryption) => {
    await app.tenants.update('b', { settings: { encryption } });
    expect(problemOf(await b.send('GET', '/notes'))).toEqual([500, 'ENCRYPTION_SETTINGS_INVALID']);
    expect(problemOf(await b.send('GET', '/silent'))).toEqual([500, 'ENCRYPTION_SETTINGS_INVALID']);
    await app.tenants.update('b', { settings: {} });
  });
});
