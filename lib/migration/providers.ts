import type { Provider } from '@nestjs/common';
import { KnownMigrations } from './known-migrations.js';
import { MigrationPlanner } from './migration-planner.js';
import { OneTenantMigrator } from './one-tenant-migrator.js';
import { PendingMigrationsGate } from './pending-migrations-gate.js';
import { SchemaStore } from './schema-store.js';
import { SchemaTemplates } from './schema-templates.js';
import { SchemaVerdicts } from './schema-verdicts.js';
import { TemplateStore } from './template-store.js';
import { TenantListing } from './tenant-listing.js';
import { TenantMigrator } from './tenant-migrator.js';

/** This room, for the module that assembles the rooms. */
export const MIGRATION_PROVIDERS: Provider[] = [
  KnownMigrations,
  MigrationPlanner,
  OneTenantMigrator,
  PendingMigrationsGate,
  SchemaStore,
  SchemaTemplates,
  SchemaVerdicts,
  TemplateStore,
  TenantListing,
  TenantMigrator,
];
