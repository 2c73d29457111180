import type { CurrentTenant, TenantStatus } from '../../lib/context/current-tenant.js';
import type { TenantKey } from '../../lib/options/identifier.js';

type Answer = CurrentTenant | null;

/** The part of the registry that HTTP needs, over tenants that are given by hand. */
export class TenantsInMemory {
  private readonly byKey = new Map<string, CurrentTenant>();
  /** How the next lookups answer: at once, or as the central database would. */
  answers: (answer: Answer) => Answer | Promise<Answer> = (answer) => answer;

  add(slug: string, more: { domains?: string[]; status?: TenantStatus } = {}): CurrentTenant {
    const tenant: CurrentTenant = {
      id: `00000000-0000-4000-8000-${String(this.byKey.size).padStart(12, '0')}`,
      slug,
      name: slug.toUpperCase(),
      status: more.status ?? 'active',
      placement: { server: 'main', database: `tenant_${slug}` },
      settings: {},
      generation: 1,
    };
    this.byKey.set(`id ${tenant.id}`, tenant);
    this.byKey.set(`slug ${slug}`, tenant);
    for (const domain of more.domains ?? []) this.byKey.set(`domain ${domain}`, tenant);
    return tenant;
  }

  lookup(key: TenantKey): Answer | Promise<Answer> {
    return this.answers(this.byKey.get(`${key.kind} ${key.value}`) ?? null);
  }
}

/** Answers in a later turn of the event loop. */
export const later = (answer: Answer): Promise<Answer> =>
  new Promise((resolve) => setImmediate(resolve, answer));
