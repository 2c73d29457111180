import { Injectable } from '@nestjs/common';
import { Housekeeping } from '../tenant/housekeeping.js';
import { ApiKeyRows } from './api-key-rows.js';

/** The keys of tenants whose database was dropped. No tenant finds them before they are deleted either. */
@Injectable()
export class ApiKeyHousekeeping extends Housekeeping {
  constructor(private readonly rows: ApiKeyRows) {
    super('API keys of dropped tenants');
  }

  async tidy(): Promise<void> {
    await this.rows.tidy();
  }
}
