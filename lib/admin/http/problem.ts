import { HttpException, HttpStatus } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { STATUS_CODES } from 'node:http';
import { TenancyError } from '../../tenancy.error.js';
import { AdminInputError, type InputProblem } from '../errors.js';

class MemberProblem implements InputProblem {
  @ApiProperty({ description: 'The member of the body, or the parameter of the query.' })
  readonly member!: string;

  @ApiProperty()
  readonly problem!: string;
}

/** An error as RFC 9457 has it. */
export class Problem {
  @ApiProperty({ example: 'about:blank' })
  readonly type!: string;

  @ApiProperty({ description: 'What the status says.', example: 'Conflict' })
  readonly title!: string;

  @ApiProperty({ example: 409 })
  readonly status!: number;

  @ApiProperty({ description: 'Stable, for programs.', example: 'TENANT_CONFLICT' })
  readonly code!: string;

  @ApiProperty({ description: 'For people: the cause and the remedy.' })
  readonly detail!: string;

  @ApiProperty({ type: [MemberProblem], required: false })
  readonly errors?: readonly MemberProblem[];
}

/**
 * An error as it is told.
 * @param toOperator whether it is told to somebody whom the guard let pass. Others learn what any client of the app does.
 */
export function problemOf(error: unknown, toOperator: boolean): Problem {
  if (error instanceof RepeatedProblem) return error.problem;
  if (!(error instanceof HttpException)) return problemWith(HttpStatus.INTERNAL_SERVER_ERROR);
  const status = error.getStatus();
  if (!(error instanceof TenancyError)) return problemWith(status, undefined, detailOf(error));
  const detail = toOperator ? error.message : detailOf(error);
  if (!(error instanceof AdminInputError)) return problemWith(status, error.code, detail);
  return { ...problemWith(status, error.code, detail), errors: error.problems };
}

function problemWith(status: number, code = codeOf(status), detail = titleOf(status)): Problem {
  return { type: 'about:blank', title: titleOf(status), status, code, detail };
}

function titleOf(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}

/** Of what is no error of this package: `NOT_FOUND` for 404. */
function codeOf(status: number): string {
  return titleOf(status).toUpperCase().replaceAll(/\W+/g, '_');
}

/** What NestJS would have answered as the message. */
function detailOf(error: HttpException): string {
  const answer = error.getResponse();
  const message: unknown =
    typeof answer === 'object' && 'message' in answer ? answer.message : answer;
  if (Array.isArray(message)) return message.join('; ');
  return typeof message === 'string' ? message : titleOf(error.getStatus());
}

/** A refusal that is answered again as it was the first time. */
export class RepeatedProblem extends HttpException {
  readonly code: string;

  constructor(readonly problem: Problem) {
    super(problem, problem.status);
    this.code = problem.code;
  }
}
