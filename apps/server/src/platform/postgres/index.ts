export { EmbeddedPostgresError, type EmbeddedPostgresFault } from './embedded-postgres.errors.ts';
export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  type PostgresLog,
  startEmbeddedPostgres,
} from './embedded-postgres.ts';
export { loadRunningPostgres } from './running-postgres.ts';
