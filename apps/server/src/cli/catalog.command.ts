import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';

const HELP = `
FILE is JSON: the name of the service, and what PUT /api/v1/catalog/services/{service} takes.

  {"service": "billing",
   "permissions": [{"name": "billing:invoices:read", "description": "Read invoices"}],
   "resources": {"billing:invoices": {"attributes": {"owner_id": "string", "amount": "double"}}}}

It takes the place of all that the service registered before; the same file again changes nothing, so that a deployment can
run it each time. Without --tenant it counts in every tenant. A permission that roles hold cannot be left out.
The service may run meanwhile. Exit status 1 if the file is not taken.`;

/** `gatehouse catalog …` */
export function addCatalog(
  program: Command,
  run: (work: (config: Config, log: Logger) => Promise<void>) => Promise<void>,
  say: (line: string) => void,
): void {
  program
    .command('catalog')
    .description('what services let roles hold and policies speak of')
    .command('register')
    .argument('<file>', 'a document of one service')
    .description('register the permissions and resources of a service')
    .option('--tenant <id>', 'for one tenant alone')
    .addHelpText('after', HELP)
    .action((file: string, options: { tenant?: string }) =>
      run(async (config, log) => {
        const { registerCatalog } = await import('./catalog.ts');
        await registerCatalog(config, log, { ...options, file }, say);
      }),
    );
}
