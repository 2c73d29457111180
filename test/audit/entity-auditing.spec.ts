import 'reflect-metadata';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Column, Entity, PrimaryGeneratedColumn, type EntityManager } from 'typeorm';
import {
  Audited,
  AuditRow,
  CENTRAL_CHAIN,
  CreateAuditOutbox,
  TenantMigrator,
} from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { startAuditApp } from './audit-app.js';
import {
  Invoice,
  Jotting,
  Line,
  Plan,
  Setting,
  startAuditedApp,
  type AuditedApp,
} from './audited-app.js';

const SECRET = 'planted-91c4';

describe.each(engines)('changes of an audited entity on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: AuditedApp;
  let seen = 0;

  beforeAll(async () => {
    setup = await prepare();
    app = await startAuditedApp(setup);
    for (const slug of ['a', 'b']) await app.tenants.create({ slug });
    await app.central.query(
      app.central.options.type === 'better-sqlite3'
        ? 'CREATE TABLE plans (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(100))'
        : 'CREATE TABLE plans (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(100))',
    );
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });
  beforeEach(async () => {
    seen = (await app.entries('a')).length;
  });

  const inA = <T>(work: (manager: EntityManager) => Promise<T>) =>
    app.tenancy.run('a', () => work(app.dataSource.manager));
  const news = async () => (await app.entries('a')).slice(seen);
  /** While the central database takes no entry. */
  const cutOff = async <T>(work: () => Promise<T>): Promise<T> => {
    await app.central.query('ALTER TABLE tenancy_audit_log RENAME TO elsewhere');
    try {
      return await work();
    } finally {
      await app.central.query('ALTER TABLE elsewhere RENAME TO tenancy_audit_log');
    }
  };
  /** As a process leaves it that is killed before it deletes the row. */
  const putBack = (row: Record<string, unknown> = {}) =>
    inA((manager) => {
      const columns = Object.keys(row).map((name) => `\`${name}\``);
      const marks = columns.map(() => '?').join(', ');
      const into = `INSERT INTO tenancy_audit_outbox (${columns.join(', ')})`;
      return manager.query(`${into} VALUES (${marks})`, Object.values(row));
    });
  const newInvoice = () => inA((manager) => manager.save(Invoice, { title: 'one', total: 5 }));

  it('are recorded once each, with what was before and after', async () => {
    const invoice = await newInvoice();
    const { id } = invoice;
    await inA(async (manager) => {
      await manager.save(Invoice, { id, title: 'two', address: { street: 'Elm' } });
      await manager.save(Invoice, { id, title: 'two' });
      await manager.save(Invoice, { id, views: 7 });
      await manager.softRemove(Invoice, invoice);
      await manager.recover(Invoice, invoice);
      await manager.remove(Invoice, invoice);
    });
    const entity = 'Invoice';
    const [inserted, updated, softRemoved, recovered, removed, ...others] = await news();
    expect(others).toEqual([]);
    expect(inserted).toMatchObject({
      action: 'entity.Invoice.inserted',
      outcome: 'success',
      actor: null,
      tenantId: (await app.tenants.get('a')).id,
      details: { entity, id, after: { id, title: 'one', total: 5 } },
    });
    expect(inserted?.details).not.toHaveProperty('before');
    expect(updated).toMatchObject({
      action: 'entity.Invoice.updated',
      details: {
        entity,
        id,
        before: { title: 'one', 'address.street': null },
        after: { title: 'two', 'address.street': 'Elm' },
      },
    });
    const date = expect.stringMatching(/^\d{4}-/);
    expect(softRemoved).toMatchObject({
      action: 'entity.Invoice.soft-removed',
      details: { entity, id, before: { deletedAt: null }, after: { deletedAt: date } },
    });
    expect(recovered).toMatchObject({
      action: 'entity.Invoice.recovered',
      details: { entity, id, before: { deletedAt: date }, after: { deletedAt: null } },
    });
    expect(removed).toMatchObject({
      action: 'entity.Invoice.removed',
      details: { entity, id, before: { id, title: 'two', total: 5 } },
    });
    expect(JSON.stringify([inserted, updated, removed])).not.toContain('views');
    expect(await app.outbox('a')).toEqual([]);
  });

  it('are recorded of what a cascade writes, and of a relation', async () => {
    const invoice = await inA((manager) =>
      manager.save(Invoice, { title: 'with lines', lines: [{ text: 'x' }, { text: 'y' }] }),
    );
    const other = await newInvoice();
    await inA((manager) => manager.save(Line, { id: invoice.lines[0]?.id, invoice: other }));
    const changes = await news();
    expect(changes.map(({ action }) => action)).toEqual([
      'entity.Invoice.inserted',
      'entity.Line.inserted',
      'entity.Line.inserted',
      'entity.Invoice.inserted',
      'entity.Line.updated',
    ]);
    expect(changes[1]).toMatchObject({ details: { after: { text: 'x' } } });
    expect(changes[4]).toMatchObject({
      details: { before: { 'invoice.id': invoice.id }, after: { 'invoice.id': other.id } },
    });
  });

  it('are gone with a transaction, or the part of it, that is rolled back', async () => {
    const failing = (manager: EntityManager) =>
      manager.transaction(async (nested) => {
        await nested.save(Invoice, { title: 'rolled back' });
        throw new Error('no');
      });
    await expect(inA(failing)).rejects.toThrow('no');
    expect(await app.outbox('a')).toEqual([]);
    await inA((manager) =>
      manager.transaction(async (outer) => {
        await outer.save(Invoice, { title: 'outer' });
        await expect(failing(outer)).rejects.toThrow('no');
        await outer.transaction((nested) => nested.save(Invoice, { title: 'nested' }));
        expect(await news()).toEqual([]);
      }),
    );
    expect((await news()).map(({ details }) => details)).toMatchObject([
      { after: { title: 'outer' } },
      { after: { title: 'nested' } },
    ]);
  });

  it('are not made when they cannot be recorded', async () => {
    await inA((manager) => manager.query('ALTER TABLE tenancy_audit_outbox RENAME TO away'));
    const writing = inA((manager) => manager.save(Invoice, { title: 'unrecorded' }));
    await expect(writing).rejects.toThrow('tenancy_audit_outbox');
    await inA((manager) => manager.query('ALTER TABLE away RENAME TO tenancy_audit_outbox'));
    expect(await inA((manager) => manager.countBy(Invoice, { title: 'unrecorded' }))).toBe(0);
    expect(await news()).toEqual([]);
  });

  it('never hold a secret, neither in the chain nor in the outbox', async () => {
    const waiting = await cutOff(async () => {
      const { id } = await inA((manager) =>
        manager.save(Invoice, {
          title: 'secrets',
          remark: SECRET,
          paymentToken: SECRET,
          portal: SECRET,
          internal: SECRET,
          account: SECRET,
          address: { doorPin: `pin=${SECRET}` },
          extra: { deep: [{ password: SECRET }], url: `https://me:${SECRET}@host/` },
        }),
      );
      await inA(async (manager) => {
        const found = await manager.findOneByOrFail(Invoice, { id });
        await manager.save(Invoice, {
          ...found,
          remark: `2${SECRET}`,
          paymentToken: `2${SECRET}`,
          portal: `2${SECRET}`,
          internal: `2${SECRET}`,
          account: `2${SECRET}`,
          extra: { clientSecret: SECRET },
        });
        const setting = await manager.save(Setting, { name: 'smtp-password', value: SECRET });
        await manager.save(Setting, { id: setting.id, value: `2${SECRET}` });
        await manager.remove(Setting, setting);
        await manager.remove(found);
      });
      return app.outbox('a');
    });
    expect(waiting).toHaveLength(6);
    const changes = await news();
    expect(changes).toHaveLength(6);
    const rows = await app.central.getRepository(AuditRow).find();
    expect(JSON.stringify([waiting, changes, rows])).not.toContain(SECRET);
    expect(changes[1]).toMatchObject({
      details: {
        before: { remark: '[redacted]', portal: '[redacted]', account: '[redacted]' },
        after: { remark: '[redacted]', portal: '[redacted]', account: '[redacted]' },
      },
    });
    expect(changes[3]).toMatchObject({
      details: { before: { value: '[redacted]' }, after: { value: '[redacted]' } },
    });
  });

  it('are refused outside of a transaction, before anything is written', async () => {
    const { id } = await newInvoice();
    const ways: ((manager: EntityManager) => Promise<unknown>)[] = [
      (manager) => manager.insert(Invoice, { title: 'never' }),
      (manager) => manager.update(Invoice, { id }, { title: 'never' }),
      (manager) => manager.delete(Invoice, { id }),
      (manager) => manager.softDelete(Invoice, { id }),
      (manager) => manager.restore(Invoice, { id }),
      (manager) => manager.save(Invoice, { title: 'never' }, { transaction: false }),
    ];
    for (const way of ways) {
      expect(await codeOf(() => inA(way))).toBe('AUDIT_TRANSACTION_MISSING');
    }
    expect(await inA((manager) => manager.countBy(Invoice, { title: 'never' }))).toBe(0);
    expect(await inA((manager) => manager.countBy(Invoice, { id }))).toBe(1);
    await inA((manager) => manager.insert(Jotting, { text: 'of an entity that is not audited' }));
    expect(await news()).toHaveLength(1);
  });

  it('of a query builder in a transaction tell what it set, and not of which rows', async () => {
    const { id } = await newInvoice();
    await inA((manager) =>
      manager.transaction(async (within) => {
        await within.update(Invoice, { id }, { title: 'set', paymentToken: SECRET });
        await within.insert(Invoice, { title: 'put' });
        await within.delete(Invoice, { id });
      }),
    );
    const [, updated, inserted, removed, ...others] = await news();
    expect(others).toEqual([]);
    expect(updated).toMatchObject({
      action: 'entity.Invoice.updated',
      details: { entity: 'Invoice', id: null, after: { title: 'set', paymentToken: '[redacted]' } },
    });
    expect(inserted).toMatchObject({
      details: { id: expect.any(Number), after: { title: 'put' } },
    });
    expect(removed?.details).toEqual({ entity: 'Invoice', id: null });
  });

  it('come into the chain by themselves, and leave the outbox', async () => {
    const rows = app.central.getRepository(AuditRow);
    const chain = (await app.tenants.get('a')).id;
    const before = await rows.countBy({ chain });
    await newInvoice();
    await until('the entry is in the chain', async () => (await rows.countBy({ chain })) > before);
    await until('the outbox is empty', async () => (await app.outbox('a')).length === 0);
    expect(await rows.countBy({ chain })).toBe(before + 1);
  });

  it('stay in the outbox while the central database does not take them, and are not lost', async () => {
    const chain = (await app.tenants.get('a')).id;
    const settling = () => app.tenancy.runCentral('test', () => app.audit.settle(chain));
    await cutOff(async () => {
      await newInvoice();
      await expect(settling()).rejects.toThrow('tenancy_audit_log');
      expect(await app.outbox('a')).toHaveLength(1);
    });
    await settling();
    expect(await app.outbox('a')).toEqual([]);
    expect(await news()).toHaveLength(1);
  });

  it('are added once, also when a killed process has added them and not deleted the row', async () => {
    const [row] = await cutOff(async () => {
      await newInvoice();
      return app.outbox('a');
    });
    expect(await news()).toMatchObject([{ id: row?.id, action: 'entity.Invoice.inserted' }]);
    await putBack(row);
    expect(await news()).toHaveLength(1);
    expect(await app.outbox('a')).toEqual([]);
    const verdict = await app.tenancy.run('a', () => app.audit.verify());
    expect(verdict).toMatchObject({ valid: true });
  });

  it('are each there of 200 at once, and of one tenant only', async () => {
    const other = (await app.entries('b')).length;
    await Promise.all(
      Array.from({ length: 200 }, (_, total) =>
        app.tenancy.run(total % 2 === 0 ? 'a' : 'b', () =>
          app.dataSource.manager.save(Invoice, { title: `at once in ${total % 2}`, total }),
        ),
      ),
    );
    const changes = await news();
    const totals = changes.map(({ details }) => (details as { after: Invoice }).after.total);
    const even = Array.from({ length: 100 }, (_, index) => index * 2);
    expect(totals.toSorted((one, two) => one - two)).toEqual(even);
    const others = (await app.entries('b')).slice(other);
    expect(others).toHaveLength(100);
    expect(JSON.stringify(others)).not.toContain('at once in 0');
    expect(JSON.stringify(changes)).not.toContain('at once in 1');
    const verdict = await app.tenancy.run('a', () => app.audit.verify());
    expect(verdict).toMatchObject({ valid: true });
  }, 60_000);

  it('are in the chain of the tenant whose database was written, wherever that was done', async () => {
    const pinned = app.pools.dataSource(await inA(async () => app.tenancy.require()));
    const before = (await app.entries('b')).length;
    await app.tenancy.run('b', () => pinned.getRepository(Invoice).save({ title: 'from b' }));
    expect(await news()).toMatchObject([{ details: { after: { title: 'from b' } } }]);
    expect(await app.entries('b')).toHaveLength(before);
  });

  it('that came with a copy of another tenant’s database stay out of the chain', async () => {
    const { id } = await app.tenants.get('b');
    await inA((manager) =>
      manager.query(
        "INSERT INTO tenancy_audit_outbox (`id`, `chain`, `at`, `action`) VALUES ('copied', ?, 1, 'entity.Copied')",
        [id],
      ),
    );
    expect(await news()).toEqual([]);
    expect(await app.entries('b')).not.toContainEqual(expect.objectContaining({ id: 'copied' }));
    await inA((manager) => manager.query('DELETE FROM tenancy_audit_outbox'));
  });

  it('keep their table when migrations are taken back', async () => {
    await newInvoice();
    const migrator = app.context.get(TenantMigrator);
    const report = await migrator.rollback({ only: ['a'], steps: 1 });
    expect(report).toMatchObject({ ok: true, failed: [] });
    expect(await news()).toHaveLength(1);
  });

  it('of a central entity are in the central chain', async () => {
    const plan = await app.tenancy.runCentral('test', () =>
      app.central.getRepository(Plan).save({ name: 'gold' }),
    );
    const { entries } = await app.tenancy.runCentral('test', () =>
      app.audit.query({ action: 'entity.*' }),
    );
    expect(entries).toMatchObject([
      {
        chain: CENTRAL_CHAIN,
        action: 'entity.Plan.inserted',
        tenantId: null,
        details: { entity: 'Plan', id: plan.id, after: { name: 'gold' } },
      },
    ]);
    expect(await app.central.query('SELECT * FROM tenancy_audit_outbox')).toEqual([]);
  });

  it('are not added again when they have been archived', async () => {
    const [row] = await cutOff(async () => {
      await newInvoice();
      return app.outbox('a');
    });
    expect(await news()).toHaveLength(1);
    await putBack(row);
    const to = async (_name: string, content: Readable) => void (await text(content));
    await app.tenancy.run('a', () =>
      app.audit.archive({ before: new Date(Date.now() + 60_000), to }),
    );
    expect(await app.entries('a')).toEqual([]);
    expect(await app.outbox('a')).toEqual([]);
    const verdict = await app.tenancy.run('a', () => app.audit.verify());
    expect(verdict).toMatchObject({ valid: true });
  });
});

