import { Controller, Get, Module } from '@nestjs/common';
import { EncryptedResponse } from '../../lib/encryption/index.js';

@Controller('alone')
class AloneController {
  @Get()
  @EncryptedResponse()
  read() {
    return 'a secret word';
  }
}

/** Routes that are encrypted, and nothing that encrypts. */
@Module({ controllers: [AloneController] })
export class EncryptedRoutes {}
