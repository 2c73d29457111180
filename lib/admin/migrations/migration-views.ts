import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn } from 'class-validator';
import type { TenantMigrationStatus } from '../../migration/migration-report.js';
import { Optional } from '../http/admin-input.js';
import { PageCursor, PageLimit } from '../http/page-input.js';

/** A migration that did not come to its end. */
class HalfWayView {
  @ApiProperty()
  readonly migration!: string;

  @ApiProperty({ enum: ['up', 'down'] })
  readonly direction!: 'up' | 'down';

  @ApiProperty({ type: [String], description: 'The beginnings of the statements in force.' })
  readonly done!: readonly string[];

  @ApiProperty({ type: [String], description: 'Of those that may or may not be in force.' })
  readonly begun!: readonly string[];
}

/** What the schema of one tenant lacks or has too much. */
export class TenantMigrationsView {
  @ApiProperty({ description: 'The slug of the tenant.' })
  readonly tenant!: string;

  @ApiProperty({ description: 'False: nobody has looked into its database yet.' })
  readonly known!: boolean;

  @ApiProperty({ type: [String] })
  readonly pending!: readonly string[];

  @ApiProperty({ type: [String], description: 'What it has, and whose source is another by now.' })
  readonly changed!: readonly string[];

  @ApiProperty({ type: [String], description: 'What it has and the code does not.' })
  readonly unknown!: readonly string[];

  @ApiProperty({ type: String, nullable: true, description: 'The last migration that it has.' })
  readonly version!: string | null;

  @ApiProperty({ type: HalfWayView, nullable: true })
  readonly halfWay!: HalfWayView | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why the last attempt failed.' })
  readonly failure!: string | null;

  @ApiProperty({ type: Number, nullable: true, description: 'How long the last run took.' })
  readonly milliseconds!: number | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly migratedAt!: string | null;
}

/** A page of the matrix. */
export class MigrationsView {
  @ApiProperty({ type: [String], description: 'All that the code has for tenants.' })
  readonly migrations!: readonly string[];

  @ApiProperty({ type: [String], description: 'What the central database lacks.' })
  readonly centralPending!: readonly string[];

  @ApiProperty({ type: [TenantMigrationsView], description: 'In the order of their slugs.' })
  readonly items!: readonly TenantMigrationsView[];

  @ApiProperty({ required: false, description: 'The cursor of the next page; none on the last.' })
  readonly next?: string;
}

/** Which page. */
export class ListMigrationsInput {
  @PageLimit({ most: 1_000, usual: 200 })
  readonly limit?: number;

  @PageCursor()
  readonly cursor?: string;
}

/** How the migrations of a tenant are to be run. */
export class RunMigrationsInput {
  @ApiProperty({
    required: false,
    description: 'Go on with one that did not come to its end. Default: false.',
  })
  @Optional()
  @IsBoolean()
  readonly resume?: boolean;

  @ApiProperty({
    required: false,
    enum: ['done', 'undone'],
    description: 'What became of the statements in doubt, once looked at.',
  })
  @Optional()
  @IsIn(['done', 'undone'])
  readonly begun?: 'done' | 'undone';

  @ApiProperty({
    required: false,
    description:
      'Take the sources of migrations that have changed for what was applied. Default: false.',
  })
  @Optional()
  @IsBoolean()
  readonly acceptChanged?: boolean;
}

export function viewOfMigrations(status: TenantMigrationStatus): TenantMigrationsView {
  const { slug, halfWay, migratedAt, known, pending, changed, unknown } = status;
  const { version, failure, milliseconds } = status;
  return {
    tenant: slug,
    known,
    pending,
    changed,
    unknown,
    version,
    halfWay: halfWay && {
      migration: halfWay.migration,
      direction: halfWay.direction,
      done: halfWay.done.map(({ sql }) => sql),
      begun: halfWay.begun.map(({ sql }) => sql),
    },
    failure,
    milliseconds,
    migratedAt: migratedAt?.toISOString() ?? null,
  };
}
