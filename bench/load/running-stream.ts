import { setTimeout as delay } from 'node:timers/promises';
import { KeepAliveConnection } from './keep-alive-connection.js';
import { prepareLines, type PreparedRequest } from './requests.js';
import { epochNow, HUNG_UP, OK, type Answer, type Stream } from './stream.js';

const PATIENCE = 30_000;
/** Milliseconds between two looks at the clock of a stream with a rate. */
const TICK = 1;

/** A stream that is under way. Every request is answered, or hung up on, before it ends. */
export class RunningStream {
  readonly answers: Answer[] = [];
  private readonly requests: readonly PreparedRequest[];
  private readonly free: KeepAliveConnection[] = [];
  private sent = 0;
  private stopped = false;

  constructor(private readonly stream: Stream) {
    const { line, tenants, distribution = 'even', firstTenant } = stream;
    this.requests = prepareLines(line, tenants, distribution, firstTenant);
  }

  /** Opens the clients' connections beforehand. */
  async open(): Promise<void> {
    const { pace, port } = this.stream;
    if (!('clients' in pace)) return;
    const opening = Array.from({ length: pace.clients }, () => KeepAliveConnection.open(port));
    this.free.push(...(await Promise.all(opening)));
  }

  /** @throws Error when the app served another row than the one asked for, or takes no connections */
  async run(): Promise<void> {
    const { pace } = this.stream;
    await ('clients' in pace ? this.inTurn(pace.clients) : this.atRate(pace.perSecond));
    this.free.forEach((connection) => connection.close());
  }

  stop(): void {
    this.stopped = true;
  }

  private get goesOn(): boolean {
    return !this.stopped && this.sent < (this.stream.total ?? Infinity);
  }

  private async inTurn(clients: number): Promise<void> {
    const client = async () => {
      while (this.goesOn) await this.ask();
    };
    await Promise.all(Array.from({ length: clients }, client));
  }

  private async atRate(perSecond: number): Promise<void> {
    const start = performance.now();
    const asking: Promise<void>[] = [];
    while (this.goesOn) {
      const due = ((performance.now() - start) / 1000) * perSecond;
      while (asking.length < due && this.goesOn) asking.push(this.ask());
      await delay(TICK);
    }
    await Promise.all(asking);
  }

  private async ask(): Promise<void> {
    const request = this.requests[this.sent++ % this.requests.length];
    const connection = this.free.pop() ?? (await KeepAliveConnection.open(this.stream.port));
    const at = epochNow();
    const response = await this.patiently(connection.send(request.text));
    this.answers.push({ at, took: epochNow() - at, outcome: outcomeOf(request, response) });
    if (response === undefined) connection.close();
    else this.free.push(connection);
  }

  /** Undefined when there is no answer in time. */
  private async patiently(response: Promise<string>): Promise<string | undefined> {
    const { patience = PATIENCE } = this.stream;
    let timer: NodeJS.Timeout | undefined;
    const patienceEnds = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), patience);
    });
    try {
      return await Promise.race([response, patienceEnds]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function outcomeOf({ text, expected }: PreparedRequest, response: string | undefined): string {
  if (response === undefined) return HUNG_UP;
  const status = response.slice('HTTP/1.1 '.length).slice(0, 3);
  if (!status.startsWith('2')) return /"code":"(\w+)"/.exec(response)?.[1] ?? status;
  if (response.includes(expected)) return OK;
  throw new Error(`${text}expected ${expected}, got\n${response}`);
}
