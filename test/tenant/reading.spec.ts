import { Domain, Tenant } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

describe.each(engines)('reading and updating tenants on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  beforeAll(async () => {
    setup = await prepare();
    app = await startTenancyApp(setup);
    await app.tenants.create({
      slug: 'acme',
      name: 'Acme',
      domains: ['acme.example', 'intranet'],
      settings: { theme: 'dark', text: 'Käse 🧀 "quoted"', nested: { list: [1, 2.5, null, true] } },
    });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  describe('find', () => {
    it('by id, slug and host gives the same tenant, with its domains', async () => {
      const { id } = await app.tenants.get('acme');
      for (const reference of [id, 'acme', 'acme.example', 'ACME.example.', 'intranet']) {
        const found = await app.tenants.find(reference);
        expect(found).toBeInstanceOf(Tenant);
        expect(found).toMatchObject({ id, slug: 'acme', name: 'Acme' });
        expect(found?.domains.map(({ host }) => host).toSorted()).toEqual([
          'acme.example',
          'intranet',
        ]);
        expect(found?.domains[0]).toBeInstanceOf(Domain);
      }
      expect(await app.tenants.get({ id })).toMatchObject({ id });
    });

    it.each([
      'nobody',
      'nobody.example',
      '0b2f9ac3-91c5-4b9e-8a51-6f0e3a8a2f11',
      '',
      // Letters of other cases and accents are other letters, as in a host name.
      'ACME',
      'açme',
      'acme%',
    ])('"%s" gives nothing', async (reference) => {
      expect(await app.tenants.find(reference)).toBeNull();
      await expect(app.tenants.get(reference)).rejects.toMatchObject({
        code: 'TENANT_NOT_FOUND',
        status: 404,
        message: expect.stringContaining(`"${reference}"`),
      });
    });

    it('a slug goes before a host of that name', async () => {
      await app.tenants.create({ slug: 'shop' });
      await app.tenants.create({ slug: 'other', domains: ['shop'] });
      expect(await app.tenants.find('shop')).toMatchObject({ slug: 'shop' });
    });

    it('gives deleted tenants, too', async () => {
      await app.tenants.create({ slug: 'deleted', domains: ['deleted.example'] });
      await app.tenants.delete('deleted', { confirm: 'deleted' });
      expect(await app.tenants.find('deleted.example')).toMatchObject({ status: 'deleted' });
    });
  });

  describe('settings', () => {
    it('come back as they were given', async () => {
      expect((await app.tenants.get('acme')).settings).toEqual({
        theme: 'dark',
        text: 'Käse 🧀 "quoted"',
        nested: { list: [1, 2.5, null, true] },
      });
    });

    it('are frozen in the context, down to the last', async () => {
      await app.tenancy.run('acme', () => {
        const { settings } = app.tenancy.require();
        expect(() => Object.assign(settings, { theme: 'light' })).toThrow(TypeError);
        expect(() => Object.assign(settings['nested'] as object, { list: [] })).toThrow(TypeError);
      });
    });
  });

  describe('update', () => {
    it('changes what is given and leaves the rest', async () => {
      const before = await app.tenants.create({
        slug: 'before',
        domains: ['updated.example'],
        settings: { a: 1, b: 2 },
      });
      const renamed = await app.tenants.update('before', { name: 'After' });
      expect(renamed).toEqual({ ...before, name: 'After', updatedAt: expect.any(Date) });
      const moved = await app.tenants.update(before, { slug: 'after', settings: { a: 3 } });
      expect(moved).toEqual({
        ...renamed,
        slug: 'after',
        settings: { a: 3 },
        updatedAt: expect.any(Date),
      });
      expect(await app.tenants.find('before')).toBeNull();
      expect(await app.tenants.get('updated.example')).toEqual(moved);
      // The database is found by its own name.
      expect(moved.placement).toEqual(before.placement);
    });

    it('with nothing changes nothing', async () => {
      const before = await app.tenants.get('acme');
      expect(await app.tenants.update('acme', {})).toEqual(before);
    });

    it('to what it is already is no conflict', async () => {
      expect(await app.tenants.update('acme', { slug: 'acme' })).toMatchObject({ slug: 'acme' });
    });

    it('to a slug that is taken is refused', async () => {
      await app.tenants.create({ slug: 'taken' });
      await expect(app.tenants.update('acme', { slug: 'taken', name: 'X' })).rejects.toMatchObject({
        code: 'TENANT_CONFLICT',
        message: expect.stringContaining('slug "taken"'),
      });
      expect(await app.tenants.get('acme')).toMatchObject({ slug: 'acme', name: 'Acme' });
    });

    it('of nobody says so', async () => {
      await expect(app.tenants.update('nobody', { name: 'X' })).rejects.toMatchObject({
        code: 'TENANT_NOT_FOUND',
      });
    });
  });

  describe('list', () => {
    const slugs = ['l-0', 'l-1', 'l-10', 'l-2', 'l0', 'la', 'lz'];
    beforeAll(async () => {
      for (const slug of [...slugs].toReversed()) {
        await app.tenants.create({ slug, domains: [`a.${slug}.example`, `b.${slug}.example`] });
      }
      await app.tenants.suspend('l-1');
      await app.tenants.delete('lz', { confirm: 'lz' });
    });

    const all = async (options: Parameters<typeof app.tenants.list>[0]) => {
      const found: string[][] = [];
      let after: string | undefined = 'l';
      do {
        const page = await app.tenants.list({ ...options, after });
        found.push(page.tenants.map(({ slug }) => slug).filter((slug) => slug.startsWith('l')));
        after = page.next;
      } while (after !== undefined && after < 'm' && found.length < 20);
      return found.flat();
    };

    it('gives all but the deleted ones, in the order of their slugs, each with its domains', async () => {
      const { tenants, next } = await app.tenants.list();
      const found = tenants.map(({ slug }) => slug);
      expect(found).toEqual([...found].toSorted());
      expect(found).toEqual(expect.arrayContaining(['acme', 'l-0', 'l-1']));
      expect(found).not.toContain('lz');
      expect(next).toBeUndefined();
      expect(tenants.find(({ slug }) => slug === 'l-10')?.domains).toHaveLength(2);
    });

    it.each([1, 2, 3, 6, 7, 100])(
      '%d at a time leaves nothing out, and nothing twice',
      async (limit) => {
        expect(await all({ limit })).toEqual(['l-0', 'l-1', 'l-10', 'l-2', 'l0', 'la']);
      },
    );

    it('ends without a cursor when the last page is full', async () => {
      const { tenants } = await app.tenants.list();
      const page = await app.tenants.list({ limit: tenants.length });
      expect(page.tenants).toHaveLength(tenants.length);
      expect(page.next).toBeUndefined();
    });

    it('goes on where it was although a tenant was made in between', async () => {
      const first = await app.tenants.list({ after: 'l', limit: 2 });
      await app.tenants.create({ slug: 'l-00' });
      const second = await app.tenants.list({ after: first.next, limit: 2 });
      expect(second.tenants.map(({ slug }) => slug)).toEqual(['l-10', 'l-2']);
      await app.tenants.delete('l-00', { confirm: 'l-00' });
    });

    it('gives those of one status', async () => {
      expect(await all({ status: 'suspended' })).toEqual(['l-1']);
      expect(await all({ status: 'deleted', limit: 1 })).toEqual(['l-00', 'lz']);
    });
  });

  describe('forEach', () => {
    it('comes to every tenant that is active, each in its own context', async () => {
      const seen: string[] = [];
      await app.tenancy.forEach((tenant) => {
        expect(app.tenancy.require()).toBe(tenant);
        seen.push(tenant.slug);
      });
      const { tenants } = await app.tenants.list({ status: 'active', limit: 1000 });
      expect(seen.toSorted()).toEqual(tenants.map(({ slug }) => slug));
    });
  });
});
