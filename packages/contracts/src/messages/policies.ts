import { Type, type Static } from 'typebox';
import { Id, Message, Nullable, PLAIN_TEXT, Time } from './shapes.ts';

const Word = Type.String({ maxLength: 63, pattern: '^[a-z][a-z0-9_-]*$', examples: ['owners-read'] });
const Resource = Type.String({
  maxLength: 130,
  pattern: '^[a-z][a-z0-9_-]*(:[a-z][a-z0-9_]*)?$',
  description: 'A type of resource: what stands before the last colon of a permission.',
  examples: ['users'],
});
const Attributes = Type.Record(Type.String({ maxLength: 200 }), Type.Unknown(), { maxProperties: 256 });
const SubjectType = Type.String({ enum: ['user', 'service', 'api_key'] });
const Description = Type.String({
  maxLength: 500,
  pattern: PLAIN_TEXT,
  examples: ['Who may read invoices.'],
});

export const PolicyRule = Message(
  {
    id: Word,
    effect: Type.String({ enum: ['allow', 'deny'], description: 'Deny wins.' }),
    description: Type.Optional(Description),
    subjects: Type.Optional(
      Type.Array(SubjectType, {
        minItems: 1,
        maxItems: 3,
        uniqueItems: true,
        description:
          'Whom it is about. Left away: of a deny rule everybody, of an allow rule users and services.',
      }),
    ),
    resource: Resource,
    actions: Type.Array(Type.String({ maxLength: 63, pattern: '^[a-z][a-z0-9_]*$', examples: ['read'] }), {
      minItems: 1,
      maxItems: 50,
      uniqueItems: true,
      description: 'There are no wildcards.',
    }),
    when: Type.Optional(
      Type.String({
        maxLength: 2000,
        description: 'A condition in CEL. Left away, the rule always applies.',
        examples: ['resource.id == subject.id'],
      }),
    ),
  },
  { $id: 'PolicyRule' },
);
export const PolicyTest = Message(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: PLAIN_TEXT,
      examples: ['Ada reads her own record'],
    }),
    request: Message({
      subject: Message({
        type: SubjectType,
        id: Type.String({ maxLength: 200 }),
        roles: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 100 })),
        permissions: Type.Optional(Type.Array(Type.String({ maxLength: 200 }), { maxItems: 1000 })),
        namespace: Type.Optional(Type.String({ maxLength: 200 })),
        properties: Type.Optional(Attributes),
      }),
      action: Message({ name: Type.String({ maxLength: 63 }), properties: Type.Optional(Attributes) }),
      resource: Message({
        type: Type.String({ maxLength: 130 }),
        id: Type.String({ maxLength: 200 }),
        properties: Type.Optional(Attributes),
      }),
      context: Type.Optional(Attributes),
    }),
    expect: Type.String({ enum: ['allow', 'deny'] }),
  },
  { $id: 'PolicyTest' },
);
const EXAMPLE_RULES = [
  {
    id: 'users-read-their-own-data',
    effect: 'allow',
    subjects: ['user'],
    resource: 'users',
    actions: ['read'],
    when: 'resource.id == subject.id',
  },
];
const EXAMPLE_TESTS = [
  {
    name: 'Ada reads her own record',
    request: {
      subject: { type: 'user', id: 'ada' },
      action: { name: 'read' },
      resource: { type: 'users', id: 'ada' },
    },
    expect: 'allow',
  },
];
const Rules = Type.Array(PolicyRule, { maxItems: 500, examples: [EXAMPLE_RULES] });
const Tests = Type.Array(PolicyTest, {
  maxItems: 200,
  description: 'Questions that it must answer so before it goes into force.',
  examples: [EXAMPLE_TESTS],
});
const Revision = Type.Integer({
  minimum: 1,
  maximum: 2_147_483_647,
  description: 'Of the draft that the caller saw: grows with each change.',
  examples: [1],
});
const Version = Type.Integer({ minimum: 1, maximum: 2_147_483_647, examples: [1] });
const Place = Type.String({
  enum: ['in_force', 'shadow'],
  description:
    '`in_force`: it decides. `shadow`: it is asked beside, and what it would have answered otherwise goes to the decision log.',
  examples: ['in_force'],
});

