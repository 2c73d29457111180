import { Body, Post, Req } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';
import { ImpersonationService } from '../../impersonation/impersonation.service.js';
import type { Tenant } from '../../tenant/tenant.entity.js';
import type { AdminRequest } from '../admin-options.js';
import { AdminActorUnknownError } from '../errors.js';
import { AdminAudit } from '../http/admin-audit.js';
import { AdminInput, Optional } from '../http/admin-input.js';
import { AdminController, AdminRoute } from '../http/admin-route.decorator.js';
import { TargetTenant } from '../http/target-tenant.js';

/** Milliseconds: eight hours. */
const LONGEST = 8 * 3_600_000;

/** In whose place the operator is to act, and why. Who the operator is, the guard has found out. */
export class IssueImpersonationInput {
  @ApiProperty({ minLength: 1, maxLength: 255, description: 'The user, as the app knows it.' })
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  readonly userId!: string;

  @ApiProperty({ minLength: 1, maxLength: 500, description: 'For the audit log.' })
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  readonly reason!: string;

  @ApiProperty({
    required: false,
    description: 'Refuse what may change something. Default: false.',
  })
  @Optional()
  @IsBoolean()
  readonly readOnly?: boolean;

  @ApiProperty({
    required: false,
    type: 'integer',
    minimum: 1,
    maximum: LONGEST,
    description: 'Milliseconds from when the token is redeemed. Default: an hour.',
  })
  @Optional()
  @IsInt()
  @Min(1)
  @Max(LONGEST)
  readonly duration?: number;
}

/** An impersonation that can begin. */
export class IssuedImpersonationView {
  @ApiProperty({ format: 'uuid' })
  readonly id!: string;

  @ApiProperty({ description: 'To be redeemed once, in the tenant. Told this once.' })
  readonly token!: string;

  @ApiProperty({ format: 'date-time', description: 'Until when the token can be redeemed.' })
  readonly expiresAt!: string;
}

@AdminController('tenants/:tenant/impersonations', 'impersonations')
export class ImpersonationsController {
  constructor(
    private readonly impersonations: ImpersonationService,
    private readonly audit: AdminAudit,
  ) {}

  @Post()
  @AdminRoute({
    action: 'impersonation.issue',
    summary: 'Make a token to act in the place of a tenant’s user',
    answer: IssuedImpersonationView,
    status: 201,
    tellsSecret: true,
  })
  async issueImpersonation(
    @TargetTenant() { id: tenant }: Tenant,
    @Body(AdminInput) input: IssueImpersonationInput,
    @Req() request: AdminRequest,
  ): Promise<IssuedImpersonationView> {
    const actor = this.audit.actorOf(request);
    if (actor === null) throw new AdminActorUnknownError();
    const issued = await this.impersonations.issue({ ...input, tenant, actor });
    return { ...issued, expiresAt: issued.expiresAt.toISOString() };
  }
}