@Audited({ except: ['nothing'] })
@Entity('wrong')
class Wrong {
  @PrimaryGeneratedColumn()
  id!: number;
}

@Audited()
@Entity('right')
class Right {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('int')
  value!: number;
}

describe('an app with audited entities does not start', () => {
  let setup: EngineSetup;
  beforeEach(async () => {
    setup = await engines[0]!.prepare();
  });
  afterEach(() => setup.cleanUp());

  const start = (
    entity: typeof Wrong | typeof Right,
    keys?: string[],
    migrations = [CreateAuditOutbox],
  ) =>
    codeOf(() =>
      startAuditApp(setup, keys && { keys }, {
        options: {
          tenants: {
            servers: { main: { url: setup.serverUrl } },
            databasePrefix: setup.databasePrefix,
            migrations,
          },
        },
        imports: [TypeOrmModule.forFeature([entity])],
      }),
    );

  it('without a key', async () => {
    expect(await start(Right, [])).toBe('AUDIT_KEY_MISSING');
  });

  it('without a table for their changes', async () => {
    expect(await start(Right, undefined, [])).toBe('AUDIT_OUTBOX_MISSING');
  });

  it('that name what they do not have', async () => {
    expect(await start(Wrong)).toBe('AUDIT_ENTITY_INVALID');
  });
});
