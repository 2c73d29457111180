import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import {
  Column,
  DataSource,
  Entity,
  In,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  Unique,
  type Relation,
  type Repository,
} from 'typeorm';
import {
  Encrypted,
  EncryptedColumns,
  MasterKeys,
  TenantEncryption,
  TenantEncryptionModule,
  type KeyProvider,
  type TenantEncryptionOptions,
} from '../../lib/encryption/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { MASTER_KEY } from './messages-app.js';

const NEW_MASTER = Buffer.alloc(32, 'another master').toString('base64');

@Entity('customers')
class Customer {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('varchar', { length: 50 })
  name!: string;

  @Encrypted({ nullable: true })
  iban!: string | null;

  @Encrypted({
    type: 'varchar',
    length: 500,
    nullable: true,
    searchable: (email) => email.toLowerCase(),
  })
  email!: string | null;

  @OneToMany(() => Remark, (remark) => remark.customer, { cascade: true })
  remarks!: Relation<Remark[]>;
}

@Entity('remarks')
class Remark {
  @PrimaryGeneratedColumn()
  id!: number;

  @Encrypted()
  text!: string;

  @ManyToOne(() => Customer, (customer) => customer.remarks)
  customer!: Relation<Customer>;
}

const IBAN = 'DE02 1203 0000 0000 2020 51, grüße';

interface App extends TenancyApp {
  readonly columns: EncryptedColumns;
  readonly encryption: TenantEncryption;
  readonly customers: Repository<Customer>;
  readonly dataSource: DataSource;
  inA<T>(work: () => Promise<T>): Promise<T>;
  inB<T>(work: () => Promise<T>): Promise<T>;
}

async function startApp(
  setup: EngineSetup,
  encryption: TenantEncryptionOptions | undefined = { masterKeys: [MASTER_KEY] },
): Promise<App> {
  const app = await startTenancyApp(setup, {
    options: { tenants: { seed: (_, dataSource) => dataSource.synchronize() } },
    imports: [
      TypeOrmModule.forFeature([Customer, Remark]),
      TenantEncryptionModule.forRoot(encryption),
    ],
  });
  for (const slug of ['a', 'b']) {
    if ((await app.tenants.find(slug)) === null) await app.tenants.create({ slug });
  }
  const dataSource = app.context.get<DataSource>(getDataSourceToken());
  return {
    ...app,
    columns: app.context.get(EncryptedColumns),
    encryption: app.context.get(TenantEncryption),
    dataSource,
    customers: dataSource.getRepository(Customer),
    inA: (work) => app.tenancy.run('a', work),
    inB: (work) => app.tenancy.run('b', work),
  };
}

