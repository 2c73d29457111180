import { Controller, Get } from '@nestjs/common';
import { CurrentTenant } from 'nestjs-tenancy';

@Controller('account')
export class AccountController {
  @Get()
  find(@CurrentTenant() { slug, name }: CurrentTenant) {
    return { slug, name };
  }
}
