// docs/reference/configuration.md: every setting, from the schema that parses them.
import { join } from 'node:path';
import { root } from '../bundled-node.mjs';

export default {
  name: 'configuration',
  output: 'docs/reference/configuration.md',
  async produce() {
    const { SETTINGS } = await import(join(root, 'apps/server/src/config/schema.ts'));
    const cell = (text) => text.replaceAll('|', '\\|');
    const rows = Object.values(SETTINGS).map(
      ({ name, description, defaultText, secret }) =>
        `| \`${name}\`${secret ? ' (secret)' : ''} | ${cell(defaultText) || 'none'} | ${cell(description)} |`,
    );
    return [
      '# Configuration',
      '',
      'Generated from the schema that parses the settings (`npm run generate`). Settings come from the environment and are read once, at',
      'the start. All faults are reported together, by name and never by value; an unknown `GATEHOUSE_*` name is a fault.',
      '',
      'A *secret* can come from a file: put `_FILE` behind its name (`SMTP_URL_FILE=/run/secrets/smtp`). No secret has a default.',
      '',
      '| setting | default | meaning |',
      '|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  },
};
