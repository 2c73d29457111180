import type { Connection } from 'mysql2';
import type { Socket } from 'node:net';
import type { Account } from '../../../options/account.js';

/** One command of the MySQL protocol that is answered by a single OK or error packet. */
export interface SimpleCommand {
  /** What it is, for errors. */
  readonly name: string;
  readonly payload: Buffer;
}

/** What an OK packet said, as it came. */
export type Answer = Buffer;

/** What is used of mysql2 beyond its documented interface; the same in 3.15 to 3.24. */
interface Wire {
  readonly config: { readonly clientFlags: number; database?: string };
  /** The socket, or what TLS has put around it. */
  readonly stream: Socket;
  readonly serverCapabilityFlags: number;
  /** Statements that `execute` has prepared, by their text. */
  readonly _statements?: { clear(): void };
  addCommand(command: WireCommand): void;
  write(bytes: Buffer): void;
  _resetSequenceId(): void;
  _bumpSequenceId(packets: number): void;
}

interface WirePacket {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly end: number;
  isError(): boolean;
  asError(encoding: string): Error;
}

/** What mysql2's queue of commands asks of one. */
interface WireCommand {
  /** Called without a packet to start, then for every packet of the answer; true when that was the last. */
  execute(packet: WirePacket | undefined, wire: Wire): boolean;
  /** Called when the link breaks. */
  onResult(error: Error): void;
}

const COM_INIT_DB = 0x02;
const COM_QUERY = 0x03;
const COM_RESET_CONNECTION = 0x1f;
/** The server expects two more bytes before the text of a query. */
const CLIENT_QUERY_ATTRIBUTES = 0x08000000;
const NO_ATTRIBUTES = [0, 1];

export function resetConnection(): SimpleCommand {
  return { name: 'COM_RESET_CONNECTION', payload: Buffer.from([COM_RESET_CONNECTION]) };
}

/**
 * To be called before a reset, which drops the server's side of prepared statements and gives their numbers to others.
 * mysql2 would else execute by the old number what is now unknown, or another statement.
 */
export function forgetStatements(raw: Connection): void {
  wireOf(raw)._statements?.clear();
}

export function initDatabase(name: string): SimpleCommand {
  const payload = Buffer.concat([Buffer.from([COM_INIT_DB]), Buffer.from(name)]);
  return { name: 'COM_INIT_DB', payload };
}

/** @param sql a statement without a result set */
export function statement(raw: Connection, sql: string): SimpleCommand {
  const { config, serverCapabilityFlags } = wireOf(raw);
  const attributes =
    config.clientFlags & serverCapabilityFlags & CLIENT_QUERY_ATTRIBUTES ? NO_ATTRIBUTES : [];
  const payload = Buffer.concat([Buffer.from([COM_QUERY, ...attributes]), Buffer.from(sql)]);
  return { name: 'COM_QUERY', payload };
}

/**
 * Sends `commands` in one write and waits for all their answers: one round trip, where mysql2 makes one for each. The
 * server runs them in order, also after one that failed.
 * @throws the first error that was answered, once all are in
 */
export function pipeline(
  raw: Connection,
  commands: readonly SimpleCommand[],
): Promise<readonly Answer[]> {
  return new Promise((resolve, reject) => {
    const answers: Answer[] = [];
    let failure: Error | undefined;
    wireOf(raw).addCommand({
      execute(packet, wire) {
        if (packet === undefined) {
          wire.write(Buffer.concat(commands.map(({ payload }) => framed(payload))));
        } else {
          if (packet.isError()) failure ??= packet.asError('utf8');
          answers.push(Buffer.from(packet.buffer.subarray(packet.offset, packet.end)));
        }
        // Every answer is the packet with number 1 of its own command.
        wire._resetSequenceId();
        wire._bumpSequenceId(1);
        if (answers.length < commands.length) return false;
        if (failure === undefined) resolve(answers);
        else reject(failure);
        return true;
      },
      onResult: reject,
    });
  });
}

/**
 * `COM_CHANGE_USER`: as fresh a session as a reset gives, logged in as somebody else, at the cost of the login.
 * @throws what the server answers; it then closes the connection
 */
export function changeUser(
  raw: Connection,
  { user, password }: Account,
  database: string,
): Promise<void> {
  // mysql2 would go on with the last one in place of none.
  wireOf(raw).config.database = undefined;
  return new Promise((resolve, reject) => {
    raw.changeUser({ user, password, database }, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

export function socketOf(raw: Connection): Socket {
  return wireOf(raw).stream;
}

/** A packet: three bytes of length, the packet's number within its command, the payload. */
function framed(payload: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([header, payload]);
}

function wireOf(raw: Connection): Wire {
  if (isWire(raw)) return raw;
  throw new TypeError(
    'This version of mysql2 is not one that nestjs-tenancy works with: its connection lacks addCommand, write or ' +
      'its packet numbers. Install a version in the range of the peer dependency.',
  );
}

function isWire(raw: object): raw is Wire {
  return ['addCommand', 'write', '_resetSequenceId', '_bumpSequenceId'].every(
    (name) => name in raw && typeof raw[name as keyof typeof raw] === 'function',
  );
}
