import { QuotaHousekeeping } from './quota-housekeeping.js';
import { QuotaMeasures } from './quota-measures.js';
import { QuotaNotices } from './quota-notices.js';
import { QuotaTerms } from './quota-terms.js';
import { QuotaService } from './quota.service.js';
import { QuotaStores } from './store/quota-stores.js';
import { UsageLog } from './usage-log.js';

/** This room, for the module that assembles the rooms. */
export const QUOTA_PROVIDERS = [
  QuotaHousekeeping,
  QuotaMeasures,
  QuotaNotices,
  QuotaService,
  QuotaStores,
  QuotaTerms,
  UsageLog,
];