export const PolicyDocument = Message({ rules: Rules, tests: Tests }, { $id: 'PolicyDocument' });
export const CreatePolicy = Message(
  {
    name: Type.String({
      pattern: '^[a-z][a-z0-9_-]{1,62}$',
      description: 'How reasons and logs call it, for good.',
      examples: ['own-data'],
    }),
    description: Type.Optional(Description),
    rules: Rules,
    tests: Tests,
  },
  { $id: 'CreatePolicy' },
);
export type CreatePolicy = Static<typeof CreatePolicy>;
export const UpdatePolicy = Message(
  {
    revision: Revision,
    description: Type.Optional(Description),
    rules: Type.Optional(Rules),
    tests: Type.Optional(Tests),
  },
  { $id: 'UpdatePolicy' },
);
export type UpdatePolicy = Static<typeof UpdatePolicy>;
export const PublishPolicy = Message({ revision: Revision, place: Place }, { $id: 'PublishPolicy' });
export type PublishPolicy = Static<typeof PublishPolicy>;
export const PlacePolicyVersion = Message({ version: Version, place: Place }, { $id: 'PlacePolicyVersion' });
export type PlacePolicyVersion = Static<typeof PlacePolicyVersion>;
export const WithdrawPolicy = Message({ place: Place }, { $id: 'WithdrawPolicy' });
export type WithdrawPolicy = Static<typeof WithdrawPolicy>;

const summary = {
  id: Id,
  tenantId: Id,
  name: Type.String(),
  description: Type.String(),
  revision: Revision,
  inForce: Nullable(Type.Integer({ description: 'The version that decides.' })),
  shadow: Nullable(Type.Integer({ description: 'The version that is asked beside.' })),
  latest: Nullable(Type.Integer({ description: 'The newest version.' })),
  createdAt: Time,
  updatedAt: Time,
};
export const PolicySummary = Message(summary, { $id: 'PolicySummary' });
export type PolicySummary = Static<typeof PolicySummary>;
export const Policy = Message(
  { ...summary, rules: Type.Array(PolicyRule), tests: Type.Array(PolicyTest) },
  { $id: 'Policy', description: 'With the rules and tests of its draft.' },
);
export type Policy = Static<typeof Policy>;

const version = { version: Version, publishedBy: Nullable(Id), createdAt: Time };
export const PolicyVersionSummary = Message(version, { $id: 'PolicyVersionSummary' });
export type PolicyVersionSummary = Static<typeof PolicyVersionSummary>;
export const PolicyVersion = Message(
  { ...version, rules: Type.Array(PolicyRule), tests: Type.Array(PolicyTest) },
  { $id: 'PolicyVersion', description: 'It never changes.' },
);
export type PolicyVersion = Static<typeof PolicyVersion>;

export const PolicyCheck = Message(
  {
    faults: Type.Array(
      Message({
        path: Type.String({
          description: 'Where in the document: a JSON pointer.',
          examples: ['/rules/0/when'],
        }),
        line: Type.Integer({ description: 'In the value at that place; both count from 1.' }),
        column: Type.Integer(),
        message: Type.String(),
      }),
    ),
    results: Type.Array(
      Message({
        name: Type.String(),
        passed: Type.Boolean(),
        expected: Type.String(),
        answered: Type.String(),
        reasons: Type.Array(Type.Record(Type.String(), Type.Unknown())),
      }),
      { description: 'Of its tests; none while it has faults.' },
    ),
  },
  { $id: 'PolicyCheck' },
);
export type PolicyCheck = Static<typeof PolicyCheck>;
