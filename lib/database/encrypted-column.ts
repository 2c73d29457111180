/** What a transformer carries whose column is stored encrypted, and must be kept from logs in plain. */
export const ENCRYPTED_COLUMN = Symbol.for('nestjs-tenancy:encrypted');

/** Whether what an entity holds in plain is encrypted in its database. */
export function isEncrypted({ transformer }: { readonly transformer?: unknown }): boolean {
  return typeof transformer === 'object' && transformer !== null && ENCRYPTED_COLUMN in transformer;
}
