import { ApiProperty } from '@nestjs/swagger';
import type { PoolStats } from '../../database/connection-pool-manager.js';
import type { BreakerState } from '../../database/pool/circuit-breaker.js';
import type { CloseReason, Percentiles, TenantUse } from '../../database/pool/pool-statistics.js';
import type { ServerPoolStats } from '../../database/pool/server-pool-stats.js';

/** Milliseconds. */
class PercentilesView implements Percentiles {
  @ApiProperty()
  readonly p50!: number;

  @ApiProperty()
  readonly p95!: number;

  @ApiProperty()
  readonly p99!: number;

  @ApiProperty()
  readonly max!: number;
}

/** What a tenant took of a server's connections in the last one to two minutes. */
class TenantUseView implements TenantUse {
  @ApiProperty()
  readonly database!: string;

  @ApiProperty({ type: 'integer' })
  readonly leases!: number;

  @ApiProperty({ description: 'Milliseconds that its leases were held, added up.' })
  readonly held!: number;

  @ApiProperty({ description: 'Milliseconds that its callers waited, added up.' })
  readonly waited!: number;
}

/** What a pool of this process has, and has done since it was made. */
export class ServerPoolView implements ServerPoolStats {
  @ApiProperty()
  readonly server!: string;

  @ApiProperty({ type: 'integer' })
  readonly maxConnections!: number;

  @ApiProperty({ type: 'integer' })
  readonly open!: number;

  @ApiProperty({ type: 'integer' })
  readonly opening!: number;

  @ApiProperty({ type: 'integer' })
  readonly idle!: number;

  @ApiProperty({ type: 'integer' })
  readonly leased!: number;

  @ApiProperty({ type: 'integer', description: 'Callers waiting for a connection.' })
  readonly waiting!: number;

  @ApiProperty({ type: 'integer' })
  readonly reused!: number;

  @ApiProperty({ type: 'integer' })
  readonly turned!: number;

  @ApiProperty({ type: 'integer' })
  readonly opened!: number;

  @ApiProperty({ description: 'The part of all leases that needed no new connection.' })
  readonly reuseRate!: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Connections closed since the start, by reason.',
  })
  readonly closed!: Readonly<Record<CloseReason, number>>;

  @ApiProperty({ type: 'integer', description: 'Callers that got none in time.' })
  readonly timeouts!: number;

  @ApiProperty({ type: 'integer', description: 'Callers that found the line full.' })
  readonly refused!: number;

  @ApiProperty({ type: 'integer', description: 'Callers that went away while they waited.' })
  readonly aborted!: number;

  @ApiProperty({ type: PercentilesView })
  readonly wait!: PercentilesView;

  @ApiProperty({ type: PercentilesView })
  readonly hold!: PercentilesView;

  @ApiProperty({ enum: ['closed', 'open', 'half-open'] })
  readonly breaker!: BreakerState;

  @ApiProperty({ type: [TenantUseView] })
  readonly busiest!: readonly TenantUseView[];
}

/** The pools of the process that answers. */
export class PoolsView implements PoolStats {
  @ApiProperty({ type: ServerPoolView })
  readonly central!: ServerPoolView;

  @ApiProperty({ type: [ServerPoolView] })
  readonly servers!: readonly ServerPoolView[];
}
