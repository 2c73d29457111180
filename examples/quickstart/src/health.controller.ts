import { Controller, Get } from '@nestjs/common';
import { CentralRoute } from 'nestjs-tenancy';

/** For the load balancer, which belongs to no tenant. */
@CentralRoute()
@Controller('health')
export class HealthController {
  @Get()
  check() {
    return { status: 'ok' };
  }
}
