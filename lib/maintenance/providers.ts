import { MaintenanceNotices } from './maintenance-notices.js';
import { MaintenanceStore } from './maintenance-store.js';
import { MaintenanceWatch } from './maintenance-watch.js';
import { MaintenanceService } from './maintenance.service.js';

/** This room, for the module that assembles the rooms. */
export const MAINTENANCE_PROVIDERS = [
  MaintenanceNotices,
  MaintenanceService,
  MaintenanceStore,
  MaintenanceWatch,
];
