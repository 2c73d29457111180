// Requests as the browser of a tenant makes them.
import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * Gets `url` from `host`, or posts to it.
 * @param {string} url
 * @param {string} host
 * @param {object} [body]
 * @returns the status and what came with it
 */
export async function ask(url, host, body) {
  const asked = request(url, {
    agent: false,
    method: body ? 'POST' : 'GET',
    headers: { host, 'content-type': 'application/json' },
  });
  asked.end(body && JSON.stringify(body));
  const [response] = await once(asked, 'response');
  return [response.statusCode, JSON.parse(await text(response))];
}
