import { ApiProperty } from '@nestjs/swagger';
import { Problem } from '../http/problem.js';
import type { AdminOperation } from './admin-operation.entity.js';

const STATES = ['running', 'succeeded', 'failed', 'lost'] as const;

/** Something that goes on after its request was answered. */
export class OperationView {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty({ example: 'migrations.run' })
  readonly action!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The id of the tenant that it is about.',
  })
  readonly tenantId!: string | null;

  @ApiProperty({
    enum: STATES,
    description:
      '`lost`: the process that was at it gives no sign of life. Look at what it was about.',
  })
  readonly state!: (typeof STATES)[number];

  @ApiProperty({ type: Object, nullable: true, description: 'What came of it, once it succeeded.' })
  readonly result!: object | null;

  @ApiProperty({ type: Problem, nullable: true, description: 'Why it failed.' })
  readonly problem!: Problem | null;

  @ApiProperty({ format: 'date-time' })
  readonly beganAt!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly endedAt!: string | null;
}

export function viewOfOperation(operation: AdminOperation, now: number): OperationView {
  const { id, action, tenantId, state, answer, beganAt, endedAt, heldUntil } = operation;
  const isLost = state === 'running' && Number(heldUntil) <= now;
  // Kept by AdminOperations: an answer, or a problem.
  const kept = answer === null ? null : (JSON.parse(answer) as object);
  return {
    id,
    action,
    tenantId,
    state: isLost ? 'lost' : state,
    result: state === 'succeeded' ? kept : null,
    problem: state === 'failed' ? (kept as Problem) : null,
    beganAt: new Date(Number(beganAt)).toISOString(),
    endedAt: endedAt === null ? null : new Date(Number(endedAt)).toISOString(),
  };
}
