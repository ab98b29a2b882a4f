export { createConsoleClient } from './console-client.ts';
export {
  type ClientDirectory,
  CONSOLE_CLIENT,
  createClientDirectory,
  type KnownClient,
} from './client-directory.ts';
export { clientsRoutes } from './clients.routes.ts';
