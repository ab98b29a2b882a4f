import { text } from './settings.ts';

/** What scripts and services present. */
export const MACHINE_SETTINGS = {
  internalToken: text('INTERNAL_TOKEN', {
    secret: true,
    description:
      'Compatibility: a secret of 32 characters or more that another control plane sends as `X-Internal-Token`, and that counts for INTERNAL_TOKEN_SERVICE. Service tokens are better.',
  }),
  internalTokenPrevious: text('INTERNAL_TOKEN_PREVIOUS', {
    secret: true,
    description: 'The value before, which is good as well, while both sides change theirs.',
  }),
  internalTokenService: text('INTERNAL_TOKEN_SERVICE', {
    defaultText: 'none: `X-Internal-Token` is refused',
    description: 'The `clientId` of the service whose roles the internal token has.',
  }),
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