describe.each(engines)('encrypted columns on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: App;
  beforeAll(async () => {
    setup = await prepare();
    app = await startApp(setup);
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });
  beforeEach(() => Promise.all([app.inA(empty), app.inB(empty)]));

  async function empty(): Promise<void> {
    await app.dataSource.query('DELETE FROM remarks');
    await app.dataSource.query('DELETE FROM customers');
  }

  const stored = async (): Promise<(string | null)[]> =>
    (await app.dataSource.query('SELECT iban FROM customers ORDER BY id')).map(
      ({ iban }: { iban: string | null }) => iban,
    );

  it('are plain in the entity and encrypted in the database', async () => {
    await app.inA(async () => {
      const saved = await app.customers.save({ name: 'one', iban: IBAN, email: null });
      expect(saved.iban).toBe(IBAN);
      expect(await app.customers.findOneByOrFail({ id: saved.id })).toMatchObject({ iban: IBAN });
      const [value] = await stored();
      expect(value).toMatch(/^enc1\.[\w~]+\.-\.[\w-]+$/);
      expect(value).not.toContain('1203');
    });
  });

  it('are so by each of the ways of TypeORM', async () => {
    await app.inA(async () => {
      await app.customers.insert({ name: 'inserted', iban: 'one' });
      await app.dataSource
        .createQueryBuilder()
        .insert()
        .into(Customer)
        .values([{ name: 'built', iban: 'two' }])
        .execute();
      const third = await app.customers.save({ name: 'saved', iban: 'three' });
      await app.customers.upsert({ ...third, iban: 'four' }, ['id']);
      const fifth = await app.customers.save({ name: 'updated', iban: 'nothing' });
      await app.customers.update({ id: fifth.id }, { iban: 'five' });
      const sixth = await app.customers.save({ name: 'changed', iban: 'nothing' });
      await app.customers
        .createQueryBuilder()
        .update()
        .set({ iban: 'six' })
        .where({ id: sixth.id })
        .execute();
      await app.dataSource.transaction((manager) =>
        manager.save(Customer, { name: 'in a transaction', iban: 'seven' }),
      );
      const all = ['one', 'two', 'four', 'five', 'six', 'seven'];
      const found = await app.customers.find({ order: { id: 'ASC' } });
      expect(found.map(({ iban }) => iban)).toEqual(all);
      const built = await app.customers.createQueryBuilder('c').orderBy('c.id').getMany();
      expect(built.map(({ iban }) => iban)).toEqual(all);
      for (const value of await stored()) expect(value).toMatch(/^enc1\./);
    });
  });

  it('of relations, too', async () => {
    await app.inA(async () => {
      await app.customers.save({ name: 'one', remarks: [{ text: 'a secret' }, { text: '' }] });
      const [found] = await app.customers.find({ relations: { remarks: true } });
      expect(found!.remarks.map(({ text }) => text).sort()).toEqual(['', 'a secret']);
    });
  });

  it('are written when they change, and stay as they are when they do not', async () => {
    await app.inA(async () => {
      const customer = await app.customers.save({ name: 'one', iban: IBAN, email: 'a@b.c' });
      const [before] = await stored();
      await app.customers.save({ id: customer.id, name: 'two', iban: IBAN, email: 'a@b.c' });
      expect(await stored()).toEqual([before]);
      await app.customers.save({ id: customer.id, iban: 'another' });
      expect(await stored()).not.toEqual([before]);
      await app.customers.save({ id: customer.id, iban: null });
      expect(await stored()).toEqual([null]);
      expect(await app.customers.findOneByOrFail({})).toMatchObject({ name: 'two', iban: null });
    });
  });

  it('never store the same text the same way twice', async () => {
    await app.inA(async () => {
      await app.customers.save([
        { name: 'one', iban: IBAN },
        { name: 'two', iban: IBAN },
      ]);
      const [one, two] = await stored();
      expect(one).not.toBe(two);
    });
  });

  it('stay plain in an entity whose save has failed', async () => {
    await app.inA(async () => {
      const customer = app.customers.create({ name: 'x'.repeat(60), iban: IBAN });
      customer.id = 'none' as never;
      await app.customers.save(customer).catch(() => {});
      expect(customer.iban).toBe(IBAN);
    });
  });

  describe('give nothing away', () => {
    it('to another tenant that has the very row', async () => {
      await app.inA(() => app.customers.save({ name: 'one', iban: IBAN }));
      const [value] = await app.inA(stored);
      await app.inB(async () => {
        const sql = 'INSERT INTO customers (name, iban) VALUES (?, ?)';
        await app.dataSource.query(sql, ['stolen', value]);
        expect(await codeOf(() => app.customers.find())).toBe('ENCRYPTED_VALUE_UNREADABLE');
      });
    });

    it('to another column, and not to another value that takes its place', async () => {
      await app.inA(async () => {
        await app.customers.save({ name: 'one', iban: IBAN, email: 'a@b.c' });
        const read = () => app.customers.find();
        const [value] = await stored();
        await app.dataSource.query('UPDATE customers SET email = iban');
        expect(await codeOf(read)).toBe('ENCRYPTED_VALUE_UNREADABLE');
        await app.dataSource.query('UPDATE customers SET email = NULL');
        const changes = [
          value!.slice(0, -2),
          value!.replace('enc1.', 'enc2.'),
          value!.replace('.-.', '.00.'),
          `${value}AAAA`,
          'DE02 in plain',
          '',
          'enc1.x.-.AAAA',
        ];
        for (const changed of changes) {
          await app.dataSource.query('UPDATE customers SET iban = ?', [changed]);
          expect([changed, await codeOf(read)]).toEqual([changed, 'ENCRYPTED_VALUE_UNREADABLE']);
        }
      });
    });

    it('in comparisons: what would send the plain text fails', async () => {
      await app.inA(async () => {
        await app.customers.save({ name: 'one', iban: IBAN });
        const code = await codeOf(() => app.customers.findBy({ iban: IBAN }));
        const codes = await codeOf(() => app.customers.findBy({ iban: In([IBAN]) }));
        // mysql2 asks the value for its SQL, which says why; better-sqlite3 refuses what it does not know.
        for (const one of [code, codes]) expect(one).not.toBeUndefined();
        const error = await app.customers.findBy({ iban: IBAN }).catch(String);
        expect(error).not.toContain('1203');
      });
    });

    it('in errors', async () => {
      await app.inA(async () => {
        const error = await app.customers.insert({ id: 'x' as never, iban: IBAN }).catch(String);
        expect(error).not.toContain('1203');
      });
    });

    it('where no tenant is in context, or another one', async () => {
      const a = await app.inA(async () => app.tenancy.require());
      await app.inA(() => app.customers.save({ name: 'one', iban: IBAN }));
      const pinned = app.pools.dataSource(a).getRepository(Customer);
      expect(await codeOf(() => pinned.find())).toBe('ENCRYPTED_COLUMN_TENANT_UNKNOWN');
      expect(await app.inB(() => codeOf(() => pinned.find()))).toBe(
        'ENCRYPTED_COLUMN_TENANT_UNKNOWN',
      );
      const save = () => codeOf(() => pinned.save({ name: 'two', iban: IBAN }));
      expect(await app.inB(save)).toBe('ENCRYPTED_COLUMN_TENANT_UNKNOWN');
      expect((await app.inA(() => pinned.find()))[0]!.iban).toBe(IBAN);
      expect(await codeOf(() => app.customers.find())).toBe('TENANT_CONTEXT_MISSING');
    });
  });

  describe('that are searchable', () => {
    const byEmail = (email: string) =>
      app.customers.findBy({ email: app.columns.matching(Customer, 'email', email) });

    it('find their rows by the text, and no other rows', async () => {
      await app.inA(async () => {
        await app.customers.save([
          { name: 'one', email: 'One@Example.com' },
          { name: 'two', email: 'two@example.com' },
          { name: 'also one', email: 'one@example.com' },
          { name: 'none', email: null },
        ]);
        expect((await byEmail('one@EXAMPLE.com')).map(({ name }) => name).sort()).toEqual([
          'also one',
          'one',
        ]);
        expect((await byEmail('One@Example.com'))[0]!.email).toMatch(/one@example.com/i);
        expect(await byEmail('one')).toEqual([]);
        expect(await byEmail('%')).toEqual([]);
        const either = await app.customers.find({
          where: [
            { email: app.columns.matching(Customer, 'email', 'two@example.com') },
            { email: app.columns.matching(Customer, 'email', 'one@example.com') },
          ],
        });
        expect(either).toHaveLength(3);
        const built = await app.customers
          .createQueryBuilder('c')
          .where({ email: app.columns.matching(Customer, 'email', 'two@example.com') })
          .getMany();
        expect(built.map(({ name }) => name)).toEqual(['two']);
      });
    });

    it('have another index for each tenant', async () => {
      const emailOf = async () => {
        await app.customers.save({ name: 'one', email: 'one@example.com' });
        const [{ email }] = await app.dataSource.query('SELECT email FROM customers');
        return email.split('.')[2];
      };
      expect(await app.inA(emailOf)).not.toBe(await app.inB(emailOf));
      expect(await app.inA(emailOf)).toBe(await app.inA(emailOf));
    });

    it('are those alone that say so', async () => {
      const code = () => codeOf(() => app.columns.matching(Customer, 'iban', 'x'));
      expect(await app.inA(code)).toBe('ENCRYPTED_COLUMN_INVALID');
      expect(await codeOf(() => app.columns.matching(Customer, 'email', 'x'))).toBe(
        'TENANT_CONTEXT_MISSING',
      );
    });
  });

  describe('after a rotation', () => {
    const versions = async () => {
      const rows: { email: string; iban: string }[] = await app.dataSource.query(
        'SELECT email, iban FROM customers',
      );
      return new Set(rows.flatMap(({ email, iban }) => [email, iban]).map((v) => v.split('.')[1]));
    };
    const rows = Array.from({ length: 25 }, (_, n) => ({
      name: `${n}`,
      iban: `iban ${n}`,
      email: `${n}@example.com`,
    }));
    const fill = () => app.customers.save(rows.map((row) => ({ ...row })));
    const byEmail = (email: string) =>
      app.customers.findBy({ email: app.columns.matching(Customer, 'email', email) });

    it('are readable and found, and encrypted anew in batches', async () => {
      await app.inA(fill);
      await app.encryption.rotate('a', { overlap: 0 });
      await app.inA(async () => {
        expect((await byEmail('7@example.com')).map(({ iban }) => iban)).toEqual(['iban 7']);
        await app.customers.save({ name: 'new', iban: 'iban', email: '7@example.com' });
        expect(await byEmail('7@example.com')).toHaveLength(2);
        expect((await versions()).size).toBe(2);
        expect(await app.columns.reencrypt(Customer, { batch: 10 })).toBe(50);
        expect((await versions()).size).toBe(1);
        expect(await app.columns.reencrypt(Customer)).toBe(0);
        expect(await byEmail('7@example.com')).toHaveLength(2);
        const found = await app.customers.find({ order: { id: 'ASC' } });
        expect(found.slice(0, 25)).toMatchObject(rows);
      });
    });

    it('lose nothing that is written meanwhile', async () => {
      await app.inA(fill);
      await app.encryption.rotate('a');
      await app.inA(async () => {
        const all = await app.customers.find({ order: { id: 'ASC' } });
        const write = async () => {
          for (const { id, name } of all)
            await app.customers.update({ id }, { iban: `now ${name}` });
        };
        await Promise.all([
          app.columns.reencrypt(Customer, { batch: 3 }),
          write(),
          app.columns.reencrypt(Customer, { batch: 4 }),
        ]);
        const after = await app.customers.find({ order: { id: 'ASC' } });
        expect(after.map(({ iban }) => iban)).toEqual(all.map(({ name }) => `now ${name}`));
        expect((await versions()).size).toBe(1);
      });
    });

    it('stop at what cannot be read, and take plain values only when told to', async () => {
      await app.inA(async () => {
        const sql = 'INSERT INTO customers (name, iban, email) VALUES (?, ?, ?)';
        await app.dataSource.query(sql, ['old', 'iban in plain', 'old@example.com']);
        expect(await codeOf(() => app.columns.reencrypt(Customer))).toBe(
          'ENCRYPTED_VALUE_UNREADABLE',
        );
        expect(await app.columns.reencrypt(Customer, { plain: true })).toBe(2);
        expect(await byEmail('OLD@example.com')).toMatchObject([{ iban: 'iban in plain' }]);
      });
    });
  });
});

