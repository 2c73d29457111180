import type { Tenant, TenantService, TenantStatus } from '../../lib/index.js';
import { TenancyEvents } from '../../lib/tenant/tenancy-events.js';
import { databasesOf, type Databases } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { CreateNotes1700000000001, Note } from '../support/notes.js';
import { until } from '../support/until.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

const STATUSES = [
  'provisioning',
  'active',
  'suspended',
  'blocked',
  'failed',
  'deleted',
] as const satisfies readonly TenantStatus[];

type Verb = 'suspend' | 'activate' | 'block' | 'delete' | 'restore';

/** What each verb makes of each status; where it is silent, the verb is refused. */
const ALLOWED: Record<Verb, Partial<Record<TenantStatus, TenantStatus>>> = {
  suspend: { active: 'suspended', blocked: 'suspended' },
  activate: { suspended: 'active', blocked: 'active' },
  block: { active: 'blocked', suspended: 'blocked' },
  delete: { active: 'deleted', suspended: 'deleted', blocked: 'deleted', failed: 'deleted' },
  restore: { deleted: 'active' },
};

const TABLE = (Object.keys(ALLOWED) as Verb[]).flatMap((verb) =>
  STATUSES.map((status) => ({ verb, status, after: ALLOWED[verb][status] })),
);

