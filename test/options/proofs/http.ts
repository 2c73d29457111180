import { ask } from '../../support/http.js';
import { optionsOn } from '../../support/tenancy-app.js';
import type { AppOfEveryOption } from './app-of-every-option.js';
import type { Proofs } from './proof.js';

export const HTTP_PROOFS: Proofs<AppOfEveryOption> = {
  async identify(app) {
    expect(await app.ask('/who')).toMatchObject({ body: { slug: 'acme' } });
    const byHost = { host: 'acme.localhost' };
    expect((await ask(app.nest, '/who', byHost)).body).toEqual({ slug: null });
  },
  async 'http.defaultRouteMode'(app) {
    expect((await ask(app.nest, '/who')).status).toBe(200);
    const strict = await app.otherHttp(
      optionsOn(app.setup, { http: { defaultRouteMode: 'tenant' } }),
    );
    expect((await ask(strict, '/who')).status).toBe(404);
  },
  async 'http.centralHosts'(app) {
    expect(await app.ask('/who', 'c.example')).toMatchObject({ body: { slug: null } });
    expect(await app.ask('/who', 'd.example')).toMatchObject({ body: { slug: 'acme' } });
  },
  async 'http.exclude'(app) {
    expect(await app.ask('/bare')).toMatchObject({ body: { slug: null } });
  },
  async 'http.mount'(app) {
    const unmounted = await app.otherHttp(optionsOn(app.setup, { http: { mount: false } }));
    expect(await ask(unmounted, '/who', { host: 'acme.localhost' })).toMatchObject({
      status: 200,
      body: { slug: null },
    });
  },
};
