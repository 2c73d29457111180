import { CENTRAL, Domain, Tenant } from '../../lib/index.js';
import { getRepositoryToken } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { DomainStore } from '../../lib/tenant/domain-store.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { TypeOrmModule } from '@nestjs/typeorm';

describe.each(engines)('domains on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  let rows: Repository<Domain>;
  beforeAll(async () => {
    setup = await prepare();
    app = await startTenancyApp(setup, {
      imports: [TypeOrmModule.forFeature([Tenant, Domain], CENTRAL)],
    });
    rows = app.context.get(getRepositoryToken(Domain, CENTRAL));
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const create = (slug: string, ...domains: string[]) => app.tenants.create({ slug, domains });
  const hostsOf = async (slug: string) =>
    (await app.tenants.get(slug)).domains.map(({ host }) => host).toSorted();
  const primariesOf = async (slug: string) =>
    (await app.tenants.get(slug)).domains
      .filter(({ isPrimary }) => isPrimary)
      .map(({ host }) => host);

  it('are stored in one spelling, whatever is given', async () => {
    await create('spelling', 'Bücher.Example:8080');
    await app.tenants.addDomain('spelling', 'ШОП.example.');
    expect(await hostsOf('spelling')).toEqual(['xn--bcher-kva.example', 'xn--n1acz.example']);
    for (const host of ['BÜCHER.example', 'xn--bcher-kva.example', 'bücher.example.']) {
      expect(await app.tenants.find(host)).toMatchObject({ slug: 'spelling' });
    }
    await app.tenants.removeDomain('spelling', 'bücher.EXAMPLE');
    expect(await hostsOf('spelling')).toEqual(['xn--n1acz.example']);
  });

  it('the first one is the primary, given at the creation or added later', async () => {
    await create('first-given', 'a.first-given.example', 'b.first-given.example');
    expect(await primariesOf('first-given')).toEqual(['a.first-given.example']);

    await create('first-added');
    const added = await app.tenants.addDomain('first-added', 'a.first-added.example');
    expect(added.domains).toMatchObject([{ host: 'a.first-added.example', isPrimary: true }]);
    await app.tenants.addDomain('first-added', 'b.first-added.example');
    expect(await primariesOf('first-added')).toEqual(['a.first-added.example']);
  });

  it('one given twice is one', async () => {
    await create('twice', 'twice.example', 'TWICE.example');
    expect(await hostsOf('twice')).toEqual(['twice.example']);
  });

  it('a new one can be added as the primary, and an old one be made it', async () => {
    await create('move', 'a.move.example');
    await app.tenants.addDomain('move', 'b.move.example', { primary: true });
    expect(await primariesOf('move')).toEqual(['b.move.example']);
    const moved = await app.tenants.setPrimaryDomain('move', 'A.move.example');
    expect(moved.domains.filter(({ isPrimary }) => isPrimary)).toMatchObject([
      { host: 'a.move.example' },
    ]);
    expect(await hostsOf('move')).toEqual(['a.move.example', 'b.move.example']);
    await app.tenants.setPrimaryDomain('move', 'a.move.example');
    expect(await primariesOf('move')).toEqual(['a.move.example']);
  });

  it('moving the primary many times at once leaves exactly one', async () => {
    const hosts = Array.from({ length: 8 }, (_, index) => `h${index}.rush.example`);
    await create('rush', ...hosts);
    await Promise.all(
      [...hosts, ...hosts].map((host) => app.tenants.setPrimaryDomain('rush', host)),
    );
    expect(await primariesOf('rush')).toHaveLength(1);
    expect(await hostsOf('rush')).toEqual(hosts);
  });

  it('many first ones at once: all are added, exactly one is the primary', async () => {
    await create('crowd');
    const hosts = Array.from({ length: 8 }, (_, index) => `h${index}.crowd.example`);
    await Promise.all(hosts.map((host) => app.tenants.addDomain('crowd', host)));
    expect(await hostsOf('crowd')).toEqual(hosts);
    expect(await primariesOf('crowd')).toHaveLength(1);
  });

  it('of two tenants that add one host at once, exactly one gets it', async () => {
    await create('left');
    await create('right');
    const both = await Promise.allSettled([
      app.tenants.addDomain('left', 'wanted.example'),
      app.tenants.addDomain('right', 'WANTED.example'),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'TENANT_CONFLICT', message: expect.stringContaining('"wanted.example"') },
    });
    expect([...(await hostsOf('left')), ...(await hostsOf('right'))]).toEqual(['wanted.example']);
  });

  it('a host of another tenant, even a deleted one, is refused', async () => {
    await create('owner', 'owned.example');
    await create('thief');
    const stealing = () => app.tenants.addDomain('thief', 'Owned.example');
    const refusal = { code: 'TENANT_CONFLICT', status: 409 };
    await expect(stealing()).rejects.toMatchObject(refusal);
    await app.tenants.delete('owner', { confirm: 'owner' });
    await expect(stealing()).rejects.toMatchObject(refusal);
    expect(await hostsOf('thief')).toEqual([]);
  });

  it('one that the tenant does not have is neither removed nor made the primary', async () => {
    await create('mine', 'mine.example');
    await create('yours', 'yours.example');
    const refusal = { code: 'DOMAIN_NOT_FOUND', status: 404 };
    await expect(app.tenants.removeDomain('mine', 'yours.example')).rejects.toMatchObject(refusal);
    await expect(app.tenants.setPrimaryDomain('mine', 'yours.example')).rejects.toMatchObject(
      refusal,
    );
    expect(await primariesOf('mine')).toEqual(['mine.example']);
    expect(await primariesOf('yours')).toEqual(['yours.example']);
  });

  it('one removed while it is made the primary leaves the old one', async () => {
    const { domains } = await create('moment', 'old.moment.example', 'gone.moment.example');
    const gone = domains.filter(({ host }) => host === 'gone.moment.example');
    await app.tenants.removeDomain('moment', 'gone.moment.example');
    // What `setPrimaryDomain` does once it has found the domain.
    const store = app.context.get(DomainStore);
    await expect(store.setPrimary(gone[0], 'moment')).rejects.toMatchObject({
      code: 'DOMAIN_NOT_FOUND',
    });
    expect(await primariesOf('moment')).toEqual(['old.moment.example']);
  });

  it('the oldest that remains takes the place of a primary that is removed', async () => {
    await create('heirs', 'a.heirs.example', 'b.heirs.example', 'c.heirs.example');
    await rows.update('b.heirs.example', { createdAt: new Date('2001-01-02') });
    await rows.update('c.heirs.example', { createdAt: new Date('2001-01-01') });
    await app.tenants.removeDomain('heirs', 'b.heirs.example');
    expect(await primariesOf('heirs')).toEqual(['a.heirs.example']);
    await app.tenants.addDomain('heirs', 'b.heirs.example');
    const { domains } = await app.tenants.removeDomain('heirs', 'a.heirs.example');
    expect(domains.filter(({ isPrimary }) => isPrimary)).toMatchObject([
      { host: 'c.heirs.example' },
    ]);
  });

  it('the next one added after the last was removed is the primary', async () => {
    await create('bereft', 'a.bereft.example');
    await app.tenants.removeDomain('bereft', 'a.bereft.example');
    expect(await primariesOf('bereft')).toEqual([]);
    await app.tenants.addDomain('bereft', 'b.bereft.example');
    expect(await primariesOf('bereft')).toEqual(['b.bereft.example']);
  });

  it('removing all of them at once leaves none behind as the primary of nobody', async () => {
    const hosts = Array.from({ length: 6 }, (_, index) => `h${index}.flight.example`);
    await create('flight', ...hosts);
    await Promise.all(hosts.slice(0, 5).map((host) => app.tenants.removeDomain('flight', host)));
    expect(await hostsOf('flight')).toEqual(['h5.flight.example']);
    expect(await primariesOf('flight')).toEqual(['h5.flight.example']);
  });

  it('the database itself allows one primary per tenant, and one tenant per host', async () => {
    const { id } = await create('unique', 'a.unique.example', 'b.unique.example');
    const { id: other } = await create('unique-other');
    await expect(rows.update('b.unique.example', { primaryOf: id })).rejects.toThrow(
      /duplicate|unique/i,
    );
    await expect(
      rows.insert({ host: 'a.unique.example', tenantId: other, primaryOf: null }),
    ).rejects.toThrow(/duplicate|unique/i);
  });

  it('are found from the tenant, and the tenant from them', async () => {
    const { id } = await create('related', 'a.related.example', 'b.related.example');
    const tenant = await app.context
      .get<Repository<Tenant>>(getRepositoryToken(Tenant, CENTRAL))
      .findOneOrFail({ where: { id }, relations: { domains: true } });
    expect(tenant.domains.map(({ host }) => host).toSorted()).toEqual([
      'a.related.example',
      'b.related.example',
    ]);
    const domain = await rows.findOneOrFail({
      where: { host: 'b.related.example' },
      relations: { tenant: true },
    });
    expect(domain.tenant).toBeInstanceOf(Tenant);
    expect(domain.tenant).toMatchObject({ id, slug: 'related' });
  });

  it('go with the row of their tenant', async () => {
    const { id } = await create('cascade', 'cascade.example');
    await app.central.getRepository(Tenant).delete(id);
    expect(await rows.countBy({ tenantId: id })).toBe(0);
  });
});
