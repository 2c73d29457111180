import 'reflect-metadata';

const AUDITED = Symbol.for('nestjs-tenancy:audited-entity');

/** What of an entity is recorded. */
export interface AuditedOptions {
  /**
   * Properties whose values are always replaced by `[redacted]`, besides those that are anyway: under the names of secrets,
   * `select: false`, `@Encrypted()`. Default none.
   */
  readonly redact?: readonly string[];
  /** Properties that are not recorded, such as the time of a last use; a change of nothing else is not, either. Default none. */
  readonly except?: readonly string[];
}

/**
 * Records each change of a row of this entity, with what it was before and after, in the same transaction. Needs
 * `audit.keys`, and `CreateAuditOutbox` among the migrations.
 *
 * ```ts
 * @Audited()
 * @Entity()
 * export class Invoice { … }
 * ```
 */
export function Audited(options: AuditedOptions = {}): ClassDecorator {
  return (target) => Reflect.defineMetadata(AUDITED, options, target);
}

/** Undefined for an entity that is not audited. Classes that extend one that is are, too. */
export function auditedOptionsOf(target: unknown): AuditedOptions | undefined {
  if (typeof target !== 'function') return undefined;
  return Reflect.getMetadata(AUDITED, target) as AuditedOptions | undefined;
}
