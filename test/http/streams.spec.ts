import {
  Controller,
  Get,
  Module,
  Sse,
  StreamableFile,
  type INestApplication,
} from '@nestjs/common';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { concatMap, from, interval, map, Subject, take } from 'rxjs';
import { inOwnContext } from '../../lib/context/in-own-context.js';
import { currentTenant, runForTenant } from '../../lib/context/tenant-context.js';
import { PLATFORMS, startHttpApp } from '../support/http.js';
import { TenantsInMemory } from '../support/tenants-in-memory.js';
import { until } from '../support/until.js';

const tenants = new TenantsInMemory();
const acme = tenants.add('acme');
const globex = tenants.add('globex');

const here = () => currentTenant()?.slug ?? 'no tenant';

/** More than any buffer on its way holds, so that the source has to wait for the client again and again. */
const CHUNKS = 200;
const PADDING = ' '.repeat(64 * 1024);

async function* chunks() {
  for (let n = 0; n < CHUNKS; n += 1) {
    await turn();
    yield `${here()}${PADDING}\n`;
  }
}

const said = new Subject<number>();

@Controller()
class Streams {
  @Sse('ticks')
  ticks() {
    return interval(1).pipe(
      take(20),
      concatMap((n) => from(turn(n))),
      map(() => ({ data: here() })),
    );
  }

  @Sse('generated')
  generated() {
    return from(chunks()).pipe(map((chunk) => ({ data: chunk.trim() })));
  }

  /** What is said by whoever, in their context. */
  @Sse('said')
  said() {
    return said.pipe(
      inOwnContext(),
      take(2),
      map((n) => ({ data: `${n} ${here()}` })),
    );
  }

  @Get('file')
  file() {
    return new StreamableFile(Readable.from(chunks()));
  }
}

@Module({ controllers: [Streams] })
class StreamsModule {}

describe.each(Object.entries(PLATFORMS))(
  'what is sent piece by piece, on %s',
  (_name, platform) => {
    let app: INestApplication;
    const agent = new Agent({ keepAlive: true, maxSockets: 2 });

    beforeAll(async () => {
      app = await startHttpApp({ adapter: platform(), tenants, module: StreamsModule });
    });
    afterAll(async () => {
      agent.destroy();
      await app.close();
    });

    async function open(path: string, slug: string): Promise<IncomingMessage> {
      const { port } = app.getHttpServer().address() as AddressInfo;
      const headers = { host: `${slug}.localhost` };
      const sent = request({ host: '127.0.0.1', port, path, agent, headers });
      const answered = once(sent, 'response');
      sent.end();
      return (await answered)[0];
    }

    /** What each piece says, read slowly. */
    async function read(path: string, slug: string): Promise<string[]> {
      const response = await open(path, slug);
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) {
        text += String(chunk);
        await turn();
      }
      return text
        .split('\n')
        .map((line) => line.replace(/^data: /, '').trim())
        .filter((line) => line !== '' && !/^(id|event|:)/.test(line));
    }

    it.each([
      ['ticks', 20],
      ['generated', CHUNKS],
      ['file', CHUNKS],
    ])('%s: is of its tenant to the last byte', async (path, pieces) => {
      const slugs = ['acme', 'globex', 'acme', 'globex'];
      const all = await Promise.all(slugs.map((slug) => read(`/${path}`, slug)));
      expect(all).toEqual(slugs.map((slug) => Array.from({ length: pieces }, () => slug)));
    });

    it('stays with its tenant when it comes of what others say, too', async () => {
      const responses = [await open('/said', 'acme'), await open('/said', 'globex')];
      await until('both listen', () => said['observers'].length === 2);
      runForTenant(acme, () => said.next(1));
      runForTenant(globex, () => said.next(2));
      const texts = await Promise.all(responses.map(async (one) => (await one.toArray()).join('')));
      expect(texts.map((text) => text.match(/data: .+/g))).toEqual([
        ['data: 1 acme', 'data: 2 acme'],
        ['data: 1 globex', 'data: 2 globex'],
      ]);
    });
  },
);
