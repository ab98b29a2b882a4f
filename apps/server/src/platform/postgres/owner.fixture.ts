// A stand-in for the Gatehouse process, which tests start and kill: `owner.fixture.ts DATA_DIR [USER_ID]`.
// It prints one line, `{"url","took"}` or `{"code","message"}`, and stops its PostgreSQL in order when its input ends.
import { EmbeddedPostgresError, startEmbeddedPostgres } from './index.ts';

const [dataDir = '', userId] = process.argv.slice(2);
if (userId !== undefined && process.setgroups && process.setgid && process.setuid) {
  process.setgroups([]);
  process.setgid(Number(userId));
  process.setuid(Number(userId));
}
const say = (message: string) => process.stderr.write(`${message}\n`);
try {
  const before = performance.now();
  const postgres = await startEmbeddedPostgres({ dataDir, log: { info: say, warn: say, error: say } });
  const took = performance.now() - before;
  process.stdout.write(`${JSON.stringify({ url: postgres.url, took })}\n`);
  process.stdin.resume().once('end', () => void postgres.stop().then(() => process.exit(0)));
} catch (error) {
  if (!(error instanceof EmbeddedPostgresError)) throw error;
  process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message })}\n`);
  process.exitCode = 1;
}
