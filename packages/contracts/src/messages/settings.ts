import { DEFAULT_PASSWORD_RULES } from '../password-rules.ts';
import { Type, type Static, type TSchema } from 'typebox';
import { CURRENCIES } from '../currencies.ts';
import { Id, Message, Nullable, Time } from './shapes.ts';

export const MfaPolicy = Type.String({
  enum: ['off', 'optional', 'mandatory'],
  description:
    'Off: nobody is asked for a second factor at sign-in. Optional: whoever has one is. Mandatory: whoever has none enrols before anything else.',
  examples: ['optional'],
});

const count = (description: string) =>
  Nullable(Type.Integer({ minimum: 0, maximum: 10_000_000, description, examples: [50] }));
const minutes = (description: string) =>
  Nullable(Type.Integer({ minimum: 5, maximum: 525_600, description, examples: [480] }));
const flag = (description: string) => Type.Boolean({ description, examples: [true] });

/** How people of the tenant write numbers and times. */
const region = {
  locale: Type.String({
    maxLength: 35,
    format: 'bcp47',
    description: 'A language tag (BCP 47) in its canonical spelling.',
    examples: ['en-GB'],
  }),
  timeZone: Type.String({
    maxLength: 64,
    format: 'iana-time-zone',
    description: 'A zone of the IANA time zone database.',
    examples: ['Europe/Berlin'],
  }),
  currency: Type.String({
    enum: [...CURRENCIES],
    description: 'A currency (ISO 4217).',
    examples: ['EUR'],
  }),
  dateFormat: Type.String({
    enum: ['YYYY-MM-DD', 'DD.MM.YYYY', 'DD/MM/YYYY', 'MM/DD/YYYY'],
    description: 'How dates are written.',
    examples: ['YYYY-MM-DD'],
  }),
};
const sections = {
  branding: {
    primaryColor: Nullable(
      Type.String({
        pattern: '^#[0-9a-f]{6}$',
        description: 'Red, green and blue in hexadecimal, in lower case.',
        examples: ['#1b6b5f'],
      }),
    ),
    companyUrl: Nullable(
      Type.String({
        maxLength: 300,
        // SECURITY: no other scheme than https (threat 68), no user part, and a host that cannot be mistaken for another.
        pattern: String.raw`^https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?$`,
        description: 'Where the company is at home; https, with the host in lower case.',
        examples: ['https://www.example.com/'],
      }),
    ),
  },
  password: {
    minLength: Type.Integer({
      minimum: 8,
      maximum: 64,
      description: 'Characters that a new password has at least.',
      examples: [12],
    }),
    symbol: flag('A new password has a character that is neither a letter nor a digit.'),
  },
  session: {
    idleMinutes: minutes(
      'A session that is not used for so long ends; null: as long as the deployment says.',
    ),
    maxMinutes: minutes('So long a session lasts at most; null: as long as the deployment says.'),
  },
  signIn: {
    policy: Type.String({
      enum: ['standard', 'restricted'],
      description: '`restricted`: people of the tenant sign in by an identity provider, and by nothing else.',
      examples: ['standard'],
    }),
    mailLink: flag('People of the tenant sign in by a link that is mailed to them, if they like.'),
    mailCode: flag('The same by a code.'),
    networks: Type.Array(
      Type.String({ maxLength: 50, pattern: '^[0-9a-fA-F.:/]+$', examples: ['203.0.113.0/24'] }),
      {
        maxItems: 50,
        uniqueItems: true,
        description: 'Addresses and CIDR ranges from which people sign in and renew; empty: from everywhere.',
        examples: [[]],
      },
    ),
    emailDomains: Type.Array(
      Type.String({
        maxLength: 253,
        pattern: String.raw`^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$`,
        examples: ['example.com'],
      }),
      {
        maxItems: 50,
        uniqueItems: true,
        description: 'Domains of the addresses that may be added and sign in; empty: all.',
        examples: [[]],
      },
    ),
  },
  mfa: {
    policy: MfaPolicy,
    rememberDays: Type.Integer({
      minimum: 0,
      maximum: 365,
      description: 'So many days a browser can be remembered, and is asked for no second factor; 0: never.',
      examples: [0],
    }),
  },
  invitations: {
    expireDays: Type.Integer({
      minimum: 1,
      maximum: 90,
      description: 'So many days the mailed link of an invitation is good.',
      examples: [7],
    }),
  },
  limits: {
    users: count('Members that the tenant has at most; null: as many as it likes.'),
    cloudInstances: count('For the service that provisions them; null: as many as it likes.'),
  },
  features: {
    billing: flag('The finance permissions of the catalog count in this tenant.'),
    support: flag('The support permissions of the catalog count in this tenant.'),
    provisioning: flag('The permissions on cloud instances count in this tenant.'),
  },
  rate: {
    tier: Nullable(
      Type.String({
        enum: ['free', 'standard', 'enterprise'],
        description:
          'Requests a minute of all signed-in callers of the tenant; null: as the deployment says.',
        examples: ['standard'],
      }),
    ),
    perMinute: Nullable(
      Type.Integer({
        minimum: 1,
        maximum: 10_000_000,
        description: 'A number of its own, in place of the tier’s.',
        examples: [6000],
      }),
    ),
  },
};

