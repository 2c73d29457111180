import type { DynamicModule } from '@nestjs/common';
import type { AppSettings } from './settings.js';

/** The app of a variant. Imported on demand, so that no process loads another variant's packages. */
export async function variantModule(settings: AppSettings): Promise<DynamicModule> {
  switch (settings.variant) {
    case 'single':
      return (await import('../baselines/single.js')).SingleModule.with(settings);
    case 'single-als':
      return (await import('../baselines/single-als.js')).singleBesideAls(settings);
    case 'request-scope':
      return (await import('../baselines/request-scope.js')).RequestScopeModule.with(settings);
    case 'durable':
      return (await import('../baselines/durable.js')).DurableModule.with(settings);
    case 'cls':
      return (await import('../baselines/cls.js')).ClsVariantModule.with(settings);
    case 'discriminator':
      return (await import('../baselines/discriminator.js')).DiscriminatorModule.with(settings);
    case 'whole-stack':
      return (await import('./whole-stack.js')).WholeStackModule.with(settings);
    case 'tenancy':
      return (await import('./tenancy.js')).TenancyVariantModule.with(settings);
  }
}
