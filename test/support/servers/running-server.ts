export const SERVER_KINDS = ['mariadb', 'mysql'] as const;
export type ServerKind = (typeof SERVER_KINDS)[number];

export interface ServerOptions {
  /** Default: the server's own, 151. */
  readonly maxConnections?: number;
  /** Further options, as on the server's command line: `--wait-timeout=2`. */
  readonly settings?: readonly string[];
}

/** A server of its own: free port, throw-away data. It is gone when this process is, however this process ends. */
export interface RunningServer {
  readonly kind: ServerKind;
  /** `mariadb://root:…@127.0.0.1:40123`, without a path. The account may do everything. */
  readonly url: string;
  /** Of the server itself, to be sent SIGSTOP or SIGKILL; another one after {@link restart}. */
  readonly pid: number;
  /** Absent where the server runs in Docker. */
  readonly socketPath?: string;
  /** Runs one statement as root, on a connection of its own; no rows for a statement that has none. */
  query<T = Record<string, unknown>>(sql: string): Promise<T[]>;
  /** SIGKILL. The data stay. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and data; kills it first if it runs. */
  restart(): Promise<void>;
  /** Ends it and deletes its data. */
  stop(): Promise<void>;
}

/** The running or stopped server behind a {@link RunningServer}: a process of this machine, or a container. */
export interface ServerInstance {
  readonly pid: number;
  readonly port: number;
  readonly socketPath?: string;
  /** Starts it, the first time or again. It may not answer yet. */
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Kills it and deletes what it wrote. */
  remove(): Promise<void>;
  /** The end of its log when it is not running, `undefined` while it is. */
  lastWords(): Promise<string | undefined>;
}