/** What the platform grants a tenant, and no tenant itself. */
export const TERMS = ['limits', 'features', 'rate'] as const;

export const TenantSettings = Message(
  {
    ...region,
    branding: Message(sections.branding),
    password: Message(sections.password),
    session: Message(sections.session),
    signIn: Message(sections.signIn),
    mfa: Message(sections.mfa),
    invitations: Message(sections.invitations),
    limits: Message(sections.limits),
    features: Message(sections.features),
    rate: Message(sections.rate),
  },
  { $id: 'TenantSettings' },
);
export type TenantSettings = Static<typeof TenantSettings>;

/** What holds where nothing was set. */
export const DEFAULT_SETTINGS: TenantSettings = {
  locale: 'en',
  timeZone: 'UTC',
  currency: 'EUR',
  dateFormat: 'YYYY-MM-DD',
  branding: { primaryColor: null, companyUrl: null },
  password: DEFAULT_PASSWORD_RULES,
  session: { idleMinutes: null, maxMinutes: null },
  signIn: { policy: 'standard', mailLink: false, mailCode: false, networks: [], emailDomains: [] },
  mfa: { policy: 'optional', rememberDays: 0 },
  invitations: { expireDays: 7 },
  limits: { users: null, cloudInstances: null },
  features: { billing: true, support: true, provisioning: true },
  rate: { tier: null, perMinute: null },
};

/** Some of the settings, and of their sections some members: what is not named stays. */
export type SettingsChange = {
  [S in keyof TenantSettings]?: TenantSettings[S] extends string
    ? TenantSettings[S]
    : Partial<TenantSettings[S]>;
};

/** Settings as they are kept, or a change to them, over others. */
export function withSettings(base: TenantSettings, over: SettingsChange): TenantSettings {
  return Object.fromEntries(
    Object.entries(base).map(([name, value]) => {
      const given = over[name as keyof TenantSettings];
      if (given === undefined) return [name, value];
      return [name, typeof value === 'string' ? given : { ...value, ...(given as object) }];
    }),
  ) as TenantSettings;
}

const some = <const P extends Record<string, TSchema>>(fields: P) =>
  Type.Object(
    Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name, Type.Optional(schema)])),
    { additionalProperties: false },
  );

export const Logo = Message(
  {
    url: Type.String({
      description: 'A path of this server.',
      examples: ['/api/v1/branding/logos/0f3a.png'],
    }),
    width: Type.Integer({ examples: [320] }),
    height: Type.Integer({ examples: [96] }),
  },
  { $id: 'Logo' },
);
export type Logo = Static<typeof Logo>;

export const Version = Type.Integer({
  minimum: 1,
  maximum: 2_147_483_647,
  description: 'Moves on with each change; a change names the version that it was made to.',
  examples: [3],
});
export const TenantSettingsAnswer = Message(
  {
    tenantId: Id,
    version: Version,
    updatedAt: Time,
    settings: TenantSettings,
    logo: Nullable(Logo),
    usage: Message({
      users: Type.Integer({ description: 'Members, invited and suspended ones too.', examples: [12] }),
    }),
  },
  { $id: 'TenantSettingsAnswer' },
);
export type TenantSettingsAnswer = Static<typeof TenantSettingsAnswer>;

export const ChangeTenantSettings = Message(
  {
    version: Version,
    settings: Type.Unsafe<SettingsChange>(
      Type.Object(
        {
          ...some(region).properties,
          ...Object.fromEntries(
            Object.entries(sections).map(([name, fields]) => [name, Type.Optional(some(fields))]),
          ),
        },
        { additionalProperties: false, examples: [{ timeZone: 'Europe/Berlin', currency: 'EUR' }] },
      ),
    ),
  },
  { $id: 'ChangeTenantSettings' },
);
export type ChangeTenantSettings = Static<typeof ChangeTenantSettings>;
