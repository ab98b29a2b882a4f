import { text } from './settings.ts';

/** What scripts and services present. */
export const MACHINE_SETTINGS = {
  apiKeyPrefix: text('API_KEY_PREFIX', {
    form: {
      pattern: /^[a-z][a-z0-9]{0,15}(?:_[a-z0-9]{1,16}){0,3}_$/,
      fault: 'must be lower-case letters and digits with an underscore at the end, such as cf_prod_',
    },
    defaultText: '`cf_prod_` in production, else `cf_dev_`',
    description:
      'What new API keys begin with: lower-case letters and digits, with an underscore at the end. Older keys stay good.',
  }),
} as const;
