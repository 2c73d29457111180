const OPERATOR = Symbol('operator');

interface RememberingRequest {
  [OPERATOR]?: true;
}

/** The guard let its client pass. */
export function rememberOperator(request: object): void {
  (request as RememberingRequest)[OPERATOR] = true;
}

export function isOperator(request: object): boolean {
  return (request as RememberingRequest)[OPERATOR] === true;
}
