import type { Resource } from './resource.js';

/** The test that comes with a resource: that no tenant sees the rows of another. */
export function isolationSpec(resource: Resource): string {
  const { name } = resource;
  const file = resource.file('isolation.spec');
  return `import { NotFoundException } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tenancy, TenancyModule, TenantService } from 'nestjs-tenancy';
${resource.importConfig(file)}
${resource.import(`${name.pascal}Module`, resource.file('module'), file)}
${resource.import(`${name.pascal}Service`, resource.file('service'), file)}

describe('the ${name.plural.spoken} of two tenants', () => {
  let folder: string;
  let app: TestingModule;
  let tenancy: Tenancy;
  let service: ${name.pascal}Service;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), '${name.dashed}-'));
    app = await Test.createTestingModule({
      imports: [
        // The app's own migrations, on SQLite files that are thrown away.
        TenancyModule.forRoot({
          central: { url: \`sqlite:\${join(folder, 'central.sqlite')}\` },
          tenants: {
            servers: { main: { url: \`sqlite:\${join(folder, 'tenants')}\` } },
            migrations: tenancyConfig.tenants?.migrations,
          },
        }),
        ${name.pascal}Module,
      ],
    }).compile();
    await app.init();
    tenancy = app.get(Tenancy);
    service = app.get(${name.pascal}Service);
    for (const slug of ['acme', 'globex']) {
      await app.get(TenantService).create({ slug });
    }
  });

  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });

  it('are listed to their own tenant only', async () => {
    await tenancy.run('acme', () => service.create({ name: 'of acme' }));
    await tenancy.run('globex', () => service.create({ name: 'of globex' }));
    const acme = await tenancy.run('acme', () => service.findAll());
    const globex = await tenancy.run('globex', () => service.findAll());
    expect(acme.map((each) => each.name)).toEqual(['of acme']);
    expect(globex.map((each) => each.name)).toEqual(['of globex']);
  });

  it('cannot be read, changed or removed by the other', async () => {
    const { id } = await tenancy.run('acme', async () => {
      await service.create({ name: 'another' });
      return service.create({ name: 'secret' });
    });
    await tenancy.run('globex', async () => {
      await expect(service.findOne(id)).rejects.toThrow(NotFoundException);
      await expect(service.update(id, { name: 'stolen' })).rejects.toThrow(
        NotFoundException,
      );
      await expect(service.remove(id)).rejects.toThrow(NotFoundException);
    });
    const kept = await tenancy.run('acme', () => service.findOne(id));
    expect(kept.name).toBe('secret');
  });

  it('are refused to code without a tenant', async () => {
    await expect(service.findAll()).rejects.toMatchObject({
      code: 'TENANT_CONTEXT_MISSING',
    });
  });
});
`;
}