describe.each(engines)('the status of a tenant on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  let databases: Databases;
  beforeAll(async () => {
    setup = await prepare();
    databases = databasesOf(setup);
    app = await startTenancyApp(setup, {
      options: { tenants: { entities: [Note], migrations: [CreateNotes1700000000001] } },
    });
    await app.tenants.create({ slug: 'table', name: 'The Table' });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const VERBS: Record<Verb, (tenants: TenantService, slug: string) => Promise<Tenant>> = {
    suspend: (tenants, slug) => tenants.suspend(slug),
    activate: (tenants, slug) => tenants.activate(slug),
    block: (tenants, slug) => tenants.block(slug),
    delete: (tenants, slug) => tenants.delete(slug, { confirm: 'The Table' }),
    restore: (tenants, slug) => tenants.restore(slug),
  };

  const put = async (status: TenantStatus): Promise<Tenant> => {
    await app.central.query(`UPDATE tenancy_tenants SET status = '${status}' WHERE slug = 'table'`);
    app.registry.invalidate();
    return app.tenants.get('table');
  };

  it.each(TABLE.filter(({ after }) => after !== undefined))(
    '$verb from $status: $after',
    async ({ verb, status, after }) => {
      const { id } = await put(status);
      const changed = await VERBS[verb](app.tenants, 'table');
      expect(changed).toMatchObject({ id, slug: 'table', status: after });
      expect(await app.tenants.get('table')).toEqual(changed);
      expect(changed.deletedAt instanceof Date).toBe(after === 'deleted');
    },
  );

  it.each(TABLE.filter(({ after }) => after === undefined))(
    '$verb from $status: refused',
    async ({ verb, status }) => {
      const before = await put(status);
      await expect(VERBS[verb](app.tenants, 'table')).rejects.toMatchObject({
        code: 'TENANT_TRANSITION_REFUSED',
        status: 409,
        message: expect.stringMatching(
          `^Cannot ${verb} tenant "table": it is ${status}, and must be`,
        ),
      });
      expect(await app.tenants.get('table')).toEqual(before);
    },
  );

  it('of two changes at once, the second is checked against the first', async () => {
    await app.tenants.create({ slug: 'race' });
    const changes = await Promise.allSettled([
      app.tenants.suspend('race'),
      app.tenants.delete('race', { confirm: 'race' }),
      app.tenants.suspend('race'),
    ]);
    // Whatever came first: a deleted tenant is never suspended, and nobody is told what did not happen.
    expect(await app.tenants.get('race')).toMatchObject({ status: 'deleted' });
    const refusals = changes.filter((change) => change.status === 'rejected');
    expect(refusals.length).toBeGreaterThan(0);
    for (const { reason } of refusals) {
      expect(reason).toMatchObject({ code: 'TENANT_TRANSITION_REFUSED' });
    }
  });

  it.each(['suspend', 'activate', 'block', 'restore', 'get'] as const)(
    '%s of nobody says so',
    async (verb) => {
      await expect(app.tenants[verb]('nobody')).rejects.toMatchObject({ code: 'TENANT_NOT_FOUND' });
    },
  );

  describe('deleting', () => {
    const write = (slug: string, text: string) =>
      app.tenancy.run(slug, () =>
        app.pools.dataSource(app.tenancy.require()).manager.insert(Note, { text }),
      );
    const textsOf = async (database: string) =>
      (await databases.query(database, 'SELECT text FROM notes ORDER BY id')).map(
        ({ text }) => text,
      );
    const databaseOf = (slug: string) => setup.databasePrefix + slug;

    it.each(['', 'victim', 'the victim', 'The Victim '])(
      'is refused with "%s" in place of the name',
      async (confirm) => {
        if ((await app.tenants.find('victim')) === null) {
          await app.tenants.create({ slug: 'victim', name: 'The Victim' });
        }
        await expect(
          app.tenants.delete('victim', { confirm, dropDatabase: true }),
        ).rejects.toMatchObject({ code: 'TENANT_CONFIRMATION_WRONG', status: 422 });
        expect(await app.tenants.get('victim')).toMatchObject({ status: 'active' });
        expect(await databases.names()).toContain(databaseOf('victim'));
      },
    );

    it('keeps the database, and restoring brings its data and domains back', async () => {
      const created = await app.tenants.create({ slug: 'kept', domains: ['kept.example'] });
      await write('kept', 'mine');
      const deleted = await app.tenants.delete(created, { confirm: 'kept' });
      expect(deleted).toMatchObject({
        status: 'deleted',
        deletedAt: expect.any(Date),
        step: 'done',
      });
      expect(deleted.domains).toMatchObject([{ host: 'kept.example' }]);
      expect(await textsOf(databaseOf('kept'))).toEqual(['migrated', 'mine']);
      await expect(app.tenancy.run('kept', () => 'in')).rejects.toMatchObject({
        code: 'TENANT_NOT_FOUND',
      });

      const restored = await app.tenants.restore('kept');
      expect(restored).toMatchObject({ status: 'active', deletedAt: null });
      expect(restored.domains).toMatchObject([{ host: 'kept.example', isPrimary: true }]);
      await write('kept', 'again');
      expect(await textsOf(databaseOf('kept'))).toEqual(['migrated', 'mine', 'again']);
    });

    it('drops the database when told to, and then there is nothing to restore', async () => {
      await app.tenants.create({ slug: 'dropped' });
      await write('dropped', 'mine');
      const deleted = await app.tenants.delete('dropped', {
        confirm: 'dropped',
        dropDatabase: true,
      });
      expect(deleted).toMatchObject({ status: 'deleted', step: 'dropped' });
      expect(await databases.names()).not.toContain(databaseOf('dropped'));
      await expect(app.tenants.restore('dropped')).rejects.toMatchObject({
        code: 'TENANT_DATA_GONE',
        status: 410,
      });
      expect(await app.tenants.get('dropped')).toMatchObject({ status: 'deleted' });
    });

    it('is not undone by a restore that began before, once the database is dropped', async () => {
      await app.tenants.create({ slug: 'raced' });
      app.context.get(TenancyEvents).hear(async (name, event) => {
        if (name !== 'tenant.restoring' || !('slug' in event) || event.slug !== 'raced') return;
        await app.tenants.delete('raced', { confirm: 'raced', dropDatabase: true });
      });
      await expect(app.tenants.restore('raced')).rejects.toMatchObject({
        code: 'TENANT_DATA_GONE',
      });
      expect(await app.tenants.get('raced')).toMatchObject({ status: 'deleted', step: 'dropped' });
    });

    it('with dropDatabase waits for the connections in use', async () => {
      const tenant = await app.tenants.create({ slug: 'busy' });
      const queryRunner = app.pools.dataSource(tenant).createQueryRunner();
      await queryRunner.startTransaction();
      await queryRunner.manager.insert(Note, { text: 'working' });
      let deleted = false;
      const deleting = app.tenants
        .delete('busy', { confirm: 'busy', dropDatabase: true })
        .then(() => (deleted = true));
      await until('it is deleted', async () => {
        const { status } = await app.tenants.get('busy');
        return status === 'deleted';
      });
      // However long the transaction takes.
      for (let turn = 0; turn < 50; turn += 1) await databases.names();
      expect(deleted).toBe(false);
      expect(await databases.names()).toContain(databaseOf('busy'));
      expect(await queryRunner.manager.find(Note)).toHaveLength(2);
      await queryRunner.commitTransaction();
      await queryRunner.release();
      await deleting;
      expect(await databases.names()).not.toContain(databaseOf('busy'));
    });

    it('never drops an adopted database', async () => {
      const database = databaseOf('adopted');
      await databases.create(database);
      await databases.query(database, 'CREATE TABLE treasure (gold INT)');
      await app.tenants.create({ slug: 'keeper', adoptDatabase: database });
      await expect(
        app.tenants.delete('keeper', { confirm: 'keeper', dropDatabase: true }),
      ).rejects.toMatchObject({ code: 'TENANT_DATABASE_NOT_OWNED', status: 409 });
      expect(await app.tenants.get('keeper')).toMatchObject({ status: 'active' });
      await app.tenants.delete('keeper', { confirm: 'keeper' });
      expect(await databases.tables(database)).toContain('treasure');
    });

    describe('a failed one', () => {
      /** As a process leaves it that was killed before it had made the database; somebody else made one since. */
      const failed = async (slug: string) => {
        await app.tenants.create({ slug });
        await app.central.query(
          `UPDATE tenancy_tenants SET status = 'failed', step = 'reserved' WHERE slug = '${slug}'`,
        );
        app.registry.invalidate();
        return databaseOf(slug);
      };

      it('does not drop a database that its creation had not made', async () => {
        const database = await failed('unmade');
        expect(
          await app.tenants.delete('unmade', { confirm: 'unmade', dropDatabase: true }),
        ).toMatchObject({ status: 'deleted', step: 'dropped' });
        expect(await textsOf(database)).toEqual(['migrated']);
      });

      it('is failed again when restored, for repair to finish', async () => {
        const database = await failed('reopened');
        await app.tenants.delete('reopened', { confirm: 'reopened' });
        expect(await app.tenants.restore('reopened')).toMatchObject({ status: 'failed' });
        await expect(app.tenants.repair('reopened')).rejects.toMatchObject({
          code: 'TENANT_PROVISIONING_FAILED',
          message: expect.stringContaining(`already has a database "${database}"`),
        });
        expect(await textsOf(database)).toEqual(['migrated']);
      });
    });
  });
});
