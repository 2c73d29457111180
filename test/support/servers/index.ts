export { AdminConnection } from './admin-connection';
export {
  SERVER_KINDS,
  type RunningServer,
  type ServerKind,
  type ServerOptions,
} from './running-server';
export { startServer } from './start-server';
