import { ImpersonationStore } from './impersonation-store.js';
import { ImpersonationService } from './impersonation.service.js';

/** This room, for the module that assembles the rooms. */
export const IMPERSONATION_PROVIDERS = [ImpersonationService, ImpersonationStore];
