import { Get, Param } from '@nestjs/common';
import { AdminController, AdminRoute } from '../http/admin-route.decorator.js';
import { AdminOperations } from './admin-operations.js';
import { OperationView, viewOfOperation } from './operation-view.js';

@AdminController('operations', 'operations')
export class OperationsController {
  constructor(private readonly operations: AdminOperations) {}

  @Get(':id')
  @AdminRoute({
    action: 'operation.get',
    summary: 'What came of something that goes on after its request was answered',
    answer: OperationView,
  })
  async getOperation(@Param('id') id: string): Promise<OperationView> {
    return viewOfOperation(await this.operations.get(id), Date.now());
  }
}
