import { SetMetadata, type ExecutionContext } from '@nestjs/common';

const ACTION = 'nestjs-tenancy:admin-action';

/** @param action as the audit log is to name the route */
export const SetAction = (action: string) => SetMetadata(ACTION, action);

export function actionOf(context: ExecutionContext): string {
  // Every route has one: `AdminRoute` says so.
  return Reflect.getMetadata(ACTION, context.getHandler()) as string;
}
