import {
  Table,
  View,
  ViewColumn,
  ViewEntity,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';

// Of everything that a schema can have, something; and rows that are hard to tell in SQL.

function isServer(queryRunner: QueryRunner): boolean {
  const { type } = queryRunner.manager.connection.options;
  return type === 'mysql' || type === 'mariadb';
}

async function runAll(queryRunner: QueryRunner, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await queryRunner.query(statement);
}

const ON_SERVERS = [
  `CREATE TABLE parents (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(50) COLLATE utf8mb4_bin NOT NULL DEFAULT 'it''s',
     note text, UNIQUE KEY by_name (name)) COMMENT = 'with a comment'`,
  // Before its parent in the order of names, and its own parent.
  `CREATE TABLE children (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, parent_id int, self_id bigint unsigned,
     amount decimal(30,10) DEFAULT 1.5, doubled decimal(31,10) AS (amount * 2) STORED, label varchar(20) AS (concat('#', parent_id)) VIRTUAL,
     CONSTRAINT child_parent FOREIGN KEY (parent_id) REFERENCES parents (id) ON DELETE SET NULL ON UPDATE CASCADE,
     CONSTRAINT child_self FOREIGN KEY (self_id) REFERENCES children (id),
     CONSTRAINT positive CHECK (amount >= 0))`,
  `CREATE TABLE odds (f float, d double, b bit(12), bin varbinary(20), bl blob, dt datetime(6), ts timestamp NULL, t time, y year,
     e enum('a', 'it''s', 'ü'), s set('x', 'y'), j json, g varchar(20) CHARACTER SET latin1, da date)`,
  'CREATE TABLE parted (id int NOT NULL PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10), PARTITION high VALUES LESS THAN MAXVALUE)',
  "INSERT INTO parents (id, name, note) VALUES (5, 'a', 'x;y'), (7, 'ü😀', 'back\\\\slash'), (9, 'q\"uote''s', NULL), (0x7f, '', '')",
  'DELETE FROM parents WHERE id = 127',
  'INSERT INTO children (id, parent_id, self_id, amount) VALUES (18446744073709551, 5, NULL, 12345678901234567890.0123456789), (3, 9, 18446744073709551, 0)',
  `INSERT INTO odds VALUES (0.1, 1e-300, b'101', X'00FF27', X'', '2024-02-29 23:59:59.123456', '2020-01-01 00:00:00', '-12:30:00', 1999,
     'it''s', 'x,y', '{"a": ["it''s", 1.5, null], "ü": "\\\\\\\\"}', 'ä', '0001-01-01')`,
  'INSERT INTO odds (f) VALUES (NULL)',
  'INSERT INTO parted VALUES (1), (100)',
  'CREATE FUNCTION plus_one (n int) RETURNS int DETERMINISTIC NO SQL RETURN n + 1',
  "CREATE PROCEDURE touch_all (IN suffix varchar(10)) BEGIN UPDATE parents SET note = CONCAT(note, suffix); SELECT ';'; END",
  'CREATE VIEW z_parents AS SELECT id, name, plus_one(id) AS next FROM parents',
  "CREATE VIEW a_view_of_a_view AS SELECT name, 'parents' AS source FROM z_parents",
  `CREATE TRIGGER mark_child BEFORE INSERT ON children FOR EACH ROW
     BEGIN IF NEW.amount IS NULL THEN SET NEW.amount = 42; END IF; END`,
  'CREATE TRIGGER mark_child_more BEFORE INSERT ON children FOR EACH ROW SET NEW.amount = NEW.amount + 1',
];

const ON_SQLITE = [
  "CREATE TABLE parents (id integer PRIMARY KEY AUTOINCREMENT, name text NOT NULL DEFAULT 'it''s' COLLATE NOCASE, note blob)",
  `CREATE TABLE children (id integer PRIMARY KEY, parent_id integer REFERENCES parents (id) ON DELETE SET NULL,
     self_id integer REFERENCES children (id), amount real CHECK (amount >= 0), doubled real AS (amount * 2) STORED, label text AS ('#' || id))`,
  'CREATE TABLE keyed (k text, v, PRIMARY KEY (k, v)) WITHOUT ROWID',
  "INSERT INTO parents (id, name, note) VALUES (5, 'a', X'00FF27'), (7, 'ü😀', X''), (9, 'q\"uote''s?', NULL), (127, '', '')",
  'DELETE FROM parents WHERE id = 127',
  'INSERT INTO children (id, parent_id, self_id, amount) VALUES (9007199254740993, 5, NULL, 1e-300), (3, 9, 9007199254740993, 0.1)',
  "INSERT INTO keyed VALUES ('a', 1), ('b', ''), ('c', 1.5)",
  'CREATE UNIQUE INDEX by_name ON parents (name)',
  'CREATE INDEX rich ON parents (name) WHERE id > 5',
  'CREATE VIEW z_parents AS SELECT id, name, id + 1 AS next FROM parents',
  "CREATE VIEW a_view_of_a_view AS SELECT name, 'parents' AS source FROM z_parents",
  'CREATE TRIGGER mark_child AFTER INSERT ON children WHEN NEW.amount IS NULL BEGIN UPDATE children SET amount = 42 WHERE id = NEW.id; END',
  'PRAGMA user_version = 7',
];

export class MakeRich1700000000001 implements MigrationInterface {
  readonly name = 'MakeRich1700000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await runAll(queryRunner, isServer(queryRunner) ? ON_SERVERS : ON_SQLITE);
  }

  async down(): Promise<void> {}
}

/** Because of which TypeORM makes its table of views. */
@ViewEntity('recorded', { expression: 'SELECT id FROM parents' })
export class Recorded {
  @ViewColumn()
  id!: number;
}

/** What TypeORM keeps a record of in a table of its own, with the database's name in it. */
export class MakeRecorded1700000000002 implements MigrationInterface {
  readonly name = 'MakeRecorded1700000000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createView(
      new View({ name: 'recorded', expression: 'SELECT id FROM parents' }),
      true,
    );
    await queryRunner.createTable(
      new Table({
        name: 'generated',
        columns: [
          { name: 'id', type: 'int', isPrimary: true },
          {
            name: 'twice',
            type: 'int',
            asExpression: 'id * 2',
            generatedType: 'STORED',
          },
        ],
      }),
    );
  }

  async down(): Promise<void> {}
}

/** Each tenant gets another row. */
export class MakeRandom1700000000003 implements MigrationInterface {
  readonly name = 'MakeRandom1700000000003';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE TABLE dice (value varchar(40))');
    await queryRunner.query('INSERT INTO dice VALUES (?)', [String(Math.random())]);
  }

  async down(): Promise<void> {}
}

/** More rows than a template takes. */
export class MakeMany1700000000004 implements MigrationInterface {
  readonly name = 'MakeMany1700000000004';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE TABLE many (id int PRIMARY KEY)');
    const rows = Array.from({ length: 2_100 }, (_, id) => `(${id})`);
    await queryRunner.query(`INSERT INTO many VALUES ${rows.join(', ')}`);
  }

  async down(): Promise<void> {}
}

/** How often it has run, in this process. */
export const counted = { runs: 0 };

export class MakeCounted1700000000005 implements MigrationInterface {
  readonly name = 'MakeCounted1700000000005';

  async up(queryRunner: QueryRunner): Promise<void> {
    counted.runs += 1;
    await queryRunner.query('CREATE TABLE counted (id int PRIMARY KEY)');
    await queryRunner.query('INSERT INTO counted VALUES (1)');
  }

  async down(): Promise<void> {}
}