describe('encrypted columns', () => {
  let setup: EngineSetup;
  beforeEach(async () => {
    setup = await engines[0]!.prepare();
  });
  afterEach(() => setup.cleanUp());

  it('go over to a new master key', async () => {
    const before = await startApp(setup);
    await before.inA(() => before.customers.save({ name: 'one', iban: IBAN, email: 'a@b.c' }));
    await before.close();
    const both = await startApp(setup, { masterKeys: [NEW_MASTER, MASTER_KEY] });
    await both.inA(async () => {
      const email = both.columns.matching(Customer, 'email', 'A@B.c');
      expect(await both.customers.findBy({ email })).toMatchObject([{ iban: IBAN }]);
      expect(await both.columns.reencrypt(Customer)).toBe(2);
    });
    await both.close();
    const after = await startApp(setup, { masterKeys: [NEW_MASTER] });
    expect(await after.inA(() => after.customers.find())).toMatchObject([{ iban: IBAN }]);
    await after.close();
    const lost = await startApp(setup, { masterKeys: [MASTER_KEY] });
    expect(await lost.inA(() => codeOf(() => lost.customers.find()))).toBe(
      'ENCRYPTED_VALUE_UNREADABLE',
    );
    await lost.close();
  });

  it('take nothing without the module: no text reaches the database in plain', async () => {
    @Module({ imports: [TypeOrmModule.forFeature([Customer, Remark])] })
    class Feature {}
    const app = await startTenancyApp(setup, {
      options: { tenants: { seed: (_, dataSource) => dataSource.synchronize() } },
      imports: [Feature],
    });
    await app.tenants.create({ slug: 'a' });
    const dataSource = app.context.get<DataSource>(getDataSourceToken());
    await app.tenancy.run('a', async () => {
      const save = dataSource.getRepository(Customer).save({ name: 'one', iban: IBAN });
      await expect(save).rejects.toThrow();
      expect(await dataSource.query('SELECT * FROM customers')).toEqual([]);
    });
    await app.close();
  });
});

