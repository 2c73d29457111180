import { Controller, Delete, Param, Post } from '@nestjs/common';
import { CentralRoute, TenantService } from 'nestjs-tenancy';

/** The life of tenants over HTTP, for clients that make and delete them all the time. */
@CentralRoute()
@Controller('tenants/:slug')
export class TenantsController {
  constructor(private readonly tenants: TenantService) {}

  @Post()
  async create(@Param('slug') slug: string) {
    const { status } = await this.tenants.create({ slug });
    return { status };
  }

  @Post('suspend')
  async suspend(@Param('slug') slug: string) {
    const { status } = await this.tenants.suspend(slug);
    return { status };
  }

  @Post('activate')
  async activate(@Param('slug') slug: string) {
    const { status } = await this.tenants.activate(slug);
    return { status };
  }

  @Post('block')
  async block(@Param('slug') slug: string) {
    const { status } = await this.tenants.block(slug);
    return { status };
  }

  @Delete()
  async delete(@Param('slug') slug: string) {
    const { status } = await this.tenants.delete(slug, { confirm: slug, dropDatabase: true });
    return { status };
  }
}
