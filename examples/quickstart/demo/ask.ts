import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks over a connection of its own; `host` goes out as the `Host` header, which `fetch` would not send. */
export async function ask(
  port: number,
  host: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const asked = request({
    host: '127.0.0.1',
    port,
    path,
    agent: false,
    method: body === undefined ? 'GET' : 'POST',
    headers: { host, 'content-type': 'application/json' },
  });
  asked.end(body && JSON.stringify(body));
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await json(response) };
}