describe('a column that could not work is refused', () => {
  let setup: EngineSetup;
  beforeAll(async () => {
    setup = await engines[0]!.prepare();
  });
  afterAll(() => setup.cleanUp());

  it('when it is no text', () => {
    expect(() => {
      class Wrong {
        @Encrypted({ type: 'int' })
        age!: number;
      }
      return Wrong;
    }).toThrow(/its type/);
  });

  it('when it is unique', async () => {
    @Entity('doubles')
    @Unique(['email'])
    class Double {
      @PrimaryGeneratedColumn()
      id!: number;

      @Encrypted({ type: 'varchar', length: 300 })
      email!: string;
    }
    const plain = new DataSource({
      type: 'better-sqlite3',
      database: ':memory:',
      entities: [Double],
    });
    await plain.initialize();
    // As NestJS makes it when the app starts.
    expect(() => Reflect.construct(EncryptedColumns, [plain])).toThrow(
      'Double.email is refused: it is unique',
    );
    await plain.destroy();
  });

  it('when its value is none, or its key is not at hand', async () => {
    const masters = new MasterKeys([MASTER_KEY]);
    const keys: KeyProvider = {
      current: async (tenant) => masters.current(tenant),
      find: async (tenant, id) => masters.find(tenant, id),
    };
    const app = await startApp(setup, { keys });
    await app.inA(async () => {
      const code = (iban: unknown) =>
        codeOf(() => app.customers.insert({ name: 'one', iban: iban as string }));
      expect(await code(12)).toBe('ENCRYPTED_COLUMN_INVALID');
      expect(await code(IBAN)).toBe('ENCRYPTION_KEY_NOT_AT_HAND');
      expect(await app.dataSource.query('SELECT * FROM customers')).toEqual([]);
    });
    await app.close();
  });
});
