import { Controller, Get, Module } from '@nestjs/common';
import { CurrentTenant } from '../../lib/http/current-tenant.decorator.js';
import { ask, PLATFORMS, startHttpApp, type Answer } from '../support/http.js';
import { TenantsInMemory } from '../support/tenants-in-memory.js';

@Controller()
class Routes {
  @Get()
  whose(@CurrentTenant('slug') slug: string) {
    return { slug };
  }
}

@Module({ controllers: [Routes] })
class AppModule {}

const tenants = new TenantsInMemory();
tenants.add('acme', { domains: ['acme.de'] });
tenants.add('globex', { domains: ['globex.de'] });

describe.each(Object.entries(PLATFORMS))('behind a proxy, on %s', (_name, platform) => {
  async function askWithForwardedHost(trustProxy: boolean): Promise<Answer> {
    const app = await startHttpApp({ adapter: platform(trustProxy), tenants, module: AppModule });
    try {
      const headers = { 'x-forwarded-host': 'globex.de' };
      return await ask(app, '/', { host: 'acme.de', headers });
    } finally {
      await app.close();
    }
  }

  it('the forwarded host counts when the app trusts the proxy', async () => {
    expect((await askWithForwardedHost(true)).body).toEqual({ slug: 'globex' });
  });

  it('a client cannot choose its tenant by X-Forwarded-Host when it does not', async () => {
    expect((await askWithForwardedHost(false)).body).toEqual({ slug: 'acme' });
  });
});
