import { list, required, SettingFault, text } from './settings.ts';

const DIRECTORY = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const provider = <const P extends string>(prefix: P, name: string) => ({
  id: text(`${prefix}_CLIENT_ID`, {
    description: `With ${prefix}_CLIENT_SECRET: everybody may sign in with ${name}. The address to register there is /api/v1/auth/${prefix.toLowerCase()}/callback.`,
  }),
  secret: text(`${prefix}_CLIENT_SECRET`, { secret: true, description: `See ${prefix}_CLIENT_ID.` }),
});
const google = provider('GOOGLE', 'Google');
const github = provider('GITHUB', 'GitHub');
const microsoft = provider('MICROSOFT', 'Microsoft Entra ID');

/** Identity providers that serve the people of every tenant (spec W7, W9). */
export const PROVIDER_SETTINGS = {
  allowedEmailDomains: required(
    list(
      'AUTH_ALLOWED_EMAIL_DOMAINS',
      {
        default: [],
        defaultText: 'all with AUTH_POLICY=standard, none with restricted',
        description:
          'Domains of the addresses with which people enter by an identity provider, separated by commas. Who is of one of them and comes by a provider of the platform becomes a user of the root tenant.',
      },
      (item) => {
        if (/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/.test(item)) return item;
        throw new SettingFault('must be domains in lower case, separated by commas');
      },
    ),
  ),
  googleClientId: google.id,
  googleClientSecret: google.secret,
  githubClientId: github.id,
  githubClientSecret: github.secret,
  microsoftClientId: microsoft.id,
  microsoftClientSecret: microsoft.secret,
  microsoftTenantId: {
    ...text('MICROSOFT_TENANT_ID', {
      defaultText: 'every directory of Entra ID',
      description: 'The one directory (tenant) of Entra ID whose people sign in.',
    }),
    parse(value: string | undefined) {
      if (value === undefined || value === '') return undefined;
      if (!DIRECTORY.test(value)) throw new SettingFault('must be the id of a directory, in lower case');
      return value;
    },
  },
} as const;

/** What must not be said by half. */
export function faultsOfProviders(config: Readonly<Record<string, unknown>>): string[] {
  return (['google', 'github', 'microsoft'] as const).flatMap((kind) => {
    const prefix = kind.toUpperCase();
    const [id, secret] = [config[`${kind}ClientId`], config[`${kind}ClientSecret`]];
    return (id === undefined) === (secret === undefined)
      ? []
      : [`${prefix}_CLIENT_ID and ${prefix}_CLIENT_SECRET belong together: set both or neither.`];
  });
}
