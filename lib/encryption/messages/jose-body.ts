import type { AbstractHttpAdapter } from '@nestjs/core';
import { JOSE } from './message.guard.js';

/** What is used of Express's adapter. */
interface TextParser {
  useBodyParser(type: 'text', rawBody: boolean, options: object): unknown;
}

/** What is used of Fastify's instance. */
interface ContentTypes {
  hasContentTypeParser(type: string): boolean;
  addContentTypeParser(
    type: string,
    options: { readonly parseAs: 'string'; readonly bodyLimit: number },
    parser: (request: unknown, body: string, done: (error: null, body: string) => void) => void,
  ): void;
}

/** Has the platform read bodies of `application/jose` as text. @param limit bytes */
export function readJoseBodies(adapter: AbstractHttpAdapter, limit: number): void {
  const platform: string = adapter.getType();
  if (platform !== 'fastify') {
    (adapter as AbstractHttpAdapter & TextParser).useBodyParser('text', false, {
      type: JOSE,
      limit,
    });
    return;
  }
  const instance: ContentTypes = adapter.getInstance();
  if (instance.hasContentTypeParser(JOSE)) return;
  instance.addContentTypeParser(JOSE, { parseAs: 'string', bodyLimit: limit }, (_, body, done) =>
    done(null, body),
  );
}
