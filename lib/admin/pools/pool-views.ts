import { ApiProperty } from '@nestjs/swagger';
import type { PoolStats } from '../../database/connection-pool-manager.js';
import type { BreakerState } from '../../database/pool/circuit-breaker.js';
import type { CloseReason, Percentiles, TenantUse } from '../../database/pool/pool-statistics.js';
import type { ServerPoolStats } from '../../database/pool/server-pool-stats.js';

/** A number of connections, leases or callers. */
const Count = (description?: string) =>
  ApiProperty({ type: 'integer', ...(description !== undefined && { description }) });

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

  @Count() readonly leases!: number;

  @ApiProperty({ description: 'Milliseconds that its leases were held, added up.' })
  readonly held!: number;

  @ApiProperty({ description: 'Milliseconds that its callers waited, added up.' })
  readonly waited!: number;
}

/** What a pool of this process has, and has done since it was made. */
export class ServerPoolView implements ServerPoolStats {
  @ApiProperty()
  readonly server!: string;

  @Count() readonly maxConnections!: number;

  @Count() readonly open!: number;

  @Count() readonly opening!: number;

  @Count() readonly idle!: number;

  @Count() readonly leased!: number;

  @Count('Callers waiting for a connection.')
  readonly waiting!: number;

  @Count() readonly reused!: number;

  @Count() readonly turned!: number;

  @Count() readonly opened!: number;

  @ApiProperty({ description: 'The part of all leases that needed no new connection.' })
  readonly reuseRate!: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Connections closed since the start, by reason.',
  })
  readonly closed!: Readonly<Record<CloseReason, number>>;

  @Count('Callers that got none in time.')
  readonly timeouts!: number;

  @Count('Callers that found the line full.')
  readonly refused!: number;

  @Count('Callers that went away while they waited.')
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
