import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** A path that does not name a file below the tenant's own folder, whatever system it is read by. */
export class StoragePathError extends TenancyError {
  constructor(problem: string) {
    super({
      code: 'STORAGE_PATH_INVALID',
      status: HttpStatus.BAD_REQUEST,
      message: `The path was refused: ${problem}. Give names separated by "/", such as "invoices/2026/1.pdf".`,
    });
  }
}

/** The tenant has no file of that path. */
export class StorageFileNotFoundError extends TenancyError {
  constructor(path: string) {
    super({
      code: 'STORAGE_FILE_NOT_FOUND',
      status: HttpStatus.NOT_FOUND,
      message: `The tenant has no file "${path}".`,
    });
  }
}

/** The options of `TenantStorageModule`, or of one of its disks, cannot work. */
export class StorageOptionsError extends TenancyError {
  /** @param of what took them: `TenantStorageModule`, `localDisk()` */
  constructor(of: string, problem: string) {
    super({
      code: 'STORAGE_OPTIONS_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `The options of ${of} are refused: ${problem}.`,
    });
  }
}
