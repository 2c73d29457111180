import type { ServerResponse } from 'node:http';

/** A signal that is aborted when the client goes away before it has its answer; made when it is first asked for. */
export function clientGone(response: ServerResponse): () => AbortSignal {
  let signal: AbortSignal | undefined;
  return () => (signal ??= signalOf(response));
}

function signalOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  const close = () => {
    // Work that goes on after the answer is nobody's to abort.
    if (!response.writableFinished) gone.abort();
  };
  if (response.destroyed) close();
  else response.once('close', close);
  return gone.signal;
}
