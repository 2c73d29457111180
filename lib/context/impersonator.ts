/** Who acts in the place of a tenant's user, in the running unit of work. */
export interface Impersonator {
  /** Of the impersonation, for the audit trail. */
  readonly id: string;
  /** The operator, by whatever name the app knows it. */
  readonly actor: string;
  /** The user in whose place it acts. */
  readonly userId: string;
  /** Whether it may look and not change. */
  readonly readOnly: boolean;
}
