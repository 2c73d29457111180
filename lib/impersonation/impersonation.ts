/** A redeemed impersonation: for the app to keep in the session that it makes of it. It outlives JSON. */
export interface Impersonation {
  readonly id: string;
  readonly tenantId: string;
  /** The user in whose place the operator acts. */
  readonly userId: string;
  /** The operator. */
  readonly actor: string;
  readonly reason?: string;
  /** Whether it may look and not change. */
  readonly readOnly: boolean;
  /** When it ends, as in 2030-12-01T06:00:00.000Z. */
  readonly until: string;
}

/** Narrows what an app has kept. What is only half of one is none: an operator must never pass for the user. */
export function isImpersonation(value: unknown): value is Impersonation {
  if (typeof value !== 'object' || value === null) return false;
  const { id, tenantId, userId, actor, readOnly, until } = value as Readonly<
    Record<string, unknown>
  >;
  const texts = [id, tenantId, userId, actor, until];
  if (!texts.every((text) => typeof text === 'string') || typeof readOnly !== 'boolean')
    return false;
  return !Number.isNaN(Date.parse(String(until)));
}
