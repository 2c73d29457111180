import { REQUEST_RATES } from '../context/request-rates.js';
import { QuotaHousekeeping } from './quota-housekeeping.js';
import { QuotaMeasures } from './quota-measures.js';
import { QuotaNotices } from './quota-notices.js';
import { QuotaRequestRates } from './quota-request-rates.js';
import { QuotaTerms } from './quota-terms.js';
import { QuotaService } from './quota.service.js';
import { QuotaStores } from './store/quota-stores.js';
import { UsageLog } from './usage-log.js';

/** This room, for the module that assembles the rooms. */
export const QUOTA_PROVIDERS = [
  QuotaHousekeeping,
  QuotaMeasures,
  QuotaNotices,
  QuotaRequestRates,
  QuotaService,
  QuotaStores,
  QuotaTerms,
  UsageLog,
  { provide: REQUEST_RATES, useExisting: QuotaRequestRates },
];
