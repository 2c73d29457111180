const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether `value` has the form of a tenant's id: a UUID in lower case. */
export function isTenantId(value: string): boolean {
  return UUID.test(value);
}
